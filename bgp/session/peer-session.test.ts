/** One speaker against peers that say exactly what the test wants, over real TCP: sessions, errors, configuration. */
import t from 'tap'
import { asn } from '../../src/net/asn.ts'
import type { PeerConfig } from '../peer.ts'
import { encodeNotification } from '../wire/notification.ts'
import { address, lab, peerConfig, type Setup, until } from './fixture.ts'
import {
  endOfRib,
  gracefulRestart,
  ipv4Unicast,
  keepalive,
  marker,
  notification,
  octets,
  openMessage,
  RawListener,
  routes,
  update,
} from './raw-peer.ts'

t.test('RFC 4271 §8 a session is established, with the whole OPEN of ours', async (t) => {
  const { peer, dial } = await lab(t)
  const raw = await dial()
  t.strictSame(await raw.establish({ holdTimeSec: 30, capabilities: [ipv4Unicast, { type: 'route-refresh' }] }), {
    type: 'open',
    version: 4,
    myAs: 65001,
    holdTimeSec: 90,
    routerId: 0x0a00_0001,
    capabilities: [
      ipv4Unicast,
      { type: 'route-refresh' },
      { type: 'extended-message' },
      { type: 'four-octet-as', asNumber: 65001 },
      gracefulRestart({ notification: true, restartTimeSec: 120, families: [{ family: 'ipv4-unicast', forwardingPreserved: false }] }),
      { type: 'enhanced-route-refresh' },
    ],
  })
  await until(() => peer().state === 'Established')
  t.match(peer(), {
    since: /^\d{4}-\d\d-\d\dT[\d:.]+Z$/,
    name: 'peer',
    address: '127.0.0.2',
    asNumber: 65002,
    state: 'Established',
    remoteRouterId: '10.0.0.2',
    capabilities: ['multiprotocol ipv4-unicast', 'route-refresh'],
    timers: { holdTimeSec: 30, keepaliveSec: 10 },
    flaps: 0,
  })
  t.strictSame(await raw.next(), { type: 'update', body: '00000000' }, 'RFC 4724 §2: End-of-RIB follows the (empty) table')
})

const refusals: [title: string, input: Uint8Array, expected: object, setup?: Setup][] = [
  ['§6.1 a wrong marker is 1/1', octets(`00${marker.slice(2)} 0013 04`), notification(1, 1)],
  ['§6.1 a length below 19 is 1/2 with the length', octets(`${marker} 0012 04`), notification(1, 2, '0012')],
  ['§6.1 an unknown type is 1/3 with the type', octets(`${marker} 0013 09`), notification(1, 3, '09')],
  ['§6.2 another version is 2/1 with ours', octets(`${marker} 001d 01 03 fdea 005a 0a000002 00`), notification(2, 1, '0004')],
  ['§6.2 another AS is 2/2', openMessage({ myAs: 65003 }), notification(2, 2)],
  ['RFC 6286 §2.1 identifier 0 is 2/3', octets(`${marker} 001d 01 04 fdea 005a 00000000 00`), notification(2, 3)],
  [
    'RFC 6286 §2.2 our identifier in our AS is 2/3',
    openMessage({ myAs: 65001, routerId: 0x0a00_0001 }),
    notification(2, 3),
    { peer: { asNumber: asn(65001) } },
  ],
  ['§6.2 an unknown optional parameter is 2/4', octets(`${marker} 001f 01 04 fdea 005a 0a000002 02 0900`), notification(2, 4)],
  ['§6.2 hold time 2 is 2/6', octets(`${marker} 001d 01 04 fdea 0002 0a000002 00`), notification(2, 6)],
  [
    'RFC 5492 §5 no common family is 2/7 with the capability we miss',
    openMessage(),
    notification(2, 7, '010400020001'),
    { peer: { families: ['ipv6-unicast'] } },
  ],
  ['RFC 6608 §3 a KEEPALIVE in OpenSent is 5/1', keepalive, notification(5, 1)],
  ['RFC 6608 §3 an UPDATE in OpenSent is 5/1', endOfRib, notification(5, 1)],
  ['RFC 6608 §3 an UPDATE in OpenConfirm is 5/2', Buffer.concat([openMessage(), endOfRib]), notification(5, 2)],
]
for (const [title, input, expected, setup] of refusals) {
  t.test(`${title}; the connection is closed, the process and the peer go on`, async (t) => {
    const { dial, peer, speaker } = await lab(t, setup)
    const raw = await dial()
    t.match(await raw.next(), { type: 'open' })
    raw.send(input)
    t.strictSame(await raw.next(), expected)
    t.strictSame(await raw.next(), { type: 'closed' })
    t.match(peer(), { lastError: { direction: 'sent' }, flaps: 0 })
    t.equal(speaker.faults, 0)
  })
}

