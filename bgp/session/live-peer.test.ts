/** Settings of one peer that change under its session, over real TCP. */
import t from 'tap'
import { asn } from '../../src/net/asn.ts'
import type { PeerConfig } from '../peer.ts'
import { address, lab, peerConfig, speakerFor, until } from './fixture.ts'
import { ipv4Unicast, notification, RawListener, update } from './raw-peer.ts'

t.setTimeout(300_000)

const base = (port: number, changes: Partial<PeerConfig> = {}) =>
  peerConfig({ address: address('127.0.0.2'), port, passive: true, ...changes })

/** 0x18 octets: the length, then "for the night, back at 6" */
const words = '18666f7220746865206e696768742c206261636b2061742036'

t.test('RFC 9003 §2 a peer that is shut down hears the words, is down with them in its status, and comes back', async (t) => {
  const { speaker, peer, port, dial } = await lab(t)
  const raw = await dial()
  await raw.establish()
  t.match(await raw.next(), { type: 'update' })
  speaker.setPeers([base(port, { shutdown: 'for the night, back at 6' })])
  t.strictSame(await raw.next(), notification(6, 2, words))
  t.match(peer(), { state: 'Idle', shutdown: 'for the night, back at 6' })
  t.strictSame(await (await dial()).next(), { type: 'closed' })
  t.strictSame(speaker.problems(), [], 'what was asked for is no problem')
  speaker.setPeers([base(port)])
  await (await dial()).establish()
  await until(() => peer().state === 'Established')
})

t.test('RFC 9003 §2 a shutdown without words has no data', async (t) => {
  const { speaker, port, dial } = await lab(t)
  const raw = await dial()
  await raw.establish()
  t.match(await raw.next(), { type: 'update' })
  speaker.setPeers([base(port, { shutdown: '' })])
  t.strictSame(await raw.next(), notification(6, 2))
})

t.test('passive is live: a peer that may be dialled is dialled at once, one that may not is only waited for', async (t) => {
  const { speaker, peer, port } = await lab(t)
  const listener = await RawListener.listen('127.0.0.2', port)
  t.teardown(() => listener.close())
  t.equal(peer().state, 'Active')
  speaker.setPeers([base(port, { passive: false })])
  const raw = await listener.accept()
  await raw.establish()
  await until(() => peer().state === 'Established')
  speaker.setPeers([base(port, { passive: true })])
  t.match(peer(), { state: 'Established', flaps: 0 })
  raw.reset()
  await until(() => peer().state === 'Active')
})

t.test('RFC 4486 §4 over the limit: Cease/1, and kept out for the time that is set; another limit lets it in at once', async (t) => {
  const { speaker, peer, port, dial } = await lab(t, { peer: { maxPrefixes: 1 } })
  const raw = await dial()
  await raw.establish()
  t.match(await raw.next(), { type: 'update' })
  raw.send(update)
  t.strictSame(await raw.next(), notification(6, 1, '00010100000001'))
  await until(() => peer().state === 'Idle')
  t.strictSame(await (await dial()).next(), { type: 'closed' }, 'kept out')
  speaker.setPeers([base(port, { maxPrefixes: 2 })])
  const again = await dial()
  await again.establish()
  again.send(update)
  await until(() => peer().families['ipv4-unicast']?.received === 2)
  speaker.setPeers([base(port, { maxPrefixes: 1, maxPrefixesRestartSec: 0.05 })])
  t.match(await again.next(), { type: 'update' })
  t.strictSame(await again.next(), notification(6, 1, '00010100000001'), 'a lower limit counts at once')
  await until(() => peer().state === 'Active')
  await (await dial()).establish()
})

t.test('RFC 2385 §4 a key changes under the session, at one end and then the other: what was sent in between arrives', async (t) => {
  const { speaker, peer, port } = await lab(t, { peer: { password: 'old' } })
  const at = address('127.0.0.2')
  const other = speakerFor(t, port, { asNumber: asn(65002), routerId: 2, listenAddresses: [], localAddress: { ipv4: at } })
  const toUs = (password: string) => [peerConfig({ address: address('127.0.0.1'), port, asNumber: asn(65001), password })]
  other.speaker.setPeers(toUs('old'))
  await other.speaker.start()
  await until(() => peer().messages.updatesReceived === 1 && other.peer().messages.updatesReceived === 1)
  const { since } = peer()
  for (const key of ['new', 'newer', 'old']) {
    const before = other.peer().messages.updatesReceived
    speaker.setPeers([base(port, { password: key })])
    speaker.originate(['10.244.1.0/24', `10.245.${key.length}.0/24`] as never)
    other.speaker.setPeers(toUs(key))
    await until(() => other.peer().messages.updatesReceived > before)
  }
  t.match([peer(), other.peer()], [{ since, flaps: 0 }, { flaps: 0 }])
})

t.test('RFC 2918 who may send more than before is asked for its routes again', async (t) => {
  const { speaker, port, dial } = await lab(t)
  const raw = await dial()
  await raw.establish({ capabilities: [ipv4Unicast, { type: 'route-refresh' }] })
  t.match(await raw.next(), { type: 'update' })
  speaker.setPeers([base(port, { allowLocalAs: 1 })])
  t.strictSame(await raw.next(), { type: 'route-refresh', afi: 1, safi: 1, subtype: 0 })
})

t.test('import none: what the peer announced is not used any more, and again when it is back', async (t) => {
  const { speaker, port, dial, best, peer } = await lab(t)
  const raw = await dial()
  await raw.establish()
  raw.send(update)
  await until(() => best.size === 2)
  speaker.setPeers([base(port, { import: 'none' })])
  await until(() => best.size === 0)
  t.match(peer().families['ipv4-unicast'], { received: 2, accepted: 0 })
  speaker.setPeers([base(port)])
  await until(() => best.size === 2)
  t.match(peer(), { flaps: 0, families: { 'ipv4-unicast': { received: 2, accepted: 2 } } })
})

t.test('export: what the peer is no longer to hear is withdrawn, and told again when it is', async (t) => {
  const { speaker, port, dial } = await lab(t)
  const raw = await dial()
  await raw.establish()
  t.strictSame(await raw.next(), { type: 'update', body: '00000000' })
  speaker.originate(['10.244.1.0/24'] as never)
  t.match(await raw.next(), { type: 'update', body: /180af401$/ })
  speaker.setPeers([base(port, { export: 'none' })])
  t.strictSame(await raw.next(), { type: 'update', body: '0004180af4010000' })
  speaker.setPeers([base(port)])
  t.match(await raw.next(), { type: 'update', body: /180af401$/ })
})

t.test('Speaker.reset ends the wait of a peer whose session failed; who is shut down stays so', async (t) => {
  const { speaker, peer, port, dial } = await lab(t)
  const raw = await dial()
  await raw.establish()
  await until(() => peer().state === 'Established')
  raw.send(new Uint8Array(19)) // no marker: an error, and a wait after it
  await until(() => peer().state === 'Idle')
  t.equal(speaker.reset('peer'), true)
  t.equal(peer().state, 'Active')
  speaker.setPeers([base(port, { shutdown: '' })])
  speaker.reset('peer')
  t.equal(peer().state, 'Idle')
})
