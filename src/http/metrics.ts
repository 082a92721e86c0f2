/** The numbers of `/metrics`: read from the agent when Prometheus asks, once per scrape, so that nothing is counted twice. */
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { PeerStatus } from '../../bgp/peer.ts'
import type { AgentCounters, AgentFace, AgentStatus } from './agent-face.ts'
import { type LoopLag, measureLoopLag } from './loop-lag.ts'

/** Peers beyond this many have no series of their own. */
const maxPeers = 1_000

/** prom-client's own measure of the loop's lag counts the wait as lag: it is put to sleep, and left out. */
const hourMs = 3_600_000

type Reading = {
  readonly ready: boolean
  readonly status: AgentStatus
  readonly peers: readonly PeerStatus[]
  readonly counters: AgentCounters
  readonly lag: LoopLag
}

/** One value, by its labels; a gauge has several of them. */
type Sample = { readonly labels: Readonly<Record<string, string>>; readonly value: number }

/** @property name a counter's ends in `_total`, as Prometheus has it; the others are gauges */
type Metric = {
  readonly name: string
  readonly help: string
  readonly labels: readonly string[]
  read(reading: Reading): readonly Sample[]
}

/**
 * With prom-client's default metrics of the process.
 * @returns the text format of Prometheus, at this moment
 */
export function buildMetrics(agent: AgentFace): () => Promise<string> {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: hourMs })
  for (const { name } of registry.getMetricsAsArray()) if (name.startsWith('nodejs_eventloop_lag')) registry.removeSingleMetric(name)
  const readLag = measureLoopLag()
  const all = metrics.map((metric) => {
    const { name, help, labels } = metric
    const options = { name, help, labelNames: labels, registers: [registry] }
    return { metric, series: name.endsWith('_total') ? new Counter(options) : new Gauge(options) }
  })
  return async () => {
    const peers = agent.peers().slice(0, maxPeers)
    const reading = { ready: agent.ready().ready, status: agent.status(), peers, counters: agent.counters(), lag: readLag() }
    for (const { metric, series } of all) {
      series.reset() // a removed peer's series ends
      for (const { labels, value } of metric.read(reading)) series.inc(labels, value)
    }
    return await registry.metrics()
  }
}

const states: readonly PeerStatus['state'][] = ['Idle', 'Connect', 'Active', 'OpenSent', 'OpenConfirm', 'Established']

