/** Two connections with one peer (RFC 4271 §6.8), against a peer that says exactly what the test wants. */
import t from 'tap'
import { address, lab, peerConfig, until } from './fixture.ts'
import { keepalive, notification, openMessage, RawListener } from './raw-peer.ts'

t.test('§6.8 without graceful restart an established session survives a second connection', async (t) => {
  const { dial, peer } = await lab(t)
  const old = await dial()
  await old.establish()
  const second = await dial()
  second.send(openMessage())
  t.match(await second.next(), { type: 'open' })
  t.strictSame(await second.next(), notification(6, 7))
  t.strictSame(await second.next(), { type: 'closed' })
  t.strictSame([peer().state, peer().flaps], ['Established', 0])
})

for (const [routerId, kept] of [
  [0x0a00_0002, 'the peer’s connection is kept: its identifier is higher'],
  [0x0900_0002, 'our connection is kept: our identifier is higher'],
] as const) {
  for (const first of ['ours', 'theirs'] as const) {
    t.test(`§6.8 collision, OPEN on ${first} first: ${kept}`, async (t) => {
      const { peer, dial, port, speaker } = await lab(t)
      const listener = await RawListener.listen('127.0.0.2', port)
      t.teardown(() => listener.close())
      speaker.setPeers([peerConfig({ address: address('127.0.0.2'), port })])
      const ours = await listener.accept()
      t.teardown(() => ours.socket.destroy())
      t.match(await ours.next(), { type: 'open' })
      const theirs = await dial()
      t.match(await theirs.next(), { type: 'open' })
      const [one, other] = first === 'ours' ? [ours, theirs] : [theirs, ours]
      const [winner, loser] = routerId === 0x0a00_0002 ? [theirs, ours] : [ours, theirs]
      one.send(openMessage({ routerId }))
      if (one === winner) t.strictSame(await loser.next(), notification(6, 7))
      else t.strictSame(await one.next(), notification(6, 7))
      if (other === winner) other.send(openMessage({ routerId }))
      winner.send(keepalive)
      await until(() => peer().state === 'Established')
      t.strictSame(await loser.next(), { type: 'closed' })
      t.match(await winner.next(), { type: 'update' })
      t.equal(peer().flaps, 0)
    })
  }
}

t.test('connections that say nothing do not keep the peer out', async (t) => {
  const { peer, dial } = await lab(t)
  const silent = [await dial(), await dial(), await dial()]
  for (const raw of silent) t.match(await raw.next(), { type: 'open' })
  const real = await dial()
  await real.establish()
  await until(() => peer().state === 'Established')
  const ends = await Promise.all(silent.map((raw) => raw.next()))
  t.strictSame(ends, [notification(6, 7), notification(6, 7), notification(6, 7)])
  t.equal(peer().flaps, 0)
})
