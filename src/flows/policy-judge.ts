/** Who decided about a flow, asked of the policies that the chains are made of. */
import type { Ends } from '../../policy/explain.ts'
import type { EndVerdict, Explanation } from '../../policy/explanation.ts'
import type { Flow } from '../../policy/flow.ts'
import { resourceKey } from '../../policy/resource-key.ts'
import { type Resource, refOf } from '../model/resource.ts'
import type { WorkloadEndpoint } from '../model/workload-endpoint.ts'
import type { IpAddress } from '../net/address.ts'
import type { Decision, EndpointName, Judgement, Sighting } from './flow.ts'

/** What is asked of policy/graph.ts. */
export type Explainer = {
  explain(flow: Flow, ends: Ends): Explanation
  holdersOf(address: IpAddress): readonly Resource[]
}

/** Only what this node enforces counts: what an end on another node says is that node's to log. */
export function judge(policy: Explainer, { packet, inInterface, outInterface }: Sighting): Judgement {
  const { ends } = policy.explain(packet, {
    ...endOf('from', endpointAt(policy, packet.source, inInterface)),
    ...endOf('to', endpointAt(policy, packet.destination, outInterface)),
  })
  const asked = ends.filter(({ local, reached, direction }, i) => local && (reached || (direction === 'ingress' && !ends[i - 1]?.local)))
  const [from, to] = (['egress', 'ingress'] as const).map((direction) => ends.find((end) => end.direction === direction))
  return {
    verdict: asked.every(({ verdict }) => verdict === 'Allow') ? 'allowed' : 'denied',
    ...(from && { from: nameOf(from) }),
    ...(to && { to: nameOf(to) }),
    decisions: asked.flatMap(decisionOf),
  }
}

/** Several may have the address: the packet came in by, or leaves by, the interface of one. */
function endpointAt(policy: Explainer, address: IpAddress, interfaceName: string | undefined): Resource | undefined {
  return policy.holdersOf(address).find((resource) => isEndpoint(resource) && resource.spec.interfaceName === interfaceName)
}

function isEndpoint(resource: Resource): resource is WorkloadEndpoint {
  return resource.kind === 'WorkloadEndpoint'
}

function endOf<Name extends keyof Ends>(name: Name, endpoint: Resource | undefined) {
  return endpoint === undefined ? {} : { [name]: resourceKey(refOf(endpoint)) }
}

/** The last step decided. */
function decisionOf({ steps }: EndVerdict): readonly Decision[] {
  return steps
    .slice(-1)
    .map(({ direction, subject, rule, outcome }) => ({ direction, subject, ...(rule !== undefined && { rule }), outcome }))
}

function nameOf({ endpoint: { metadata } }: EndVerdict): EndpointName {
  return { namespace: metadata.namespace ?? '', name: metadata.name }
}