t.test('RFC 6608 §3 an OPEN in Established is 5/3', async (t) => {
  const { dial } = await lab(t)
  const raw = await dial()
  await raw.establish()
  t.match(await raw.next(), { type: 'update' })
  raw.send(openMessage())
  t.strictSame(await raw.next(), notification(5, 3))
})

t.test('§6.4 a NOTIFICATION is not answered, and its reason is kept for people', async (t) => {
  const { dial, peer } = await lab(t)
  const raw = await dial()
  await raw.establish()
  t.match(await raw.next(), { type: 'update' })
  raw.send(encodeNotification(6, 4, octets('026869')))
  t.strictSame(await raw.next(), { type: 'closed' })
  t.match(peer(), { flaps: 1, lastError: { name: 'Cease/Administrative Reset (6/4), received', direction: 'received', message: 'hi' } })
})

t.test('messages in pieces of one octet and many in one piece are the same', async (t) => {
  const { dial, peer } = await lab(t)
  const raw = await dial()
  for (const octet of openMessage()) raw.send(Uint8Array.of(octet))
  t.match(await raw.next(), { type: 'open' })
  raw.send(Buffer.concat([keepalive, keepalive, endOfRib, keepalive]))
  await until(() => peer().messages.received === 5)
  t.equal(peer().state, 'Established')
})

t.test('garbage from one peer, and from a stranger, touches neither the process nor another session', async (t) => {
  const { speaker, peer, port, dial, lines } = await lab(t)
  const two = { name: 'other', address: address('127.0.0.3') }
  speaker.setPeers([peerConfig({ address: address('127.0.0.2'), port, passive: true }), peerConfig({ ...two, port, passive: true })])
  const good = await dial()
  await good.establish()
  for (let i = 0; i < 20; i++) {
    const bad = await dial(i % 2 === 0 ? '127.0.0.3' : '127.0.0.9')
    bad.send(Uint8Array.from({ length: 3000 }, (_, k) => (k * 31 + i) & 255))
    for (let heard = await bad.next(); heard.type !== 'closed'; ) heard = await bad.next()
  }
  t.strictSame([peer().state, peer().flaps, speaker.faults], ['Established', 0, 0])
  t.equal(lines.filter(({ sentence }) => sentence.startsWith('connection from an address that is no configured peer')).length, 1)
})

t.test('§6.5 hold time 3: silence is Hold Timer Expired, after keepalives of our own', async (t) => {
  const { dial, peer } = await lab(t)
  const raw = await dial()
  await raw.establish({ holdTimeSec: 3 })
  t.match(await raw.nextOfAll(), { type: 'update' })
  t.strictSame(await raw.nextOfAll(), { type: 'keepalive' })
  t.strictSame(await raw.next(), notification(4, 0))
  t.strictSame(await raw.next(), { type: 'closed' })
  t.match(peer(), { flaps: 1, lastError: { name: 'Hold Timer Expired (4/0), sent' } })
})