const metrics: readonly Metric[] = [
  {
    name: 'tortie_build_info',
    help: 'Always 1; the version is a label',
    labels: ['version'],
    read: ({ status: { version } }) => [{ labels: { version }, value: 1 }],
  },
  single('tortie_ready', '1 once the agent is ready', ({ ready }) => Number(ready)),
  single('tortie_in_sync', '1 while the kernel matches what is wanted', ({ status }) => Number(status.inSync)),
  single('tortie_revision', 'Revision of the last committed change set', ({ status }) => status.revision),
  single('tortie_programmed_revision', 'Newest revision that is programmed', ({ status }) => status.programmedRevision),
  {
    name: 'tortie_problems',
    help: 'Entries of problems in /v1/status, by severity',
    labels: ['severity'],
    read: ({ status }) =>
      (['warning', 'error'] as const).map((severity) => ({
        labels: { severity },
        value: status.problems.filter((problem) => problem.severity === severity).length,
      })),
  },
  single('tortie_bgp_peers', 'Configured BGP peers', ({ status }) => status.bgp.peers),
  single('tortie_bgp_peers_established', 'BGP peers in state Established', ({ status }) => status.bgp.established),
  counts('tortie_routes', 'Counts of routes in /v1/status', ({ status }) => status.routes),
  counts('tortie_policy', 'Counts of policy in /v1/status', ({ status }) => status.policy),
  {
    name: 'tortie_event_loop_lag_seconds',
    help: 'How late the event loop was since the last scrape; quantile 1 is the worst',
    labels: ['quantile'],
    read: ({ lag: { p50, p99, max } }) => [
      { labels: { quantile: '0.5' }, value: p50 },
      { labels: { quantile: '0.99' }, value: p99 },
      { labels: { quantile: '1' }, value: max },
    ],
  },
  single('tortie_applies_total', 'Times the kernel was brought to what is wanted', ({ counters }) => counters.applies.count),
  single('tortie_apply_seconds_total', 'Time that took', ({ counters }) => counters.applies.seconds),
  perTable('tortie_kernel_changes_total', 'Objects changed in the kernel', ({ changes }) => changes),
  perTable('tortie_kernel_repairs_total', 'Objects of ours that somebody else had changed, put right', ({ repairs }) => repairs),
  perTool('tortie_kernel_tool_runs_total', 'Runs of iptables-restore, ipset and their like', ({ runs }) => runs),
  perTool('tortie_kernel_tool_failures_total', 'Runs that did not end with 0', ({ failed }) => failed),
  perTool('tortie_kernel_tool_seconds_total', 'Time in which they ran', ({ seconds }) => seconds),
  single(
    'tortie_xtables_lock_waits_total',
    'Writes that found the lock of legacy iptables taken by another program',
    ({ counters }) => counters.lock.waits,
  ),
  single('tortie_xtables_lock_wait_seconds_total', 'Time those writes took', ({ counters }) => counters.lock.seconds),
  perPeer('tortie_bgp_peer_established', '1 while the session is Established', ({ state }) => Number(state === 'Established')),
  {
    name: 'tortie_bgp_peer_state',
    help: '1 for the state the session is in (RFC 4271 §8.2.2)',
    labels: ['peer', 'state'],
    read: ({ peers }) =>
      peers.flatMap(({ name, state }) => states.map((each) => ({ labels: { peer: name, state: each }, value: Number(each === state) }))),
  },
  perPeer('tortie_bgp_peer_flaps_total', 'Times the session left Established', ({ flaps }) => flaps),
  perBfdPeer('tortie_bgp_peer_bfd_up', '1 while the BFD session beside it is Up', ({ state }) => Number(state === 'Up')),
  perBfdPeer('tortie_bgp_peer_bfd_ups_total', 'Times that came Up', ({ ups }) => ups),
  perBfdPeer('tortie_bgp_peer_bfd_downs_total', 'Times that found the path broken', ({ downs }) => downs),
  perPeer('tortie_bgp_peer_messages_sent_total', 'BGP messages sent', ({ messages }) => messages.sent),
  perPeer('tortie_bgp_peer_messages_received_total', 'BGP messages received', ({ messages }) => messages.received),
  perPeer('tortie_bgp_peer_updates_sent_total', 'UPDATE messages sent', ({ messages }) => messages.updatesSent),
  perPeer('tortie_bgp_peer_updates_received_total', 'UPDATE messages received', ({ messages }) => messages.updatesReceived),
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

/** Peers without BFD have no line. */
function perBfdPeer(name: string, help: string, value: (bfd: NonNullable<PeerStatus['bfd']>) => number): Metric {
  const read = ({ peers }: Reading) =>
    peers.flatMap(({ name: peer, bfd }) => (bfd === undefined ? [] : [{ labels: { peer }, value: value(bfd) }]))
  return { name, help, labels: ['peer'], read }
}

function perPeer(name: string, help: string, value: (peer: PeerStatus) => number): Metric {
  return { name, help, labels: ['peer'], read: ({ peers }) => peers.map((peer) => ({ labels: { peer: peer.name }, value: value(peer) })) }
}

function perTable(name: string, help: string, numbers: (counters: AgentCounters) => Readonly<Record<string, number>>): Metric {
  const read = ({ counters }: Reading) => Object.entries(numbers(counters)).map(([table, value]) => ({ labels: { table }, value }))
  return { name, help, labels: ['table'], read }
}

function perTool(name: string, help: string, value: (use: AgentCounters['tools'][number]) => number): Metric {
  const read = ({ counters }: Reading) => counters.tools.map((use) => ({ labels: { command: use.command }, value: value(use) }))
  return { name, help, labels: ['command'], read }
}

function prefixes({ name, families }: PeerStatus): readonly Sample[] {
  return Object.entries(families).flatMap(([family, { received, accepted, advertised, stale }]) =>
    Object.entries({ received, accepted, advertised, stale }).map(([count, value]) => ({ labels: { peer: name, family, count }, value })),
  )
}
