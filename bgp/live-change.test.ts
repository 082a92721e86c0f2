/** Every knob of one peer is changed while fifty sessions are up, over real TCP: docs/live-change.md as it happens. */
import t, { type Test } from 'tap'
import { asn } from '../src/net/asn.ts'
import { parseCidr } from '../src/net/prefix.ts'
import { changeClass, type Knob, knobs } from './knobs.ts'
import type { PeerConfig } from './peer.ts'
import { address, freePort, peerConfig, speakerFor, until, type Watched } from './session/fixture.ts'

t.setTimeout(300_000)

const peerCount = 50
const at = address('127.0.0.1')
const endOf = (i: number) => address(`127.0.3.${i + 1}`)

/** A value that is not the one of `peerConfig`. Those that both ends have to know are changed at both. */
const changes: Readonly<Record<Knob, Partial<PeerConfig>>> = {
  address: { address: address('127.0.3.200') },
  interface: { interface: 'lo' },
  asNumber: { asNumber: asn(65200) },
  asNumbers: { asNumbers: ['external'] },
  port: { port: 1 },
  passive: { passive: false },
  shutdown: { shutdown: 'for the night' },
  families: { families: ['ipv4-unicast', 'ipv6-unicast'] },
  sourceAddress: { sourceAddress: 'any' },
  multihop: { multihop: 5 },
  ttlSecurity: { ttlSecurity: 1 },
  password: { password: 'secret' },
  holdTimeSec: { holdTimeSec: 30 },
  restartTimeSec: { restartTimeSec: 7 },
  longLivedStaleSec: { longLivedStaleSec: 7 },
  bfd: { bfd: { minTxMs: 300, minRxMs: 300, multiplier: 3 } },
  routeReflectorClient: { routeReflectorClient: true },
  localAs: { localAs: asn(65100) },
  replaceAs: { replaceAs: true },
  allowLocalAs: { allowLocalAs: 1 },
  removePrivateAs: { removePrivateAs: true },
  enforceFirstAs: { enforceFirstAs: false },
  allowAsSet: { allowAsSet: true },
  nextHop: { nextHop: 'self' },
  acceptBlackhole: { acceptBlackhole: true },
  extendedNextHop: { extendedNextHop: false },
  addPath: { addPath: { receive: true, send: 2 } },
  role: { role: { local: 'peer', strict: false } },
  maxPrefixes: { maxPrefixes: 1000 },
  maxPrefixesWarnPercent: { maxPrefixesWarnPercent: 50 },
  maxPrefixesRestartSec: { maxPrefixesRestartSec: 60 },
  import: { import: 'none' },
  export: { export: 'local' },
  importFilters: { importFilters: ['lost'] },
  exportFilters: { exportFilters: ['lost'] },
}
const atBothEnds: readonly Knob[] = ['password', 'ttlSecurity']

/** One speaker that waits for fifty others. */
async function fifty(t: Test) {
  const port = await freePort()
  const hub = speakerFor(t, port)
  const peers = Array.from({ length: peerCount }, (_, i) => peerConfig({ name: `peer${i}`, address: endOf(i), port, passive: true }))
  hub.speaker.setPeers(peers)
  await hub.speaker.start()
  const others: Watched[] = []
  const toHub = peerConfig({ address: at, port, asNumber: asn(65001) })
  for (const [i] of peers.entries()) {
    const options = { asNumber: asn(65002), routerId: 100 + i, listenAddresses: [], localAddress: { ipv4: endOf(i) } }
    const other = speakerFor(t, port, options)
    others.push(other)
    other.speaker.setPeers([toHub])
    await other.speaker.start()
  }
  await until(() => others.every((other) => other.peer().state === 'Established'))
  await until(() => peers.every(({ name }) => hub.peer(name).state === 'Established'))
  return { hub, peers, others, toHub }
}

/** What a session has behind it, as its other end sees it. */
const history = (other: Watched | undefined) => {
  const { since, flaps, state } = other?.peer() ?? {}
  return { since, flaps, state }
}