t.test('an UPDATE becomes best routes; the session’s end takes them away', async (t) => {
  const { dial, best, peer } = await lab(t)
  const raw = await dial()
  await raw.establish()
  raw.send(update)
  await until(() => best.size === 2)
  t.strictSame(Object.fromEntries(best), routes)
  t.match(peer().families, { 'ipv4-unicast': { received: 2, accepted: 2 } })
  raw.socket.end()
  await until(() => best.size === 0)
})

t.test('RFC 4486 above maxPrefixes: Cease 6/1, and the peer waits longer each time', async (t) => {
  const { dial, peer } = await lab(t, { peer: { maxPrefixes: 1 } })
  const raw = await dial()
  await raw.establish()
  t.match(await raw.next(), { type: 'update' })
  raw.send(update)
  t.match(await raw.next(), { type: 'notification', code: 6, subcode: 1 })
  t.match(peer(), { state: 'Idle', lastError: { code: 6, subcode: 1, direction: 'sent' } })
})

t.test('RFC 2918 §4 ROUTE-REFRESH brings the table again, other families nothing', async (t) => {
  const { dial, speaker } = await lab(t)
  const raw = await dial()
  await raw.establish({ capabilities: [ipv4Unicast, { type: 'route-refresh' }] })
  speaker.originate([...new Set(['10.244.1.0/24'])] as never)
  const first = [await raw.next(), await raw.next()].find((heard) => heard.type === 'update' && heard.body !== '00000000')
  raw.send(octets(`${marker} 0017 05 0002 00 01`), octets(`${marker} 0017 05 0001 00 01`))
  t.strictSame(await raw.next(), first)
})

t.test('we dial from our own address, and come back after a refusal', async (t) => {
  const { port, speaker, peer } = await lab(t)
  speaker.setPeers([peerConfig({ address: address('127.0.0.2'), port })])
  await until(() => peer().lastError?.message?.includes('ECONNREFUSED') === true)
  const listener = await RawListener.listen('127.0.0.2', port)
  t.teardown(() => listener.close())
  const raw = await listener.accept()
  t.equal(raw.socket.remoteAddress, '127.0.0.1')
  await raw.establish()
  await until(() => peer().state === 'Established')
})

t.test('a changed peer restarts alone (6/6), a removed one is told so (6/3), the others notice nothing', async (t) => {
  const { speaker, peer, port, dial } = await lab(t)
  const config = (name: string, last: number, changes: Partial<PeerConfig> = {}) =>
    peerConfig({ name, address: address(`127.0.0.${last}`), port, passive: true, ...changes })
  const all = [config('kept', 2), config('changed', 3), config('gone', 4)]
  speaker.setPeers(all)
  const raws = await Promise.all(['127.0.0.2', '127.0.0.3', '127.0.0.4'].map(dial))
  for (const raw of raws) {
    await raw.establish()
    t.match(await raw.next(), { type: 'update' })
  }
  const [kept, changed, gone] = raws
  await until(() => speaker.peers().every(({ state }) => state === 'Established'))
  speaker.setPeers([config('kept', 2), config('changed', 3, { holdTimeSec: 30 })])
  t.strictSame(await changed?.next(), notification(6, 6))
  t.strictSame(await gone?.next(), notification(6, 3))
  const again = await dial('127.0.0.3')
  t.match(await again.establish(), { type: 'open', holdTimeSec: 30 })
  await until(() => peer('changed').state === 'Established')
  t.strictSame(
    speaker.peers().map(({ name, state }) => [name, state]),
    [
      ['kept', 'Established'],
      ['changed', 'Established'],
    ],
  )
  t.equal(kept?.socket.destroyed, false)
})

t.test('the order of the configured peers means nothing', async (t) => {
  const { speaker, port, dial, peer } = await lab(t)
  const raw = await dial()
  await raw.establish()
  const one = peerConfig({ address: address('127.0.0.2'), port, passive: true })
  const two = peerConfig({ name: 'two', address: address('127.0.0.3'), port, passive: true })
  speaker.setPeers([two, one])
  speaker.setPeers([one, two])
  await until(() => peer().state === 'Established')
  t.equal(peer().flaps, 0)
})
