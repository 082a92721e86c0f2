/** Peers that come from a range of addresses, over real TCP. */
import t, { type Test } from 'tap'
import { asn } from '../../src/net/asn.ts'
import { parseCidr } from '../../src/net/prefix.ts'
import type { PeerRange } from '../peer.ts'
import { address, freePort, peerConfig, peerRange, speakerFor, until } from './fixture.ts'
import { endOfRib, gracefulRestart, ipv4Unicast, keepalive, notification, openMessage, RawPeer, routes, update } from './raw-peer.ts'

t.setTimeout(300_000)

/** A speaker with ranges, 127.0.1.0/24 unless it is said otherwise, and the means to come from anywhere on loopback. */
async function lab(t: Test, ...changes: readonly Partial<PeerRange>[]) {
  const port = await freePort()
  const watched = speakerFor(t, port)
  const ranges = (changes.length === 0 ? [{}] : changes).map((change) => peerRange(change))
  watched.speaker.setPeers([], ranges)
  await watched.speaker.start()
  const dial = async (from: string) => {
    const raw = await RawPeer.dial(from, '127.0.0.1', port)
    t.teardown(() => raw.socket.destroy())
    return raw
  }
  return { ...watched, port, dial }
}

t.test('who connects is a peer as long as the session lasts, under the name of range and address', async (t) => {
  const { speaker, dial, best } = await lab(t)
  t.strictSame(speaker.peers(), [])
  const raw = await dial('127.0.1.2')
  await raw.establish()
  raw.send(update)
  await until(() => best.size === 2)
  t.match(speaker.peers(), [{ name: 'nodes-127.0.1.2', address: '127.0.1.2', range: 'nodes', asNumber: 65002, state: 'Established' }])
  raw.reset()
  await until(() => speaker.peers().length === 0)
  t.strictSame([...best], [])
})

t.test('who comes again is a peer again; nobody of a range is dialled meanwhile', async (t) => {
  const { speaker, dial } = await lab(t)
  for (let i = 0; i < 3; i++) {
    const raw = await dial('127.0.1.2')
    await raw.establish()
    await until(() => speaker.peers()[0]?.state === 'Established')
    raw.reset()
    await until(() => speaker.peers().length === 0)
  }
})

t.test('RFC 4486 §4: one more than the limit gets Cease/5; a place that is free again is taken', async (t) => {
  const { speaker, dial, lines } = await lab(t, { limit: 2 })
  const [first, second] = [await dial('127.0.1.2'), await dial('127.0.1.3')]
  await Promise.all([first.establish(), second.establish()])
  t.strictSame(await (await dial('127.0.1.4')).next(), notification(6, 5))
  t.ok(lines.some(({ sentence }) => sentence === 'connection from a listen range refused: its limit of peers is reached'))
  first.reset()
  await until(() => speaker.peers().length === 1)
  t.match(await (await dial('127.0.1.4')).establish(), { type: 'open' })
  t.strictSame(
    speaker.peers().map(({ name }) => name),
    ['nodes-127.0.1.3', 'nodes-127.0.1.4'],
  )
})

t.test('who is in no range is a stranger', async (t) => {
  const { dial, speaker } = await lab(t)
  t.strictSame(await (await dial('127.0.2.2')).next(), { type: 'closed' })
  t.strictSame(speaker.peers(), [])
})

const numbers: [title: string, asNumbers: PeerRange['asNumbers'], theirs: number, expected: object][] = [
  ['internal: ours', ['internal'], 65001, { type: 'update' }],
  ['internal: another', ['internal'], 65002, notification(2, 2)],
  ['external: ours', ['external'], 65001, notification(2, 2)],
  ['external: any other', ['external'], 65432, { type: 'update' }],
  ['one of several', [asn(65002), asn(65003)], 65003, { type: 'update' }],
  ['none of several', [asn(65002), asn(65003)], 65004, notification(2, 2)],
]
for (const [title, asNumbers, theirs, expected] of numbers)
  t.test(`the AS is what the OPEN says, if the range takes it: ${title}`, async (t) => {
    const { dial, speaker } = await lab(t, { asNumbers })
    const raw = await dial('127.0.1.2')
    raw.send(openMessage({ myAs: theirs }))
    t.match(await raw.next(), { type: 'open' })
    raw.send(keepalive)
    t.match(await raw.next(), expected)
    if ('code' in expected) await until(() => speaker.peers().length === 0)
    else t.equal(speaker.peers()[0]?.asNumber, theirs)
  })

const restart = { capabilities: [ipv4Unicast, gracefulRestart({ restartTimeSec: 1 })] }

