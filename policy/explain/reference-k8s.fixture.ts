/** networking.k8s.io/v1 NetworkPolicy read as Kubernetes defines it (resource reference §6.15), not by conversion. */
import type { KubernetesNetworkPolicySpec } from '../../src/model/kubernetes-network-policy.ts'
import type { LabelRequirement, LabelSelector } from '../../src/model/label-selector.ts'
import type { K8sPeer, K8sPort } from '../k8s-network-policy.ts'
import type { Direction } from '../names.ts'
import { protocolNumber } from '../protocol.ts'
import type { Flow } from './flow.ts'
import { type Bearer, bearersOf, covers, type World } from './reference-world.fixture.ts'

export function k8sApplies({ policyTypes }: KubernetesNetworkPolicySpec, direction: Direction): boolean {
  return policyTypes.includes(direction === 'ingress' ? 'Ingress' : 'Egress')
}

export function k8sSelects(spec: KubernetesNetworkPolicySpec, namespace: string, endpoint: Bearer): boolean {
  return endpoint.namespace === namespace && isPod(endpoint) && labelsMatch(spec.podSelector ?? {}, (key) => endpoint.labels[key])
}

/** Why each rule does not allow the flow, in order: none of its "from" or "to" is the other end, or none of its "ports" is meant. undefined: it allows. */
export function k8sMismatches(
  world: World,
  spec: KubernetesNetworkPolicySpec,
  namespace: string,
  direction: Direction,
  flow: Flow,
): readonly (string | undefined)[] {
  const rules =
    direction === 'ingress'
      ? (spec.ingress ?? []).map(({ from, ports }) => ({ peers: from ?? [], ports: ports ?? [] }))
      : (spec.egress ?? []).map(({ to, ports }) => ({ peers: to ?? [], ports: ports ?? [] }))
  const other = direction === 'ingress' ? flow.source : flow.destination
  const isPeer = (peer: K8sPeer | undefined) => {
    if (peer === undefined) return true
    if (peer.ipBlock === undefined) return bearersOf(world, other).some((bearer) => isPod(bearer) && podMatches(peer, namespace, bearer))
    return covers(peer.ipBlock.cidr, other) && !(peer.ipBlock.except ?? []).some((net) => covers(net, other))
  }
  return rules.map(({ peers, ports }) => {
    const anyPeer: readonly (K8sPeer | undefined)[] = peers.length === 0 ? [undefined] : peers
    const meant = anyPeer.filter(isPeer)
    if (meant.length === 0) return direction === 'ingress' ? 'from' : 'to'
    const isPort = (peer: K8sPeer | undefined) => (port: K8sPort) =>
      portMatches(world, port, direction === 'ingress' || peer?.ipBlock === undefined, flow)
    return ports.length === 0 || meant.some((peer) => ports.some(isPort(peer))) ? undefined : 'ports'
  })
}

function podMatches({ podSelector, namespaceSelector }: K8sPeer, namespace: string, pod: Bearer): boolean {
  const inNamespace =
    namespaceSelector === undefined
      ? pod.namespace === namespace
      : pod.namespace !== '' && labelsMatch(namespaceSelector, (key) => pod.labels[`pcns.${key}`])
  return inNamespace && labelsMatch(podSelector ?? {}, (key) => pod.labels[key])
}

function portMatches(world: World, { protocol = 'TCP', port, endPort }: K8sPort, namesCount: boolean, flow: Flow): boolean {
  if (protocolNumber(protocol) !== flow.protocol) return false
  if (port === undefined) return true
  const actual = flow.destinationPort
  if (actual === undefined) return false
  if (typeof port === 'number') return port <= actual && actual <= (endPort ?? port)
  const named = bearersOf(world, flow.destination).flatMap(({ ports }) => ports)
  return namesCount && named.some((one) => one.name === port && one.port === actual && protocolNumber(one.protocol) === flow.protocol)
}

function labelsMatch({ matchLabels = {}, matchExpressions = [] }: LabelSelector, labelOf: (key: string) => string | undefined): boolean {
  if (!Object.entries(matchLabels).every(([key, value]) => labelOf(key) === value)) return false
  return matchExpressions.every((requirement) => holds(requirement, labelOf(requirement.key)))
}

function holds({ operator, values = [] }: LabelRequirement, value: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value)
    case 'NotIn':
      return value === undefined || !values.includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
  }
}

function isPod({ labels }: Bearer): boolean {
  return labels['projectcalico.org/orchestrator'] === 'k8s'
}
