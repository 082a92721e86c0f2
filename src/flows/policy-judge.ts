/** Who decided about a flow, asked of the policies that the chains are made of. */
import type { Where } from '../../policy/explain/explain.ts'
import { type EndVerdict, type Explanation, endAt, type Pending, type Step } from '../../policy/explain/explanation.ts'
import type { Flow } from '../../policy/explain/flow.ts'
import { resourceKey } from '../../policy/resource-key.ts'
import { type Resource, refOf } from '../model/resource.ts'
import type { WorkloadEndpoint } from '../model/workload-endpoint.ts'
import type { IpAddress } from '../net/address.ts'
import type { Decision, EndpointName, Judgement, Sighting } from './flow.ts'

/** What is asked of policy/graph.ts. */
export type Explainer = {
  explain(flow: Flow, where: Omit<Where, 'nodeAddresses'>): Explanation
  holdersOf(address: IpAddress): readonly Resource[]
  /** The HostEndpoint that governs traffic through an interface. */
  hostOn(interfaceName: string): { readonly name: string } | undefined
}

/**
 * Only what this node enforces counts: what an end on another node says is that node's to log. What the explanation would have allowed and
 * was denied, a host endpoint denied: before DNAT it saw another packet. What is dropped for another reason no policy is asked about.
 */
export function judge(policy: Explainer, sighting: Sighting): Judgement {
  const { ruling, packet, inInterface, outInterface } = sighting
  if (ruling.reason !== undefined) return { verdict: 'denied', isCertain: true, decisions: [] }
  const { ends } = policy.explain(packet, {
    ...endOf('from', endpointAt(policy, packet.source, inInterface)),
    ...endOf('to', endpointAt(policy, packet.destination, outInterface)),
    interfaceTo: (address) => (address === packet.source ? inInterface : outInterface),
  })
  const asked = ends.filter(({ local, reached }, i) => local && (reached || isOpenHere(ends.slice(0, i))))
  const [from, to] = [endAt(ends, 'egress'), endAt(ends, 'ingress')]
  const isAllowed = asked.every(({ verdict }) => verdict === 'Allow')
  const hosts = hostsOf(policy, sighting)
  const denier = isAllowed && ruling.verdict === 'denied' ? hosts.slice(-1) : []
  const pending = asked.flatMap((end) => (end.pending === undefined ? [] : otherThan(decisionOf(end), decisionOf(end.pending))))
  return {
    verdict: isAllowed && denier.length === 0 ? 'allowed' : 'denied',
    isCertain: hosts.length === 0,
    ...(from && { from: nameOf(from) }),
    ...(to && { to: nameOf(to) }),
    decisions: [...asked.flatMap(decisionOf), ...denier],
    ...(pending.length > 0 && { pending }),
  }
}

/** Several may have the address: the packet came in by, or leaves by, the interface of one. */
function endpointAt(policy: Explainer, address: IpAddress, interfaceName: string | undefined): Resource | undefined {
  return policy.holdersOf(address).find((resource) => isEndpoint(resource) && resource.spec.interfaceName === interfaceName)
}

function isEndpoint(resource: Resource): resource is WorkloadEndpoint {
  return resource.kind === 'WorkloadEndpoint'
}

/** Whether nothing that this node enforces stands in the way. */
function isOpenHere(before: readonly EndVerdict[]): boolean {
  return before.every(({ local, verdict }) => !local || verdict === 'Allow')
}

function endOf<Name extends 'from' | 'to'>(name: Name, endpoint: Resource | undefined) {
  return endpoint === undefined ? {} : { [name]: resourceKey(refOf(endpoint)) }
}

/** The host endpoints that were asked, each as the one that denied. */
function hostsOf(policy: Explainer, { inInterface, outInterface }: Sighting): readonly Decision[] {
  const asked = [
    ['ingress', inInterface],
    ['egress', outInterface],
  ] as const
  return asked.flatMap(([direction, interfaceName]) => {
    const host = interfaceName === undefined ? undefined : policy.hostOn(interfaceName)
    return host === undefined ? [] : [{ direction, subject: `HostEndpoint ${host.name}`, outcome: 'Deny' }]
  })
}

/** What staged policies would decide, where that is not what is decided anyway. */
function otherThan(decided: readonly Decision[], pending: readonly Decision[]): readonly Decision[] {
  return JSON.stringify(pending) === JSON.stringify(decided) ? [] : pending
}

/** The last step decided. */
function decisionOf({ steps }: Pending): readonly Decision[] {
  return steps.slice(-1).map(({ direction, subject, rule, outcome }: Step) => ({
    direction,
    subject,
    ...(rule !== undefined && { rule }),
    outcome,
  }))
}

function nameOf({ endpoint: { metadata } }: EndVerdict): EndpointName {
  return { namespace: metadata.namespace ?? '', name: metadata.name }
}
