/** Metrics of what policy did: packets by rule, and the flow log's own. */
import type { FlowCounters } from '../flows/flow-log.ts'
import type { RuleTotal } from '../rule-totals.ts'
import type { Metric, Reading } from './metric.ts'

const ruleLabels = ['kind', 'namespace', 'name', 'direction', 'rule', 'action']

export const policyMetrics: readonly Metric[] = [
  perRule(
    'tortie_policy_rule_packets_total',
    'Packets that a rule of a policy or profile has decided about, or logged',
    ({ packets }) => packets,
  ),
  perRule('tortie_policy_rule_octets_total', 'Octets of those', ({ octets }) => octets),
  {
    name: 'tortie_policy_rules_left_out',
    help: 'Rules that have counted something and have no series of their own, because others have counted more',
    labels: [],
    read: ({ rules }) => [{ labels: {}, value: rules.leftOut }],
  },
  {
    name: 'tortie_flow_packets_total',
    help: 'First packets of connections that the flow log has read, by verdict; the kernel copies felix.flowLog.perSecond at most',
    labels: ['verdict'],
    read: ({ flows }) => Object.entries(flows?.seen ?? {}).map(([verdict, value]) => ({ labels: { verdict }, value })),
  },
  flowLog('tortie_flows', 'Different flows that are kept', ({ flows }) => flows),
  flowLog('tortie_flows_forgotten_total', 'Flows that made room for newer ones', ({ evicted }) => evicted),
  flowLog(
    'tortie_flows_differing_total',
    'Flows about which the kernel decided otherwise than the policies say',
    ({ differing }) => differing,
  ),
  flowLog('tortie_flows_unjudged_total', 'Packets of which nobody had the time to ask which policy decided', ({ unjudged }) => unjudged),
  flowLog('tortie_flow_copies_lost_total', 'Copies of packets that the kernel made and had no room for', ({ copies }) => copies.lost),
  flowLog('tortie_flow_copies_unread_total', 'Copies that are none of ours, or of no IP packet', ({ copies }) => copies.unread),
]

function perRule(name: string, help: string, value: (total: RuleTotal) => number): Metric {
  const labelsOf = ({ kind, namespace, name, direction, rule, action }: RuleTotal) => ({
    kind,
    namespace,
    name,
    direction,
    rule: `${rule}`,
    action,
  })
  const read = ({ rules }: Reading) => rules.rules.map((total) => ({ labels: labelsOf(total), value: value(total) }))
  return { name, help, labels: ruleLabels, read }
}

/** Without a flow log it is 0. */
function flowLog(name: string, help: string, value: (counters: FlowCounters) => number): Metric {
  return { name, help, labels: [], read: ({ flows }) => (flows === undefined ? [] : [{ labels: {}, value: value(flows) }]) }
}