t.test('RFC 4724 §4.2 a peer from a range that restarts keeps its place and its routes, and is gone when its time is over', async (t) => {
  const { speaker, dial, best } = await lab(t, { limit: 1 })
  const raw = await dial('127.0.1.2')
  await raw.establish(restart)
  raw.send(update, endOfRib)
  await until(() => best.size === 2)
  raw.reset()
  await until(() => speaker.peers()[0]?.families['ipv4-unicast']?.stale === 2)
  t.strictSame(Object.fromEntries(best), routes)
  t.strictSame(await (await dial('127.0.1.3')).next(), notification(6, 5), 'its place is kept')
  await until(() => speaker.peers().length === 0)
  t.strictSame([...best], [])
})

t.test('RFC 4724 §4.2 a peer from a range that is back in time: its routes were there all along', async (t) => {
  const { speaker, dial, best } = await lab(t)
  const first = await dial('127.0.1.2')
  await first.establish(restart)
  first.send(update, endOfRib)
  await until(() => best.size === 2)
  first.reset()
  await until(() => speaker.peers()[0]?.state === 'Active')
  const second = await dial('127.0.1.2')
  await second.establish(restart)
  second.send(update, endOfRib)
  await until(() => speaker.peers()[0]?.families['ipv4-unicast']?.stale === 0)
  t.match(speaker.peers(), [{ state: 'Established', flaps: 1, families: { 'ipv4-unicast': { received: 2 } } }])
  t.strictSame(Object.fromEntries(best), routes)
})

t.test('a configured peer is none of the range; one that is configured later is taken over', async (t) => {
  const { speaker, dial, port } = await lab(t)
  const raw = await dial('127.0.1.2')
  await raw.establish()
  t.match(await raw.next(), { type: 'update' })
  const configured = peerConfig({ name: 'own', address: address('127.0.1.2'), port, passive: true })
  speaker.setPeers([configured], [peerRange({})])
  t.strictSame(await raw.next(), notification(6, 3))
  await (await dial('127.0.1.2')).establish()
  await until(() => speaker.peers()[0]?.state === 'Established')
  t.strictSame(
    speaker.peers().map(({ name, range }) => [name, range]),
    [['own', undefined]],
  )
})

t.test('a change of a range reaches who came from it: live, reset, and away with it (6/3)', async (t) => {
  const { speaker, dial } = await lab(t)
  const raw = await dial('127.0.1.2')
  await raw.establish()
  t.match(await raw.next(), { type: 'update' })
  const { since } = speaker.peers()[0] ?? {}
  const { template } = peerRange({})
  speaker.setPeers([], [peerRange({ limit: 1, template: { ...template, maxPrefixes: 5 } })])
  t.match(speaker.peers(), [{ since, state: 'Established', flaps: 0 }])
  speaker.setPeers([], [peerRange({ template: { ...template, holdTimeSec: 30 } })])
  t.strictSame(await raw.next(), notification(6, 6))
  const again = await dial('127.0.1.2')
  t.match(await again.establish(), { holdTimeSec: 30 })
  t.match(await again.next(), { type: 'update' })
  speaker.setPeers([], [])
  t.strictSame(await again.next(), notification(6, 3))
  t.strictSame(speaker.peers(), [])
})

t.test('RFC 2385 the key of a range: who signs with it is a peer, who does not is not heard', async (t) => {
  const { template } = peerRange({})
  const { speaker, port } = await lab(t, { template: { ...template, password: 'secret' } })
  const [right, wrong] = [address('127.0.1.2'), address('127.0.1.3')]
  const come = async (from: typeof right, password: string) => {
    const other = speakerFor(t, port, { asNumber: asn(65002), routerId: 2, listenAddresses: [], localAddress: { ipv4: from } })
    other.speaker.setPeers([peerConfig({ address: address('127.0.0.1'), port, asNumber: asn(65001), password })])
    await other.speaker.start()
    return other
  }
  const refused = await come(wrong, 'guess')
  const taken = await come(right, 'secret')
  await until(() => taken.peer().state === 'Established')
  t.match(speaker.peers(), [{ name: 'nodes-127.0.1.2' }])
  t.equal(refused.peer().state === 'Established', false)
})

t.test('five hundred at once: nobody is turned away, each has its session', async (t) => {
  const prefix = parseCidr('127.1.0.0/16')
  if (prefix === undefined) throw new Error('no prefix')
  const { speaker, dial } = await lab(t, { prefix, limit: 500 })
  const froms = Array.from({ length: 500 }, (_, i) => `127.1.${i % 5}.${1 + Math.floor(i / 5)}`)
  await Promise.all(
    froms.map(async (from, i) => {
      const raw = await dial(from)
      await raw.establish({ routerId: 100 + i })
    }),
  )
  await until(() => speaker.peers().filter(({ state }) => state === 'Established').length === 500)
  t.equal(new Set(speaker.peers().map(({ name }) => name)).size, 500)
})
