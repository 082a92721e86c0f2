import t from 'tap'
import type { PeerStatus } from '../../bgp/peer.ts'
import type { AgentFace } from './agent-face.ts'
import { counters, flowCounters, monitors, peer, ruleTotals, status } from './api-fixture.ts'
import { buildMetrics } from './metrics.ts'

/** An agent of which only this is asked. */
function agent(face: Partial<Pick<AgentFace, 'ready' | 'status' | 'peers' | 'monitors' | 'ruleTotals' | 'flowLog'>> = {}): AgentFace {
  return {
    ready: () => ({ ready: true, reasons: [] }),
    status: () => status,
    peers: () => [peer],
    monitors: () => ({ collectors: [] }),
    counters: () => counters,
    ruleTotals: async () => ({ rules: [], leftOut: 0 }),
    ...face,
  } as AgentFace
}

/** Our own lines, without those about them. */
const ours = (text: string) => text.split('\n').filter((line) => line.startsWith('tortie_') && !line.startsWith('tortie_event_loop_lag'))

t.test('every number of ours, with its labels', async (t) => {
  t.strictSame(ours(await buildMetrics(agent())()), [
    'tortie_build_info{version="0.1.0"} 1',
    'tortie_ready 1',
    'tortie_in_sync 1',
    'tortie_revision 0',
    'tortie_programmed_revision 0',
    'tortie_problems{severity="warning"} 1',
    'tortie_problems{severity="error"} 0',
    'tortie_bgp_peers 1',
    'tortie_bgp_peers_established 1',
    'tortie_routes{count="wanted"} 4',
    'tortie_routes{count="programmed"} 3',
    'tortie_policy{count="chains"} 7',
    'tortie_policy{count="ipSets"} 2',
    'tortie_applies_total 9',
    'tortie_apply_seconds_total 0.5',
    'tortie_kernel_changes_total{table="policy"} 4',
    'tortie_kernel_changes_total{table="routes"} 3',
    'tortie_kernel_repairs_total{table="policy"} 1',
    'tortie_kernel_repairs_total{table="routes"} 0',
    'tortie_kernel_tool_runs_total{command="ipset"} 3',
    'tortie_kernel_tool_failures_total{command="ipset"} 1',
    'tortie_kernel_tool_seconds_total{command="ipset"} 0.25',
    'tortie_kernel_tools_busy_seconds_total 0.2',
    'tortie_xtables_lock_waits_total 2',
    'tortie_xtables_lock_wait_seconds_total 0.75',
    'tortie_policy_rules_left_out 0',
    'tortie_flows 0',
    'tortie_flows_forgotten_total 0',
    'tortie_flows_differing_total 0',
    'tortie_flows_unjudged_total 0',
    'tortie_flow_copies_lost_total 0',
    'tortie_flow_copies_unread_total 0',
    'tortie_bgp_peer_established{peer="tor1"} 1',
    ...['Idle', 'Connect', 'Active', 'OpenSent', 'OpenConfirm'].map((state) => `tortie_bgp_peer_state{peer="tor1",state="${state}"} 0`),
    'tortie_bgp_peer_state{peer="tor1",state="Established"} 1',
    'tortie_bgp_peer_established_timestamp_seconds{peer="tor1"} 1767355200',
    'tortie_bgp_peer_flaps_total{peer="tor1"} 1',
    'tortie_bgp_peer_messages_sent_total{peer="tor1"} 5',
    'tortie_bgp_peer_messages_received_total{peer="tor1"} 6',
    'tortie_bgp_peer_updates_sent_total{peer="tor1"} 1',
    'tortie_bgp_peer_updates_received_total{peer="tor1"} 2',
    'tortie_bgp_peer_prefixes{peer="tor1",family="ipv4-unicast",count="received"} 3',
    'tortie_bgp_peer_prefixes{peer="tor1",family="ipv4-unicast",count="accepted"} 2',
    'tortie_bgp_peer_prefixes{peer="tor1",family="ipv4-unicast",count="advertised"} 1',
    'tortie_bgp_peer_prefixes{peer="tor1",family="ipv4-unicast",count="stale"} 0',
    'tortie_mrt_files_total 0',
    'tortie_mrt_failures_total 0',
  ])
})

t.test('packets by rule of a policy, and what the flow log has seen', async (t) => {
  const page = () => undefined
  const flowLog = { page, recent: () => [], watch: async function* () {}, counters: flowCounters }
  const lines = ours(await buildMetrics(agent({ ruleTotals: async () => ruleTotals, flowLog }))())
  const labels = 'kind="NetworkPolicy",namespace="shop",name="web",direction="ingress",rule="2",action="Deny"'
  t.strictSame(
    lines.filter((line) => /^tortie_(policy_rule|flow)/.test(line)),
    [
      `tortie_policy_rule_packets_total{${labels}} 5`,
      `tortie_policy_rule_octets_total{${labels}} 300`,
      'tortie_policy_rules_left_out 1',
      'tortie_flow_packets_total{verdict="allowed"} 6',
      'tortie_flow_packets_total{verdict="denied"} 3',
      'tortie_flows 4',
      'tortie_flows_forgotten_total 2',
      'tortie_flows_differing_total 1',
      'tortie_flows_unjudged_total 0',
      'tortie_flow_copies_lost_total 7',
      'tortie_flow_copies_unread_total 0',
    ],
  )
})

