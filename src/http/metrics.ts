/** The numbers of `/metrics`: read from the agent when Prometheus asks, once per scrape, so that nothing is counted twice. */
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { PeerStatus } from '../../bgp/peer.ts'
import type { AgentFace, AgentStatus } from './agent-face.ts'

/** Peers beyond this many have no series of their own. */
const maxPeers = 1_000

/** The loop is woken this often to measure its lag; prom-client's 10 ms would cost an idle agent half of its CPU time. */
const loopLagPrecisionMs = 100

type Reading = { readonly ready: boolean; readonly status: AgentStatus; readonly peers: readonly PeerStatus[] }

/** One value, by its labels; a gauge has several of them. */
type Sample = { readonly labels: Readonly<Record<string, string>>; readonly value: number }

type Metric = {
  readonly name: string
  readonly help: string
  readonly labels: readonly string[]
  read(reading: Reading): readonly Sample[]
}

/**
 * With prom-client's default metrics of the process, the event loop's lag among them.
 * @returns the text format of Prometheus, at this moment
 */
export function buildMetrics(agent: AgentFace): () => Promise<string> {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: loopLagPrecisionMs })
  const gauges = metrics.map((metric) => {
    const { name, help, labels } = metric
    return { metric, gauge: new Gauge({ name, help, labelNames: labels, registers: [registry] }) }
  })
  return async () => {
    const reading = { ready: agent.ready().ready, status: agent.status(), peers: agent.peers().slice(0, maxPeers) }
    for (const { metric, gauge } of gauges) {
      gauge.reset() // a removed peer's series ends
      for (const { labels, value } of metric.read(reading)) gauge.set(labels, value)
    }
    return await registry.metrics()
  }
}

const metrics: readonly Metric[] = [
  single('tortie_ready', '1 once the agent is ready', ({ ready }) => Number(ready)),
  single('tortie_in_sync', '1 while the kernel matches what is wanted', ({ status }) => Number(status.inSync)),
  single('tortie_revision', 'Revision of the last committed change set', ({ status }) => status.revision),
  single('tortie_programmed_revision', 'Newest revision that is programmed', ({ status }) => status.programmedRevision),
  single('tortie_problems', 'Entries of problems in /v1/status', ({ status }) => status.problems.length),
  single('tortie_bgp_peers', 'Configured BGP peers', ({ status }) => status.bgp.peers),
  single('tortie_bgp_peers_established', 'BGP peers in state Established', ({ status }) => status.bgp.established),
  counts('tortie_routes', 'Counts of routes in /v1/status', ({ status }) => status.routes),
  counts('tortie_policy', 'Counts of policy in /v1/status', ({ status }) => status.policy),
  perPeer('tortie_bgp_peer_established', '1 while the session is Established', ({ state }) => Number(state === 'Established')),
  perPeer('tortie_bgp_peer_flaps', 'Times the session left Established', ({ flaps }) => flaps),
  perPeer('tortie_bgp_peer_messages_sent', 'BGP messages sent', ({ messages }) => messages.sent),
  perPeer('tortie_bgp_peer_messages_received', 'BGP messages received', ({ messages }) => messages.received),
  {
    name: 'tortie_bgp_peer_prefixes',
    help: 'Prefixes of a peer by family: received, accepted, advertised, stale',
    labels: ['peer', 'family', 'count'],
    read: ({ peers }) => peers.flatMap(prefixes),
  },
]

function single(name: string, help: string, value: (reading: Reading) => number): Metric {
  return { name, help, labels: [], read: (reading) => [{ labels: {}, value: value(reading) }] }
}

function counts(name: string, help: string, numbers: (reading: Reading) => Readonly<Record<string, number>>): Metric {
  const read = (reading: Reading) => Object.entries(numbers(reading)).map(([count, value]) => ({ labels: { count }, value }))
  return { name, help, labels: ['count'], read }
}

function perPeer(name: string, help: string, value: (peer: PeerStatus) => number): Metric {
  return { name, help, labels: ['peer'], read: ({ peers }) => peers.map((peer) => ({ labels: { peer: peer.name }, value: value(peer) })) }
}

function prefixes({ name, families }: PeerStatus): readonly Sample[] {
  return Object.entries(families).flatMap(([family, counted]) =>
    Object.entries(counted).map(([count, value]) => ({ labels: { peer: name, family, count }, value })),
  )
}
