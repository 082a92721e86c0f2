/** RFC 5880 §6.8, sentence by sentence. */
import t from 'tap'
import { type BfdSession, detectDueMs, dueMs, newSession, transmitDueMs, unheard } from './bfd-session.ts'
import type { BfdState, ControlPacket } from './control-packet.ts'
import { at, down, heard, packet, terms, up } from './fixture.ts'
import { closedByPeer, configure, disable, elapse, receive, type Transition } from './transition.ts'

/** What matters of a transition: the state, and of each packet its state, diagnostic and bits. */
function gist([session, ...packets]: Transition): readonly string[] {
  return [`${session.state} ${session.diagnostic}`, ...packets.map(line)]
}

function line({ state, diagnostic, poll, final, desiredMinTxUs, requiredMinRxUs }: ControlPacket): string {
  return `${state} ${diagnostic}${poll ? ' P' : ''}${final ? ' F' : ''} tx ${desiredMinTxUs / 1000} rx ${requiredMinRxUs / 1000}`
}

const sessions: Readonly<Record<BfdState, BfdSession>> = {
  AdminDown: down({ state: 'AdminDown', diagnostic: 7 }),
  Down: down(),
  Init: down({ state: 'Init', remote: heard({ state: 'Down', desiredMinTxUs: 1_000_000 }) }),
  Up: up(),
}
const handshake: [ours: BfdState, theirs: BfdState, expected: readonly string[]][] = [
  ['AdminDown', 'AdminDown', ['AdminDown 7']],
  ['AdminDown', 'Down', ['AdminDown 7']],
  ['AdminDown', 'Init', ['AdminDown 7']],
  ['AdminDown', 'Up', ['AdminDown 7']],
  ['Down', 'AdminDown', ['Down 0']],
  ['Down', 'Down', ['Init 0', 'Init 0 tx 1000 rx 300']],
  ['Down', 'Init', ['Up 0', 'Up 0 P tx 300 rx 300']],
  ['Down', 'Up', ['Down 0']],
  ['Init', 'AdminDown', ['Down 3', 'Down 3 tx 1000 rx 300']],
  ['Init', 'Down', ['Init 0']],
  ['Init', 'Init', ['Up 0', 'Up 0 P tx 300 rx 300']],
  ['Init', 'Up', ['Up 0', 'Up 0 P tx 300 rx 300']],
  ['Up', 'AdminDown', ['Down 3', 'Down 3 P tx 1000 rx 300']],
  ['Up', 'Down', ['Down 3', 'Down 3 P tx 1000 rx 300']],
  ['Up', 'Init', ['Up 0']],
  ['Up', 'Up', ['Up 0']],
]
for (const [ours, theirs, expected] of handshake) {
  t.test(`§6.8.6: ${theirs} is received in ${ours}`, async (t) => {
    t.strictSame(gist(receive(sessions[ours], packet({ state: theirs }), at(100))), expected)
  })
}

t.test('§6.8.6: what the peer says of itself is kept', async (t) => {
  const said = { state: 'Down', diagnostic: 1, demand: true, detectMult: 5, desiredMinTxUs: 7, requiredMinRxUs: 8 } as const
  const [{ remote }] = receive(down(), packet({ ...said, myDiscriminator: 77, controlPlaneIndependent: true }), at(250))
  t.strictSame(remote, { ...said, discriminator: 77, controlPlaneIndependent: true, heardAtMs: 250 })
})

t.test('§6.8.7: the whole packet; Your Discriminator is what the peer calls itself, C, D and echo are clear', async (t) => {
  const [, sent] = receive(down(), packet({ state: 'Init', myDiscriminator: 77 }), at(0))
  t.strictSame(sent, packet({ poll: true, myDiscriminator: 1, yourDiscriminator: 77 }))
})

t.test('§6.8.6: P is answered at once, in any state but AdminDown', async (t) => {
  const polled = (session: BfdSession, state: BfdState) => gist(receive(session, packet({ state, poll: true }), at(1))).slice(1)
  t.strictSame(polled(sessions.Up, 'Up'), ['Up 0 F tx 300 rx 300'])
  t.strictSame(polled(sessions.Down, 'Up'), ['Down 0 F tx 1000 rx 300'])
  t.strictSame(polled(sessions.Down, 'Down'), ['Init 0 F tx 1000 rx 300'], 'the answer carries the news')
  t.strictSame(polled(sessions.Down, 'Init'), ['Up 0 F tx 300 rx 300', 'Up 0 P tx 300 rx 300'], '§6.5: P and F are never together')
  t.strictSame(polled(sessions.AdminDown, 'Up'), [])
})

