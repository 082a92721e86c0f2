/** Bad input #26: two connections at once. */
import t, { type Test } from 'tap'
import { until } from './fixture.ts'
import { before, InputLab, ipv6Unicast, notified } from './inputs-lab.ts'
import { ipv4Unicast, keepalive, openMessage, RawListener, type RawPeer } from './raw-peer.ts'

const capabilities = [ipv4Unicast, ipv6Unicast, { type: 'four-octet-as', asNumber: 65002 }] as const

/** The speaker has dialled the peer, and the peer the speaker; both have said OPEN. */
async function colliding(t: Test) {
  const lab = await InputLab.create(t)
  const listener = await RawListener.listen('127.0.0.2', lab.port)
  t.teardown(() => listener.close())
  lab.reconfigure({ passive: false })
  const ours = await listener.accept()
  t.teardown(() => ours.socket.destroy())
  const theirs = await lab.dial()
  for (const raw of [ours, theirs]) t.match(await raw.next(), { type: 'open' })
  return { lab, ours, theirs }
}

async function answers(raw: RawPeer): Promise<readonly string[]> {
  const heard = [await raw.nextOctets()]
  while (heard.at(-1) !== 'closed') heard.push(await raw.nextOctets())
  return heard
}

const ids = [
  ['the identifier of the peer is higher: its connection stays (RFC 4271 §6.8)', 0x0a00_0002, 'theirs'],
  ['our identifier is higher: our connection stays', 0x0900_0002, 'ours'],
  ['equal identifiers: that of the higher AS stays (RFC 6286 §2.3)', 0x0a00_0001, 'theirs'],
] as const
for (const [title, routerId, winner] of ids)
  for (const first of ['ours', 'theirs'] as const)
    t.test(`#26 ${title}, NOTIFICATION 6/7 on the other; OPEN on ${first} first`, async (t) => {
      const { lab, ours, theirs } = await colliding(t)
      const [kept, gone] = winner === 'ours' ? [ours, theirs] : [theirs, ours]
      const open = openMessage({ routerId, capabilities })
      if (first === winner) kept.send(open)
      else gone.send(open)
      t.strictSame(await answers(gone), notified(6, 7))
      if (first !== winner) kept.send(open)
      kept.send(keepalive)
      await until(() => lab.watched.peer('bad').state === 'Established')
      for (let message = 0; message < 3; message++) await kept.next()
      t.equal((await lab.told(kept, before())).length, 1)
      t.equal(lab.watched.peer('bad').flaps, 0)
      lab.untouched()
    })

t.test('#26 a second connection beside an established session: NOTIFICATION 6/7 on it, the session survives', async (t) => {
  const lab = await InputLab.create(t)
  const session = await lab.establish()
  const second = async () => {
    const raw = await lab.dial()
    await raw.next()
    return lab.answers(raw, openMessage({ capabilities }))
  }
  t.strictSame(await second(), notified(6, 7))
  t.equal((await lab.told(session, before())).length, 1)
  await lab.bounded(40, async () => {
    for (let round = 0; round < 40; round++) await second()
  })
  t.strictSame([lab.watched.peer('bad').state, lab.watched.peer('bad').flaps], ['Established', 0])
  lab.untouched()
})
