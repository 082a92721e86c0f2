/** Two machines against each other over a wire that loses, delays and reorders. */
import fc from 'fast-check'
import t from 'tap'
import type { SessionTerms } from './bfd-session.ts'
import { terms } from './fixture.ts'
import { type End, type Sent, TwoEnds } from './two-ends.fixture.ts'

const intervalUs = fc.constantFrom(10_000, 50_000, 300_000, 1_000_000, 3_000_000)
const anyTerms: fc.Arbitrary<SessionTerms> = fc.record({
  minTxUs: intervalUs,
  minRxUs: intervalUs,
  detectMult: fc.integer({ min: 1, max: 5 }),
})
const eitherEnd = fc.constantFrom<End>(0, 1)
const seeds = fc.integer({ min: 1, max: 0xffff_ffff })
/** Up to three changes of terms, each after so many milliseconds. */
const changes = fc.array(fc.tuple(fc.nat(3000), eitherEnd, anyTerms), { maxLength: 3 })

t.test('§6.2: Down, Init and Up: both come Up and agree on a speed', async (t) => {
  const ends = new TwoEnds([terms, { ...terms, minTxUs: 500_000 }], randomOf(1), 1)
  ends.run(3000)
  t.strictSame(
    ends.sent.slice(0, 7).map(({ end, packet }) => `${end} ${packet.state}${packet.poll ? ' P' : ''}${packet.final ? ' F' : ''}`),
    ['0 Down', '1 Down', '0 Init', '1 Init', '1 Up P', '0 Up F', '0 Up P'],
  )
  t.same(
    ends.sessions.map(({ state, desiredMinTxUs, poll }) => [state, desiredMinTxUs, poll]),
    [
      ['Up', 300_000, 'idle'],
      ['Up', 500_000, 'idle'],
    ],
  )
})

t.test('on a wire without loss both come Up, take any terms while Up and never leave it', async () => {
  fc.assert(
    fc.property(anyTerms, anyTerms, changes, seeds, (a, b, later, seed) => {
      const ends = new TwoEnds([a, b], randomOf(seed), 0)
      ends.run(20_000)
      for (const [afterMs, end, terms] of later) {
        ends.run(afterMs)
        ends.configure(end, terms)
      }
      ends.run(30_000)
      const downs = ends.moves.filter(({ before }) => before.state === 'Up')
      return downs.length === 0 && ends.sessions.every(agreed)
    }),
  )
})

t.test('§6.8.4: an end that hears nothing any more is not Up a Detection Time later', async () => {
  fc.assert(
    fc.property(anyTerms, anyTerms, fc.nat(5000), eitherEnd, fc.boolean(), seeds, (a, b, afterMs, end, bothWays, seed) => {
      const ends = new TwoEnds([a, b], randomOf(seed), 0)
      ends.run(20_000 + afterMs)
      const wasUp = ends.sessions[end].state === 'Up'
      ends.loss = bothWays ? [1, 1] : end === 0 ? [1, 0] : [0, 1]
      const [ours, theirs] = end === 0 ? [a, b] : [b, a]
      ends.run((theirs.detectMult * Math.max(ours.minRxUs, theirs.minTxUs)) / 1000)
      return wasUp && ends.sessions[end].state !== 'Up' && ends.sessions[end].diagnostic === 1
    }),
  )
})

t.test('§6.8.7: no packet comes faster than the peer asked, but for an answer to P and for news', async () => {
  fc.assert(
    fc.property(anyTerms, anyTerms, changes, fc.double({ min: 0, max: 0.6, noNaN: true }), seeds, (a, b, later, loss, seed) => {
      const ends = new TwoEnds([a, b], randomOf(seed), 20)
      ends.loss = [loss, loss]
      for (const [afterMs, end, terms] of later) {
        ends.run(afterMs)
        ends.configure(end, terms)
      }
      ends.run(10_000)
      return ([0, 1] as const).every((end) => paced(ends.sent.filter((sent) => sent.end === end)))
    }),
  )
})

t.test('after any loss and any changes, a wire that carries everything again brings both Up with the terms that hold', async () => {
  fc.assert(
    fc.property(anyTerms, anyTerms, changes, fc.double({ min: 0, max: 1, noNaN: true }), seeds, (a, b, later, loss, seed) => {
      const ends = new TwoEnds([a, b], randomOf(seed), 50)
      ends.loss = [loss, loss / 2]
      ends.run(10_000)
      for (const [afterMs, end, terms] of later) {
        ends.configure(end, terms)
        ends.run(afterMs)
      }
      ends.loss = [0, 0]
      ends.delayMs = 0
      ends.run(60_000)
      return ends.sessions.every(agreed)
    }),
  )
})

/** Up with what is configured, all of it in force. */
function agreed({ state, terms, desiredMinTxUs, requiredMinRxUs, txInForceUs, rxInForceUs, poll }: TwoEnds['sessions'][0]): boolean {
  const announced = desiredMinTxUs === terms.minTxUs && requiredMinRxUs === terms.minRxUs
  return state === 'Up' && announced && txInForceUs === desiredMinTxUs && rxInForceUs === requiredMinRxUs && poll === 'idle'
}

/** Each packet that is neither an answer nor different from the one before leaves three quarters of what the peer asked for after it. */
function paced(packets: readonly Sent[]): boolean {
  return packets.every(({ packet, atMs, before }, i) => {
    const last = packets[i - 1]
    if (last === undefined || packet.final || contents(packet) !== contents(last.packet)) return true
    if (packet.poll && !last.packet.poll) return true
    const asked = 0.75 * Math.max(before.remote.requiredMinRxUs, before.txInForceUs)
    return (atMs - last.atMs) * 1000 >= asked - 1
  })
}

function contents({ poll: _p, final: _f, yourDiscriminator: _y, ...packet }: Sent['packet']): string {
  return JSON.stringify(packet)
}

/** xorshift32: the same draws for the same seed. */
function randomOf(seed: number): () => number {
  let x = seed
  return () => {
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    return (x >>> 0) / 0x1_0000_0000
  }
}