t.test("§6.8.4: a Detection Time is the peer's multiplier times the slower of its sending and our receiving", async (t) => {
  t.equal(detectDueMs(up()), 900)
  t.equal(detectDueMs(up({ remote: heard({ detectMult: 5 }) })), 1500)
  t.equal(detectDueMs(up({ remote: heard({ desiredMinTxUs: 1_000_000 }) })), 3000)
  t.equal(detectDueMs(up({ rxInForceUs: 2_000_000 })), 6000)
  t.equal(detectDueMs(down()), Number.POSITIVE_INFINITY, 'of a peer that is unheard')
})

t.test('§6.8.4: when it passes, Up goes Down with diagnostic 1 and the peer is unheard; a moment before it does not', async (t) => {
  t.strictSame(gist(elapse(up({ sentAtMs: 800 }), at(899))), ['Up 0'])
  const [session, ...packets] = elapse(up({ sentAtMs: 800 }), at(900))
  t.strictSame(gist([session, ...packets]), ['Down 1', 'Down 1 tx 1000 rx 300'])
  t.strictSame(session.remote, { ...unheard, requiredMinRxUs: 300_000 }, 'but for the pace it asked for')
  t.equal(packets[0]?.yourDiscriminator, 0)
})

t.test('§6.8.1: in Down too the peer is forgotten after it; the session stays as it is', async (t) => {
  const [session] = elapse(down({ diagnostic: 3, remote: heard({ state: 'AdminDown' }) }), at(900))
  t.strictSame([session.state, session.diagnostic, session.remote.discriminator], ['Down', 3, 0])
})

t.test('a peer that wanted no packets and is gone is looked for again', async (t) => {
  const [session] = elapse(up({ remote: heard({ requiredMinRxUs: 0 }) }), at(900))
  t.equal(transmitDueMs(session), 1900)
})

t.test('§6.8.4: a packet that comes within it begins a new one', async (t) => {
  const [session] = receive(up(), packet(), at(899))
  t.equal(detectDueMs(session), 1799)
})

const due: [title: string, session: BfdSession, expected: number][] = [
  ['§6.8.3: a session in Down sends every second at most', down(), 1000],
  ['§6.8.3: in Down a slower wish is kept', newSession({ ...terms, minTxUs: 5_000_000 }, 1), Number.NEGATIVE_INFINITY],
  ["§6.8.7: the slower of our wish and the peer's decides", up({ remote: heard({ requiredMinRxUs: 2_000_000 }) }), 2000],
  ['§6.8.7: our wish, where it is slower', up({ remote: heard({ requiredMinRxUs: 1 }) }), 300],
  ['§6.8.7: none periodically while the peer requires 0', up({ remote: heard({ requiredMinRxUs: 0 }) }), Number.POSITIVE_INFINITY],
  ['§6.6: none periodically while the peer is in demand mode', up({ remote: heard({ demand: true }) }), Number.POSITIVE_INFINITY],
  ['§6.6: but in a poll sequence', up({ remote: heard({ demand: true }), poll: 'sent' }), 300],
  ['§6.6: demand mode is not active before both are Up', up({ remote: heard({ demand: true, state: 'Init' }) }), 300],
]
for (const [title, session, expected] of due) t.test(title, async (t) => t.equal(transmitDueMs(session), expected))

t.test('§6.8.7: the first packet is due at once', async (t) => {
  const [session, ...packets] = elapse(newSession(terms, 1), at(5000))
  t.strictSame(gist([session, ...packets]), ['Down 0', 'Down 0 tx 1000 rx 300'])
  t.equal(dueMs(session), 6000)
})

t.test('§6.8.7: each interval is cut by 0 to 25 %; with a multiplier of 1 by 10 to 25 %', async (t) => {
  const next = (session: BfdSession, random: number) => transmitDueMs(elapse(session, { nowMs: 300, random })[0]) - 300
  const single = up({ terms: { ...terms, detectMult: 1 } })
  t.same([next(up(), 0), next(up(), 0.5), next(up(), 0.999_999)].map(Math.round), [300, 263, 225])
  t.same([next(single, 0), next(single, 0.5), next(single, 0.999_999)].map(Math.round), [270, 248, 225])
})

t.test('§6.8.3: where the peer takes more than before, the next packet does not wait longer than that', async (t) => {
  const slow = up({ sentAtMs: 0, remote: heard({ requiredMinRxUs: 10_000_000 }) })
  const [session] = receive(slow, packet({ requiredMinRxUs: 100_000 }), at(1000))
  t.ok(dueMs(session) <= 1000)
})

