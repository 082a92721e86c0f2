/** The numbers of `/metrics`: read from the agent when Prometheus asks, once per scrape, so that nothing is counted twice. */
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { AgentCounters, AgentFace } from './agent-face.ts'
import { bgpMetrics } from './bgp-metrics.ts'
import { measureLoopLag } from './loop-lag.ts'
import type { Metric, Reading } from './metric.ts'
import { policyMetrics } from './policy-metrics.ts'

/** Peers beyond this many have no series of their own. */
const maxPeers = 1_000

/** prom-client's own measure of the loop's lag counts the wait as lag: it is put to sleep, and left out. */
const hourMs = 3_600_000

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
    const rules = await agent.ruleTotals() // what that costs is in the counters
    const peers = agent.peers().slice(0, maxPeers)
    const reading = {
      ready: agent.ready().ready,
      status: agent.status(),
      peers,
      monitors: agent.monitors(),
      counters: agent.counters(),
      lag: readLag(),
      rules,
      flows: agent.flowLog?.counters,
    }
    for (const { metric, series } of all) {
      series.reset() // a removed peer's series ends
      for (const { labels, value } of metric.read(reading)) series.inc(labels, value)
    }
    return await registry.metrics()
  }
}

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
  single('tortie_kernel_tools_busy_seconds_total', 'Time in which at least one of them ran', ({ counters }) => counters.toolsBusySeconds),
  single(
    'tortie_xtables_lock_waits_total',
    'Writes that found the lock of legacy iptables taken by another program',
    ({ counters }) => counters.lock.waits,
  ),
  single('tortie_xtables_lock_wait_seconds_total', 'Time those writes took', ({ counters }) => counters.lock.seconds),
  ...policyMetrics,
  ...bgpMetrics,
]

function single(name: string, help: string, value: (reading: Reading) => number): Metric {
  return { name, help, labels: [], read: (reading) => [{ labels: {}, value: value(reading) }] }
}

function counts(name: string, help: string, numbers: (reading: Reading) => Readonly<Record<string, number>>): Metric {
  const read = (reading: Reading) => Object.entries(numbers(reading)).map(([count, value]) => ({ labels: { count }, value }))
  return { name, help, labels: ['count'], read }
}

function perTable(name: string, help: string, numbers: (counters: AgentCounters) => Readonly<Record<string, number>>): Metric {
  const read = ({ counters }: Reading) => Object.entries(numbers(counters)).map(([table, value]) => ({ labels: { table }, value }))
  return { name, help, labels: ['table'], read }
}

function perTool(name: string, help: string, value: (use: AgentCounters['tools'][number]) => number): Metric {
  const read = ({ counters }: Reading) => counters.tools.map((use) => ({ labels: { command: use.command }, value: value(use) }))
  return { name, help, labels: ['command'], read }
}
