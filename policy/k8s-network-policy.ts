/** networking.k8s.io/v1 NetworkPolicy in the terms of our own (resource reference §6.15). */
import type { KubernetesNetworkPolicySpec } from '../src/model/kubernetes-network-policy.ts'
import type { LabelRequirement, LabelSelector } from '../src/model/label-selector.ts'
import type { EntityRule, PortSpec } from '../src/model/rule-shape.ts'
import type { DraftRule, PolicyDraft } from './draft-rule.ts'
import { orchestratorLabel } from './effective-selector.ts'
import { mergeRanges } from './port-list.ts'
import { compareText } from './resource-key.ts'
import { canonical } from './selector/canonical.ts'
import { and } from './selector/combine.ts'
import { type Selector, sortedValues } from './selector/selector.ts'

export type K8sPeer = NonNullable<NonNullable<KubernetesNetworkPolicySpec['ingress']>[number]['from']>[number]
export type K8sPort = NonNullable<NonNullable<KubernetesNetworkPolicySpec['ingress']>[number]['ports']>[number]

/** All ports of one protocol (`ports` absent), or of every protocol (`protocol` absent too). */
type PortMatch = { readonly protocol?: string; readonly ports?: readonly PortSpec[] }

/** The same meaning as a policy of tier `default`, order 1000. One rule per peer and protocol, all of them Allow. */
export function policyFromK8s(spec: KubernetesNetworkPolicySpec): PolicyDraft {
  return {
    tier: 'default',
    order: 1000,
    selector: podSelectorText(spec.podSelector),
    types: spec.policyTypes,
    ingress: (spec.ingress ?? []).flatMap(({ from, ports }, index) => rulesOf(index, 'source', from, ports)),
    egress: (spec.egress ?? []).flatMap(({ to, ports }, index) => rulesOf(index, 'destination', to, ports)),
  }
}

/** A Kubernetes label selector as one of ours; `{}` and undefined select everything. NotIn also matches where the key is absent. */
export function selectorFromK8s({ matchLabels = {}, matchExpressions = [] }: LabelSelector = {}): Selector {
  const labels = Object.entries(matchLabels).toSorted(([a], [b]) => compareText(a, b))
  return and(...labels.map(([label, value]): Selector => ({ type: 'equal', label, value })), ...matchExpressions.map(requirement))
}

function rulesOf(
  index: number,
  side: 'source' | 'destination',
  peers: readonly K8sPeer[] | undefined,
  ports: readonly K8sPort[] | undefined,
): DraftRule[] {
  const others: readonly (K8sPeer | undefined)[] = peers === undefined || peers.length === 0 ? [undefined] : peers
  const [all, numbered] = [true, false].map((namesCount) => portMatches(ports ?? [], namesCount))
  return others.flatMap((peer) => {
    const matches = side === 'destination' && peer?.ipBlock !== undefined ? numbered : all
    return (matches ?? []).map((match) => ({ index, ...rule(side, peer, match) }))
  })
}

function rule(side: 'source' | 'destination', peer: K8sPeer | undefined, { protocol, ports }: PortMatch): DraftRule {
  const other = peer === undefined ? {} : entityOf(peer)
  const withPorts = ports === undefined ? {} : { ports }
  const destination = side === 'destination' ? { ...other, ...withPorts } : withPorts
  return {
    action: 'Allow',
    ...(protocol !== undefined && { protocol }),
    ...(side === 'source' && Object.keys(other).length > 0 && { source: other }),
    ...(Object.keys(destination).length > 0 && { destination }),
  }
}

/** Never {}: that would mean "anybody". @throws Error on a peer without any field, which the model refuses (§6.15 rule 8) */
function entityOf({ podSelector, namespaceSelector, ipBlock }: K8sPeer): EntityRule {
  if (ipBlock !== undefined) {
    const { cidr, except = [] } = ipBlock
    return { nets: [cidr], ...(except.length > 0 && { notNets: except }) }
  }
  if (podSelector === undefined && namespaceSelector === undefined) throw new Error('a NetworkPolicy peer has no field')
  return {
    selector: podSelectorText(podSelector),
    ...(namespaceSelector !== undefined && { namespaceSelector: canonical(selectorFromK8s(namespaceSelector)) }),
  }
}

export function podSelectorText(selector: LabelSelector | undefined): string {
  return canonical(and({ type: 'equal', label: orchestratorLabel, value: 'k8s' }, selectorFromK8s(selector)))
}

/** @param namesCount false for an ipBlock destination: a named port matches nothing there (§6.15 rule 11) */
function portMatches(ports: readonly K8sPort[], namesCount: boolean): PortMatch[] {
  if (ports.length === 0) return [{}]
  const byProtocol = Map.groupBy(ports, ({ protocol = 'TCP' }) => protocol)
  return [...byProtocol]
    .toSorted(([a], [b]) => compareText(a, b))
    .flatMap(([protocol, entries]): PortMatch[] => {
      if (entries.some(({ port }) => port === undefined)) return [{ protocol }]
      const specs = [...numericPorts(entries), ...(namesCount ? namedPorts(entries) : [])]
      return specs.length === 0 ? [] : [{ protocol, ports: specs }]
    })
}

function numericPorts(entries: readonly K8sPort[]): PortSpec[] {
  const ranges = entries.flatMap(({ port, endPort }) => (typeof port === 'number' ? [{ from: port, to: endPort ?? port }] : []))
  return mergeRanges(ranges).map(({ from, to }) => (from === to ? from : `${from}:${to}`))
}

function namedPorts(entries: readonly K8sPort[]): readonly string[] {
  return sortedValues(entries.flatMap(({ port }) => (typeof port === 'string' ? [port] : [])))
}

function requirement({ key: label, operator, values = [] }: LabelRequirement): Selector {
  switch (operator) {
    case 'In':
      return { type: 'in', label, values: sortedValues(values) }
    case 'NotIn':
      return { type: 'not-in', label, values: sortedValues(values) }
    case 'Exists':
      return { type: 'has', label }
    case 'DoesNotExist':
      return { type: 'not', operand: { type: 'has', label } }
  }
}
