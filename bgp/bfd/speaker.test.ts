/** BFD beside the sessions of two speakers on loopback (RFC 5882). */
import t, { type Test } from 'tap'
import { asn } from '../../src/net/asn.ts'
import type { PeerConfig } from '../peer.ts'
import { address, freePort, peerConfig, speakerFor, until } from '../session/fixture.ts'
import { forge, loopback } from './engine.fixture.ts'
import { packet } from './fixture.ts'

t.setTimeout(300_000)

/** So many packets that a busy machine does not lose them all: no path fails here but where a test says so. */
const bfd = { minTxMs: 300, minRxMs: 300, multiplier: 15 }

/** Speakers of AS 65001 and 65002 at `loopback(host)` and the address after it; each with BFD but for the changes. */
async function pair(t: Test, host: number, left: Partial<PeerConfig> = {}, right: Partial<PeerConfig> = {}) {
  const port = await freePort()
  const [here, there] = [loopback(host), loopback(host + 1)]
  const one = speakerFor(t, port, { listenAddresses: [here], localAddress: { ipv4: here } })
  const other = { asNumber: asn(65002), routerId: 0x0a00_0002, listenAddresses: [there], localAddress: { ipv4: there } }
  const two = speakerFor(t, port, other)
  const oneSees = (changes: Partial<PeerConfig>) => [peerConfig({ address: there, port, bfd, ...changes })]
  one.speaker.setPeers(oneSees(left))
  two.speaker.setPeers([peerConfig({ address: here, port, asNumber: asn(65001), bfd, ...right })])
  await Promise.all([one.speaker.start(), two.speaker.start()])
  await until(() => one.peer().state === 'Established' && two.peer().state === 'Established')
  const up = () => until(() => one.peer().bfd?.state === 'Up' && two.peer().bfd?.state === 'Up')
  return { one, two, oneSees, up }
}

t.test(
  'RFC 5882 §4.3, RFC 9384: when BFD finds the path broken, BGP ends with Cease/BFD Down; it comes back without waiting for BFD',
  async (t) => {
    const { one, up } = await pair(t, 1)
    await up()
    const { discriminator: yourDiscriminator, remote } = one.peer().bfd ?? {}
    const down = packet({ state: 'Down', myDiscriminator: remote?.discriminator ?? 0, yourDiscriminator: yourDiscriminator ?? 0 })
    await forge({ from: 2, to: 1, port: 3784, ttl: 255 }, down)
    const lost = () => one.lines.find(({ sentence }) => sentence === 'session lost')
    await until(() => one.peer().bfd?.downs === 1 && lost() !== undefined)
    // The other end hears of it in BFD within the same millisecond: its NOTIFICATION may be here before ours is out.
    t.match(JSON.stringify(lost()?.fields), /Cease\/BFD Down \(6\/10\)|Cease: bfd down/)
    const told = one.lines.filter(({ sentence }) => sentence === 'BFD session is down')
    t.match(told, [{ level: 'warn', fields: { peer: 'peer', diagnostic: 'Neighbor Signaled Session Down' } }])
    t.equal(one.peer().bfd?.downs, 1)
    await until(() => one.peer().state === 'Established')
    await up()
  },
)

t.test('a peer without BFD: the session of BGP does not wait for it', async (t) => {
  const port = await freePort()
  const [here, there] = [loopback(3), loopback(4)]
  const one = speakerFor(t, port, { listenAddresses: [here], localAddress: { ipv4: here } })
  const two = speakerFor(t, port, { asNumber: asn(65002), routerId: 2, listenAddresses: [there], localAddress: { ipv4: there } })
  one.speaker.setPeers([peerConfig({ address: there, port, bfd })])
  two.speaker.setPeers([peerConfig({ address: here, port, asNumber: asn(65001) })])
  await Promise.all([one.speaker.start(), two.speaker.start()])
  await until(() => one.peer().state === 'Established' && one.peer().bfd !== undefined)
  t.match(one.peer().bfd, { state: 'Down', intervalMs: 1000, detectionTimeMs: 0, ups: 0, downs: 0 })
  t.equal(two.peer().bfd, undefined)
})

t.test('other terms are agreed on under a session that stays; without BFD it stays too, and BFD can come again', async (t) => {
  const { one, two, oneSees, up } = await pair(t, 5)
  await up()
  const since = [one.peer().since, two.peer().since]
  one.speaker.setPeers(oneSees({ bfd: { minTxMs: 700, minRxMs: 400, multiplier: 4 } }))
  await until(() => two.peer().bfd?.detectionTimeMs === 2800 && two.peer().bfd?.intervalMs === 400 && one.peer().bfd?.intervalMs === 700)
  const { bfd: _, ...without } = oneSees({})[0] ?? peerConfig({ address: loopback(6), port: 0 })
  one.speaker.setPeers([without])
  await until(() => two.peer().bfd?.state === 'Down')
  t.match(two.peer().bfd, { diagnostic: 'Neighbor Signaled Session Down', remote: { state: 'AdminDown' }, downs: 0 })
  t.equal(one.peer().bfd, undefined)
  one.speaker.setPeers(oneSees({}))
  await up()
  t.strictSame([one.peer().since, two.peer().since], since)
  t.strictSame([one.peer().flaps, two.peer().flaps], [0, 0])
})

t.test('RFC 5882 §3.2: a node that stops without a word says AdminDown in BFD: its peer sees a restart, not a broken path', async (t) => {
  const { one, two, up } = await pair(t, 7)
  await up()
  await one.speaker.stop()
  await until(() => two.peer().bfd?.state === 'Down')
  t.match(two.peer().bfd, { remote: { state: 'AdminDown' }, downs: 0 })
  await until(() => two.peer().state !== 'Established')
  t.not(two.peer().lastError?.code, 6)
})

t.test('a BFD that cannot work is a problem of the speaker', async (t) => {
  const port = await freePort()
  const here = loopback(11)
  const one = speakerFor(t, port, { listenAddresses: [here], localAddress: { ipv4: here } })
  one.speaker.setPeers([peerConfig({ address: loopback(12), port, bfd, sourceAddress: address('192.0.2.1') })])
  await one.speaker.start()
  await until(() => one.speaker.problems().length > 0)
  t.match(one.speaker.problems(), [
    { subject: 'bgp/peer/peer', message: /^BFD cannot receive on port 3784: bind 192\.0\.2\.1 .*EADDRNOTAVAIL/ },
  ])
})

t.test('a peer that is shut down has no BFD', async (t) => {
  const { one, oneSees } = await pair(t, 9)
  await until(() => one.peer().bfd !== undefined)
  one.speaker.setPeers(oneSees({ shutdown: 'maintenance' }))
  t.equal(one.peer().bfd, undefined)
})