/** Why its last session ended; where routes are to go with it, that is in a Hard Reset (RFC 8538). */
const lastWords = (other: Watched | undefined) => {
  const { name, message } = other?.peer().lastError ?? {}
  return `${name}: ${message}`
}

/** All of these are told of another route: their sessions do more than stand. */
async function proveAlive(hub: Watched, others: readonly (Watched | undefined)[], last: number): Promise<void> {
  const counts = others.map((other) => other?.peer().messages.updatesReceived ?? 0)
  hub.speaker.originate([`10.244.${last}.0/24`].flatMap((text) => parseCidr(text) ?? []))
  await until(() => others.every((other, i) => (other?.peer().messages.updatesReceived ?? 0) > (counts[i] ?? 0)))
}

t.test('each knob is changed on one of fifty peers: the other 49 sessions live on, that one as its class says', async (t) => {
  const { hub, peers, others, toHub } = await fifty(t)
  const now = [...peers]
  for (const [i, knob] of knobs.entries()) {
    const other = others[i]
    const before = others.map(history)
    now[i] = { ...(now[i] as PeerConfig), ...changes[knob] }
    if (atBothEnds.includes(knob)) other?.speaker.setPeers([{ ...toHub, ...changes[knob] }])
    hub.speaker.setPeers(now)
    const isReset = changeClass[knob] === 'reset'
    if (isReset) await until(() => (other?.peer().flaps ?? 0) === 1)
    const words = lastWords(other) // before it dials again, which may fail
    const unchanged = others.filter((_, j) => j !== i)
    await proveAlive(hub, unchanged, i)
    t.strictSame(
      unchanged.map(history),
      before.filter((_, j) => j !== i),
      `${knob}: the others`,
    )
    if (isReset)
      t.match(words, knob === 'shutdown' ? /Administrative Shutdown.*for the night/ : /Other Configuration Change/, `${knob}: reset`)
    else t.strictSame(history(other), before[i], `${knob}: ${changeClass[knob]}`)
    now[i] = peers[i] as PeerConfig // and back
    if (atBothEnds.includes(knob)) other?.speaker.setPeers([toHub])
    hub.speaker.setPeers(now)
    await until(() => other?.peer().state === 'Established')
  }
  t.strictSame(
    others.slice(0, knobs.length).map((other) => (other.peer().flaps > 0 ? 'reset' : 'stays')),
    knobs.map((knob) => (changeClass[knob] === 'reset' ? 'reset' : 'stays')),
  )
  await proveAlive(hub, others, 100)
})

t.test('a peer that is added and one that is removed: the other sessions live on', async (t) => {
  const { hub, peers, others } = await fifty(t)
  const before = others.map(history)
  const [first, ...rest] = peers
  hub.speaker.setPeers([...peers, peerConfig({ name: 'new', address: address('127.0.3.201'), port: 1, passive: true })])
  await proveAlive(hub, others, 1)
  t.strictSame(others.map(history), before)
  hub.speaker.setPeers(rest)
  await until(() => others[0]?.peer().flaps === 1)
  t.match(lastWords(others[0]), /Peer De-configured/)
  await proveAlive(hub, others.slice(1), 2)
  t.strictSame(others.slice(1).map(history), before.slice(1))
  t.ok(first)
})

t.test('all fifty are changed at once, each in a knob that is not a reset: no session notices', async (t) => {
  const { hub, peers, others } = await fifty(t)
  const before = others.map(history)
  const gentle = knobs.filter((knob) => changeClass[knob] !== 'reset' && !atBothEnds.includes(knob) && !knob.startsWith('export'))
  hub.speaker.setPeers(peers.map((peer, i) => ({ ...peer, ...changes[gentle[i % gentle.length] ?? 'port'] })))
  await proveAlive(hub, others, 1)
  t.strictSame(others.map(history), before)
})
