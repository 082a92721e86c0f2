/** Speakers against each other over loopback; routes between them need real next hops, see the root tests. */
import { once } from 'node:events'
import { createServer } from 'node:net'
import t, { type Test } from 'tap'
import { asn } from '../src/net/asn.ts'
import type { PeerConfig, SpeakerOptions } from './peer.ts'
import { address, freePort, peerConfig, speakerFor, until } from './session/fixture.ts'
import { marker, octets, openMessage, RawPeer } from './session/raw-peer.ts'
import { Speaker } from './speaker.ts'

const second = { asNumber: asn(65002), routerId: 0x0a00_0002 }

/** Two speakers that know each other, 127.0.0.1 and 127.0.0.2. */
async function pair(t: Test, left: Partial<SpeakerOptions> = {}, right: Partial<SpeakerOptions> = {}) {
  const port = await freePort()
  const at = address('127.0.0.2')
  const one = speakerFor(t, port, left)
  const two = speakerFor(t, port, { ...second, listenAddresses: [at], localAddress: { ipv4: at }, ...right })
  one.speaker.setPeers([peerConfig({ address: at, port })])
  two.speaker.setPeers([peerConfig({ address: address('127.0.0.1'), port, asNumber: asn(left.asNumber ?? 65001) })])
  const established = () => until(() => one.peer().state === 'Established' && two.peer().state === 'Established')
  return { port, one, two, established }
}

for (const round of ['first', 'second', 'third']) {
  t.test(`RFC 4271 §6.8 both dial at the same moment, ${round} round: one session, no flap`, async (t) => {
    const { one, two, established } = await pair(t)
    await Promise.all([one.speaker.start(), two.speaker.start()])
    await established()
    await until(() => one.peer().messages.updatesReceived === 1 && two.peer().messages.updatesReceived === 1)
    t.strictSame([one.peer().flaps, two.peer().flaps, one.speaker.faults, two.speaker.faults], [0, 0, 0, 0])
    t.strictSame([one.peer().remoteRouterId, two.peer().remoteRouterId], ['10.0.0.2', '10.0.0.1'])
  })
}

t.test('RFC 6286 §2.3 equal identifiers in different ASes: one session all the same', async (t) => {
  const { one, two, established } = await pair(t, {}, { routerId: 0x0a00_0001 })
  await Promise.all([one.speaker.start(), two.speaker.start()])
  await established()
  t.strictSame([one.peer().flaps, two.peer().flaps], [0, 0])
})

t.test('RFC 6793 AS numbers above 65535 on one side', async (t) => {
  const { one, two, established } = await pair(t, { asNumber: asn(4_200_000_001) })
  await Promise.all([one.speaker.start(), two.speaker.start()])
  await established()
  t.ok(two.peer().capabilities?.includes('four-octet-as 4200000001'))
})

t.test('a speaker that starts later is reached at once, it dials itself', async (t) => {
  const { one, two, established } = await pair(t)
  await one.speaker.start()
  await until(() => one.peer().lastError?.message?.includes('ECONNREFUSED') === true)
  await two.speaker.start()
  await established()
  t.strictSame([one.peer().flaps, two.peer().flaps], [0, 0])
})

t.test('sessions wait before a port is open: nobody who connects at once is refused', async (t) => {
  const port = await freePort()
  const states: (string | undefined)[] = []
  const info = (_: object, sentence: string) => {
    if (sentence === 'listening for BGP') states.push(speaker.peers()[0]?.state)
  }
  const quiet = () => {}
  const { speaker } = speakerFor(t, port, {}, { log: { debug: quiet, info, warn: quiet, error: quiet } })
  speaker.setPeers([peerConfig({ address: address('127.0.0.2'), port, passive: true })])
  await speaker.start()
  t.strictSame(states, ['Active'])
})

t.test('a speaker that retires ends its sessions for a change of configuration (RFC 4486: 6/6), and its port is free', async (t) => {
  const { one, two, established } = await pair(t)
  await Promise.all([one.speaker.start(), two.speaker.start()])
  await established()
  await one.speaker.retire()
  t.strictSame([one.speaker.peers(), one.speaker.listening], [[], false])
  await until(() => two.peer().state !== 'Established')
  await until(() => two.peer().lastError?.code === 6)
  t.match(two.peer().lastError, { code: 6, subcode: 6, direction: 'received' })
})

t.test('RFC 4724 one of two restarts: the other helps, both converge', async (t) => {
  const { port, one, two, established } = await pair(t)
  await Promise.all([one.speaker.start(), two.speaker.start()])
  await established()
  await one.speaker.stop()
  await until(() => two.peer().state !== 'Established')
  t.match(two.peer().lastError, { name: 'TCP connection closed by the peer', direction: 'local' })
  const again = speakerFor(t, port, { restarting: true })
  again.speaker.setPeers([peerConfig({ address: address('127.0.0.2'), port })])
  await again.speaker.start()
  await again.speaker.converged
  t.match([again.peer(), two.peer()], [{ state: 'Established' }, { state: 'Established', flaps: 1 }])
  t.ok(two.peer().capabilities?.includes('graceful-restart 120s restarting'))
})

