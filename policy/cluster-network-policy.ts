/** policy.networking.k8s.io/v1alpha2 ClusterNetworkPolicy in the terms of our own (resource reference §6.16). */
import type { ClusterNetworkPolicySpec } from '../src/model/cluster-network-policy.ts'
import type { LabelSelector } from '../src/model/label-selector.ts'
import type { EntityRule, PortSpec } from '../src/model/rule-shape.ts'
import type { DraftRule, PolicyDraft } from './draft-rule.ts'
import { podSelectorText, selectorFromK8s } from './k8s-network-policy.ts'
import { mergeRanges } from './port-list.ts'
import { canonical } from './selector/canonical.ts'
import { sortedValues } from './selector/selector.ts'

type IngressRule = NonNullable<ClusterNetworkPolicySpec['ingress']>[number]
type EgressRule = NonNullable<ClusterNetworkPolicySpec['egress']>[number]
type Peer = EgressRule['to'][number]
type Protocol = NonNullable<EgressRule['protocols']>[number]
type Side = 'source' | 'destination'

const tiers = { Admin: 'kube-admin', Baseline: 'kube-baseline' } as const
const actions = { Accept: 'Allow', Deny: 'Deny', Pass: 'Pass' } as const

/** The same meaning as a policy of a tier whose default is Pass. A direction without rules is none of its business. */
export function policyFromCluster({ tier, priority, subject, ingress = [], egress = [] }: ClusterNetworkPolicySpec): PolicyDraft {
  return {
    tier: tiers[tier],
    order: priority,
    ...selectedPods(subject),
    types: [...(ingress.length > 0 ? ['Ingress' as const] : []), ...(egress.length > 0 ? ['Egress' as const] : [])],
    ingress: ingress.flatMap((rule, index) => rulesOf(index, 'source', rule, rule.from)),
    egress: egress.flatMap((rule, index) => rulesOf(index, 'destination', rule, rule.to)),
  }
}

function rulesOf(index: number, side: Side, rule: IngressRule | EgressRule, peers: readonly Peer[]): readonly DraftRule[] {
  const { name } = rule
  const common = { index, ...(name !== undefined && { metadata: { annotations: { name } } }) }
  return peers.flatMap((peer): readonly DraftRule[] => {
    const other = entityOf(peer)
    // Fails closed: what only opens does not open, what decides otherwise decides for all (§6.16, unknown peer).
    if (other === undefined) return rule.action === 'Accept' ? [] : [{ ...common, action: 'Deny' }]
    const { toNodes, ...entity } = other
    return portMatches(rule.protocols ?? []).map(({ protocol, ports }) => {
      const withPorts = ports === undefined ? {} : { ports }
      const destination = side === 'destination' ? { ...entity, ...withPorts } : withPorts
      return {
        ...common,
        ...(toNodes !== undefined && { toNodes }),
        action: actions[rule.action],
        ...(protocol !== undefined && { protocol }),
        ...(side === 'source' && { source: entity }),
        destination,
      }
    })
  })
}

/** Never {}: that would mean "anybody". undefined: a peer that cannot be told by its addresses, as a domain name. */
function entityOf({ namespaces, pods, networks, nodes }: Peer): (EntityRule & Pick<DraftRule, 'toNodes'>) | undefined {
  if (networks !== undefined) return { nets: networks }
  if (nodes !== undefined) return { toNodes: selectorFromK8s(nodes) }
  return namespaces === undefined && pods === undefined ? undefined : selectedPods({ namespaces, pods })
}

type Selected = { readonly namespaces?: LabelSelector | undefined; readonly pods?: ClusterNetworkPolicySpec['subject']['pods'] | undefined }

/** Pods only: network sets and host endpoints carry no orchestrator. */
function selectedPods({ namespaces, pods }: Selected) {
  return {
    selector: podSelectorText(pods?.podSelector),
    namespaceSelector: canonical(selectorFromK8s(pods?.namespaceSelector ?? namespaces)),
  }
}

type PortMatch = { readonly protocol?: string; readonly ports?: readonly PortSpec[] }

/** A named port stands for every protocol in which a pod has a port of the name. */
function portMatches(protocols: readonly Protocol[]): readonly PortMatch[] {
  if (protocols.length === 0) return [{}]
  const names = sortedValues(protocols.flatMap(({ destinationNamedPort }) => destinationNamedPort ?? []))
  const numbered = (['tcp', 'udp', 'sctp'] as const).flatMap((protocol) => {
    const entries = protocols.flatMap((entry) => entry[protocol] ?? [])
    return entries.length === 0 ? [] : [{ protocol: protocol.toUpperCase(), ...numericPorts(entries) }]
  })
  return names.length === 0 ? numbered : [...numbered, { ports: names }]
}

function numericPorts(entries: readonly NonNullable<Protocol['tcp']>[]): { readonly ports?: readonly PortSpec[] } {
  if (entries.some(({ destinationPort }) => destinationPort === undefined)) return {}
  const ranges = entries.flatMap(({ destinationPort: { number, range } = {} }) =>
    range !== undefined ? [{ from: range.start, to: range.end }] : number !== undefined ? [{ from: number, to: number }] : [],
  )
  return { ports: mergeRanges(ranges).map(({ from, to }) => (from === to ? from : `${from}:${to}`)) }
}