t.test('§6.5: a poll sequence lasts until F, and goes on in every periodic packet', async (t) => {
  const polling = up({ poll: 'sent' })
  t.strictSame(gist(elapse(polling, at(300))).slice(1), ['Up 0 P tx 300 rx 300'])
  const [over] = receive(polling, packet({ final: true }), at(301))
  t.strictSame(gist(elapse(over, at(600))).slice(1), ['Up 0 tx 300 rx 300'])
})

t.test('§6.8.3: sending more slowly counts from the end of the poll sequence', async (t) => {
  const [session, ...packets] = configure(up(), { ...terms, minTxUs: 900_000 }, at(10))
  t.strictSame(gist([session, ...packets]), ['Up 0', 'Up 0 P tx 900 rx 300'])
  t.equal(transmitDueMs(session), 310)
  const [after] = receive(session, packet({ final: true }), at(20))
  t.equal(transmitDueMs(after), 910)
})

t.test('§6.8.3: a shorter Detection Time counts from the end of the poll sequence', async (t) => {
  const [session, ...packets] = configure(up({ remote: heard({ desiredMinTxUs: 50_000 }) }), { ...terms, minRxUs: 100_000 }, at(10))
  t.strictSame(gist([session, ...packets]), ['Up 0', 'Up 0 P tx 300 rx 100'])
  t.equal(detectDueMs(session), 900)
  const [after] = receive(session, packet({ desiredMinTxUs: 50_000, final: true }), at(20))
  t.equal(detectDueMs(after), 320)
})

t.test('§6.8.3: sending faster and a longer Detection Time count at once', async (t) => {
  const [session] = configure(
    up({ remote: heard({ requiredMinRxUs: 50_000 }) }),
    { minTxUs: 100_000, minRxUs: 600_000, detectMult: 3 },
    at(10),
  )
  t.equal(transmitDueMs(session), 110)
  t.equal(detectDueMs(session), 1800)
})

t.test('§6.8.3: a change during a poll sequence waits for its end and for a packet without F', async (t) => {
  const [first] = configure(up(), { ...terms, minTxUs: 400_000 }, at(10))
  const [second, ...none] = configure(first, { ...terms, minTxUs: 500_000 }, at(20))
  t.strictSame(none, [])
  const [ended, ...still] = receive(second, packet({ final: true }), at(30))
  t.strictSame(still, [])
  t.strictSame(gist(receive(ended, packet(), at(40))), ['Up 0', 'Up 0 P tx 500 rx 300'])
})

t.test('§6.8.3: outside Up all counts at once, and a peer that is unheard is not polled', async (t) => {
  const [session, ...packets] = configure(down(), { minTxUs: 3_000_000, minRxUs: 50_000, detectMult: 3 }, at(10))
  t.strictSame(gist([session, ...packets]), ['Down 0', 'Down 0 tx 3000 rx 50'])
  t.equal(transmitDueMs(session), 3010)
})

t.test('§6.8.3: a change that was waiting counts when the session leaves Up', async (t) => {
  const [slower] = configure(up(), { ...terms, minTxUs: 2_000_000 }, at(10))
  const [session] = receive(slower, packet({ state: 'Down' }), at(20))
  t.equal(transmitDueMs(session), 2020)
})

t.test('a new multiplier needs no poll sequence: the next packet tells it, at once', async (t) => {
  const [session, ...packets] = configure(up(), { ...terms, detectMult: 5 }, at(10))
  t.strictSame([session.poll, packets.map((sent) => [sent.detectMult, sent.poll])], ['idle', [[5, false]]])
})

t.test('the same terms again are no news', async (t) => t.strictSame(configure(up(), { ...terms }, at(10)), [up()]))

t.test('§6.8.16: AdminDown is told at once with diagnostic 7, and again slowly', async (t) => {
  const [session, ...packets] = disable(up(), at(10))
  t.strictSame(gist([session, ...packets]), ['AdminDown 7', 'AdminDown 7 P tx 1000 rx 300'])
  t.equal(transmitDueMs(session), 1010)
})

t.test('RFC 5882 §3.2: AdminDown of the peer is told apart from a failure', async (t) => {
  t.equal(closedByPeer(receive(up(), packet({ state: 'AdminDown' }), at(1))[0]), true)
  t.equal(closedByPeer(receive(up(), packet({ state: 'Down' }), at(1))[0]), false)
  t.equal(closedByPeer(elapse(up(), at(900))[0]), false)
})