t.test('RFC 4724 §4.1 both restart at once: neither waits for the other for long', async (t) => {
  const { one, two } = await pair(t, { restarting: true }, { restarting: true })
  await Promise.all([one.speaker.start(), two.speaker.start()])
  await Promise.all([one.speaker.converged, two.speaker.converged])
  t.strictSame([one.peer().state, two.peer().state], ['Established', 'Established'])
})

t.test('sessions over IPv6', async (t) => {
  const [portOne, portTwo, at] = [await freePort(), await freePort(), address('::1')]
  const local = { listenAddresses: [at], localAddress: { ipv4: address('127.0.0.1'), ipv6: at } }
  const one = speakerFor(t, portOne, local)
  const two = speakerFor(t, portTwo, { ...local, ...second })
  const families: PeerConfig['families'] = ['ipv4-unicast', 'ipv6-unicast']
  one.speaker.setPeers([peerConfig({ address: at, port: portTwo, families })])
  two.speaker.setPeers([peerConfig({ address: at, port: portOne, families, asNumber: asn(65001) })])
  await Promise.all([one.speaker.start(), two.speaker.start()])
  await until(() => one.peer().state === 'Established' && two.peer().state === 'Established')
  await until(() => one.peer().messages.updatesReceived >= 2)
  t.equal(one.peer().messages.updatesReceived, 2, 'the End-of-RIB of each family')
})

t.test('a taken port is a problem in words; peers are dialled all the same', async (t) => {
  const { port, one, two, established } = await pair(t)
  const other = createServer().listen(port, '127.0.0.1')
  t.teardown(() => other.close())
  await once(other, 'listening')
  await Promise.all([one.speaker.start(), two.speaker.start()])
  const message = `cannot listen on 127.0.0.1 port ${port}: another process has the port; stop it or change bgp.listenPort`
  t.strictSame([one.speaker.listening, one.speaker.problems()], [false, [{ subject: 'bgp/listener', message }]])
  await established()
})

t.test('our own bug in one session closes that one, loudly and counted; the others go on', async (t) => {
  const port = await freePort()
  const errors: object[] = []
  const quiet = () => {}
  let broken = false
  const now = () => {
    if (!broken) return Date.now()
    broken = false
    throw new Error('bug')
  }
  const at = address('127.0.0.1')
  const speaker = new Speaker(
    {
      asNumber: asn(65001),
      routerId: 1,
      listenAddresses: [at],
      listenPort: port,
      localAddress: { ipv4: at },
      restarting: false,
      restartTimeSec: 120,
    },
    {
      log: { debug: quiet, info: quiet, warn: quiet, error: (fields) => void errors.push(fields) },
      nextHopMetric: () => 0,
      onBest: quiet,
      onChange: quiet,
      now,
    },
  )
  t.teardown(() => speaker.stop())
  const peers = [2, 3].map((last) => peerConfig({ name: `p${last}`, address: address(`127.0.0.${last}`), port, passive: true }))
  speaker.setPeers(peers)
  await speaker.start()
  const good = await RawPeer.dial('127.0.0.2', '127.0.0.1', port)
  t.teardown(() => good.socket.destroy())
  await good.establish()
  await until(() => speaker.peers()[0]?.state === 'Established')
  const bad = await RawPeer.dial('127.0.0.3', '127.0.0.1', port)
  t.teardown(() => bad.socket.destroy())
  t.match(await bad.next(), { type: 'open' })
  broken = true
  bad.send(openMessage())
  t.match(await bad.next(), { type: 'notification', code: 6, subcode: 0 })
  t.strictSame(await bad.next(), { type: 'closed' })
  t.match(errors, [{ peer: 'p3', err: { message: 'bug' } }])
  t.match([speaker.faults, speaker.peers()[0]?.state], [1, 'Established'])
})

t.test('RFC 4456 §7, §8 a peer that is a client is reflected to without a clusterId: it is our BGP Identifier then', async (t) => {
  const port = await freePort()
  const { speaker } = speakerFor(t, port)
  const config = (name: string, last: number): PeerConfig =>
    peerConfig({ name, address: address(`127.0.0.${last}`), port, passive: true, asNumber: asn(65001), routeReflectorClient: true })
  speaker.setPeers([config('from', 2), config('to', 3)])
  await speaker.start()
  const [from, to] = [await RawPeer.dial('127.0.0.2', '127.0.0.1', port), await RawPeer.dial('127.0.0.3', '127.0.0.1', port)]
  t.teardown(() => [from, to].map(({ socket }) => socket.destroy()))
  await from.establish({ myAs: 65001, routerId: 0x0a00_0002 })
  await to.establish({ myAs: 65001, routerId: 0x0a00_0003 })
  t.match(await to.next(), { type: 'update', body: '00000000' }, 'End-of-RIB of an empty table')
  from.send(octets(`${marker} 0030 02 0000 0015 400101 00 400200 400304 c0000201 400504 00000064 18 cb0071`))
  const attributes = '400101 00 400200 400304 c0000201 400504 00000064 800904 0a000002 800a04 0a000001'
  t.strictSame(await to.next(), { type: 'update', body: `0000 0023 ${attributes} 18 cb0071`.replaceAll(' ', '') })
})
