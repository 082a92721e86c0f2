/** The numbers of `/metrics`: read from the agent when Prometheus asks, so that nothing is counted twice. */
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { PeerStatus } from '../../bgp/peer.ts'
import type { AgentFace } from './agent-face.ts'

/** Peers beyond this many have no series of their own. */
const maxPeers = 1_000

/** The loop is woken this often to measure its lag; prom-client's 10 ms would cost an idle agent half of its CPU time. */
const loopLagPrecisionMs = 100

/** With prom-client's default metrics of the process, the event loop's lag among them. */
export function buildMetrics(agent: AgentFace): Registry {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: loopLagPrecisionMs })
  addAgent(registry, agent)
  addCounts(registry, agent)
  addPeers(registry, agent)
  return registry
}

function addAgent(registry: Registry, agent: AgentFace): void {
  const gauges: [name: string, help: string, value: () => number][] = [
    ['tortie_ready', '1 once the agent is ready', () => Number(agent.ready().ready)],
    ['tortie_in_sync', '1 while the kernel matches what is wanted', () => Number(agent.status().inSync)],
    ['tortie_revision', 'Revision of the last committed change set', () => agent.status().revision],
    ['tortie_programmed_revision', 'Newest revision that is programmed', () => agent.status().programmedRevision],
    ['tortie_problems', 'Entries of problems in /v1/status', () => agent.status().problems.length],
    ['tortie_bgp_peers', 'Configured BGP peers', () => agent.status().bgp.peers],
    ['tortie_bgp_peers_established', 'BGP peers in state Established', () => agent.status().bgp.established],
  ]
  for (const [name, help, value] of gauges)
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(value())
      },
    })
}

function addCounts(registry: Registry, agent: AgentFace): void {
  for (const part of ['routes', 'policy'] as const)
    new Gauge({
      name: `tortie_${part}`,
      help: `Counts of ${part} in /v1/status`,
      labelNames: ['count'],
      registers: [registry],
      collect() {
        for (const [name, value] of Object.entries(agent.status()[part])) this.set({ count: name }, value)
      },
    })
}

/** One line per peer; `reset` so that a removed peer's series ends. */
function addPeers(registry: Registry, agent: AgentFace): void {
  const perPeer: [name: string, help: string, value: (peer: PeerStatus) => number][] = [
    ['tortie_bgp_peer_established', '1 while the session is Established', ({ state }) => Number(state === 'Established')],
    ['tortie_bgp_peer_flaps', 'Times the session left Established', ({ flaps }) => flaps],
    ['tortie_bgp_peer_messages_sent', 'BGP messages sent', ({ messages }) => messages.sent],
    ['tortie_bgp_peer_messages_received', 'BGP messages received', ({ messages }) => messages.received],
  ]
  for (const [name, help, value] of perPeer)
    new Gauge({
      name,
      help,
      labelNames: ['peer'],
      registers: [registry],
      collect() {
        this.reset()
        for (const peer of agent.peers().slice(0, maxPeers)) this.set({ peer: peer.name }, value(peer))
      },
    })
  new Gauge({
    name: 'tortie_bgp_peer_prefixes',
    help: 'Prefixes of a peer by family, and received, accepted, advertised or stale',
    labelNames: ['peer', 'family', 'count'],
    registers: [registry],
    collect() {
      this.reset()
      for (const { name, families } of agent.peers().slice(0, maxPeers))
        for (const [family, counts] of Object.entries(families))
          for (const [count, value] of Object.entries(counts)) this.set({ peer: name, family, count }, value)
    },
  })
}