t.test('what a peer has said and done, by type; what went wrong last, by its code', async (t) => {
  const byType = { open: 1, update: 2, notification: 0, keepalive: 3, routeRefresh: 0 }
  const busy: PeerStatus = {
    ...peer,
    state: 'Idle',
    families: { 'ipv6-unicast': { received: 3, accepted: 2, best: 1, advertised: 0, stale: 0 } },
    messages: { ...peer.messages, sentByType: byType, receivedByType: byType, handlingSec: 1.5 },
    lastError: { name: 'Cease/Administrative Shutdown', code: 6, subcode: 2, direction: 'received', at: '', message: 'x"} 1\n\u001b[2J' },
  }
  const lines = ours(await buildMetrics(agent({ peers: () => [busy] }))())
  t.strictSame(
    lines.filter((line) => /messages_total\{.*update|handling|last_error|timestamp|count="best"/.test(line)),
    [
      'tortie_bgp_peer_last_error_code{peer="tor1"} 6',
      'tortie_bgp_peer_last_error_subcode{peer="tor1"} 2',
      'tortie_bgp_peer_messages_total{peer="tor1",direction="sent",type="update"} 2',
      'tortie_bgp_peer_messages_total{peer="tor1",direction="received",type="update"} 2',
      'tortie_bgp_peer_handling_seconds_total{peer="tor1"} 1.5',
      'tortie_bgp_peer_prefixes{peer="tor1",family="ipv6-unicast",count="best"} 1',
    ],
  )
  t.notOk(
    lines.some((line) => line.includes('[2J')),
    'input 79: what a peer says is in no label',
  )
})

t.test('tables, collectors and MRT files', async (t) => {
  const lines = ours(await buildMetrics(agent({ monitors: () => monitors }))())
  t.strictSame(
    lines.filter((line) => /^tortie_(bgp_rib|bmp|mrt)/.test(line)),
    [
      'tortie_bgp_rib{family="ipv4-unicast",count="prefixes"} 4',
      'tortie_bgp_rib{family="ipv4-unicast",count="paths"} 6',
      'tortie_bgp_rib{family="ipv4-unicast",count="best"} 3',
      'tortie_bmp_connected{collector="noc"} 1',
      'tortie_bmp_connects_total{collector="noc"} 2',
      'tortie_bmp_messages_total{collector="noc"} 30',
      'tortie_bmp_octets_total{collector="noc"} 4000',
      'tortie_bmp_unread_bytes{collector="noc"} 5',
      'tortie_mrt_files_total 7',
      'tortie_mrt_failures_total 1',
    ],
  )
})

t.test('BFD has lines for the peers that have BFD', async (t) => {
  const bfd: NonNullable<PeerStatus['bfd']> = {
    state: 'Up',
    since: '2026-01-02T12:00:00.000Z',
    multihop: false,
    diagnostic: 'No Diagnostic',
    discriminator: 7,
    intervalMs: 300,
    detectionTimeMs: 900,
    ups: 2,
    downs: 1,
  }
  const lines = ours(await buildMetrics(agent({ peers: () => [peer, { ...peer, name: 'tor2', bfd }] }))())
  t.strictSame(
    lines.filter((line) => line.includes('bfd')),
    [
      'tortie_bgp_peer_bfd_up{peer="tor2"} 1',
      'tortie_bgp_peer_bfd_ups_total{peer="tor2"} 2',
      'tortie_bgp_peer_bfd_downs_total{peer="tor2"} 1',
    ],
  )
})

t.test('the lag of the event loop has one name, by quantile', async (t) => {
  const lines = (await buildMetrics(agent())()).split('\n').filter((line) => /lag/.test(line) && !line.startsWith('#'))
  t.strictSame(
    lines.map((line) => line.replace(/ \S+$/, '')),
    ['0.5', '0.99', '1'].map((quantile) => `tortie_event_loop_lag_seconds{quantile="${quantile}"}`),
  )
})

t.test('a scrape reads the agent once, and what it says now', async (t) => {
  let reads = 0
  let ready = false
  const face = agent({
    ready: () => ({ ready, reasons: [] }),
    status: () => {
      reads += 1
      return { ...status, inSync: ready, routes: { wanted: reads } }
    },
  })
  const scrape = buildMetrics(face)
  t.equal(reads, 0, 'nothing is read before it is asked for')
  const first = ours(await scrape())
  ready = true
  const second = ours(await scrape())
  t.equal(reads, 2)
  const seen = [first, second].map((lines) => lines.filter((line) => /^tortie_(ready|in_sync|routes)/.test(line)))
  t.strictSame(seen, [
    ['tortie_ready 0', 'tortie_in_sync 0', 'tortie_routes{count="wanted"} 1'],
    ['tortie_ready 1', 'tortie_in_sync 1', 'tortie_routes{count="wanted"} 2'],
  ])
})

t.test('with very many peers the number of series stays bounded', async (t) => {
  const peers = Array.from({ length: 1_200 }, (_, index): PeerStatus => ({ ...peer, name: `p${index}` }))
  const lines = ours(await buildMetrics(agent({ peers: () => peers }))())
  t.equal(lines.filter((line) => line.startsWith('tortie_bgp_peer_established{')).length, 1_000)
})
