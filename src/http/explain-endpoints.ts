/** `GET /v1/explain`: the verdict on one flow, and each rule that was looked at on the way. */
import { type EndVerdict, type Explanation, type Step, stepsOf, type Unclear } from '../../policy/explain/explanation.ts'
import type { Flow } from '../../policy/explain/flow.ts'
import { icmpProtocol, kernelProtocol, protocolsWithPorts, readProtocol } from '../../policy/protocol.ts'
import { resourceKey } from '../../policy/resource-key.ts'
import type { Datastore } from '../datastore/datastore.ts'
import { type Problem, refOf } from '../model/resource.ts'
import type { WorkloadEndpoint } from '../model/workload-endpoint.ts'
import { familyOf, type IpAddress } from '../net/address.ts'
import { type Answer, ok, problem, problems } from './answer.ts'
import { type EndpointContext, type Endpoints, endpoint } from './endpoint.ts'
import { commonAddresses, type FlowEnd, findEnd, type KnownEnds, networkSetsOf } from './flow-ends.ts'
import { about, integer, type Parameter, type QueryValues, required, text } from './query.ts'

const protocol: Parameter<number> = {
  read: readProtocol,
  expected: 'tcp, udp, icmp, icmpv6, sctp, udplite or a number from 1 to 255',
  schema: { type: 'string', examples: ['tcp', 'icmp', '47'] },
}

const parameters = {
  from: required(about('Who sends: NAMESPACE/NAME or an address. NAME is metadata.name, spec.pod or spec.workload of an endpoint.', text)),
  to: required(about('Who receives, as "from".', text)),
  protocol: about('Default tcp; of ICMP the family of the addresses says which one.', protocol),
  port: about('Destination port; required with tcp, udp and sctp.', integer(1, 65_535)),
  sourcePort: about('Absent: rules with source ports do not match.', integer(1, 65_535)),
  icmpType: about('Default: echo request.', integer(0, 255)),
  icmpCode: about('Default 0.', integer(0, 255)),
}

type Query = QueryValues<typeof parameters>

export function explainEndpoints(context: EndpointContext): Endpoints {
  const summary = 'The verdict on a new connection, and each rule that was looked at on the way'
  const answers = { 200: { description: 'The verdict', schema: 'explanation' } }
  return {
    '/v1/explain': { GET: endpoint({ summary, query: parameters, answers, refusals: [404, 422] }, ({ query }) => answer(context, query)) },
  }
}

function answer({ store, agent }: EndpointContext, query: Query): Answer {
  const wrong = queryProblems(query)
  if (wrong.length > 0) return problems(400, wrong)
  const { from: askedFrom = '', to: askedTo = '', ...rest } = query
  const known: KnownEnds = { endpoints: () => endpointsOf(store), holdersOf: (address) => agent.policy.holdersOf(address) }
  const [from, to] = [findEnd(known, askedFrom), findEnd(known, askedTo)]
  if (from.type !== 'found' || to.type !== 'found') {
    const found = { from, to }
    const errors = (['from', 'to'] as const).flatMap((name) => endProblems(name, query[name], found[name]))
    return problems([from, to].some(({ type }) => type === 'unclear') ? 422 : 404, errors)
  }
  const addresses = commonAddresses(from.end, to.end)
  if (addresses === undefined) return problem(422, `${askedFrom} and ${askedTo} have no addresses of the same family`)
  const flow = flowOf(rest, addresses)
  const explanation = agent.policy.explain(flow, { ...endOf('from', from.end), ...endOf('to', to.end) })
  const shown = (asked: string, end: FlowEnd, address: IpAddress) => ({
    asked,
    address,
    ...(end.endpoint && { endpoint: shownEndpoint(end.endpoint, agent.checkContext().nodeName) }),
    networkSets: networkSetsOf(known, address),
  })
  return ok({
    verdict: explanation.verdict,
    reason: [reason(explanation), ...(explanation.unclear ?? []).map(unclearText)].join('; '),
    revision: store.revision,
    flow: { ...flow, protocol: kernelProtocol(flow.protocol) },
    from: shown(askedFrom, from.end, flow.source),
    to: shown(askedTo, to.end, flow.destination),
    steps: stepsOf(explanation),
    ends: explanation.ends.map(shownEnd),
    ...(explanation.unclear !== undefined && { unclear: explanation.unclear }),
  })
}

function endpointsOf(store: Datastore): readonly WorkloadEndpoint[] {
  return store.list('projectcalico.org', 'WorkloadEndpoint').map(({ resource }) => resource as WorkloadEndpoint)
}

/** What a parameter cannot say by itself. */
function queryProblems({ from, to, protocol = 6, port, sourcePort, icmpType, icmpCode }: Query): readonly Problem[] {
  const hasPorts = protocolsWithPorts.has(protocol)
  const isIcmp = protocol === 1 || protocol === 58
  const table: [wrong: boolean, path: string, reason: string][] = [
    [from === undefined, 'from', 'is required: NAMESPACE/NAME or an address'],
    [to === undefined, 'to', 'is required: NAMESPACE/NAME or an address'],
    [hasPorts && port === undefined, 'port', `is required with protocol ${kernelProtocol(protocol)}`],
    [!hasPorts && port !== undefined, 'port', `has no meaning with protocol ${kernelProtocol(protocol)}`],
    [!hasPorts && sourcePort !== undefined, 'sourcePort', `has no meaning with protocol ${kernelProtocol(protocol)}`],
    [!isIcmp && icmpType !== undefined, 'icmpType', `has no meaning with protocol ${kernelProtocol(protocol)}`],
    [icmpType === undefined && icmpCode !== undefined, 'icmpCode', 'needs icmpType'],
  ]
  return table.flatMap(([wrong, name, reason]) => (wrong ? [{ path: `query.${name}`, reason }] : []))
}

function endProblems(name: 'from' | 'to', value: string | undefined, found: ReturnType<typeof findEnd>): readonly Problem[] {
  return found.type === 'found' ? [] : [{ path: `query.${name}`, value, reason: found.reason }]
}

/** Of ICMP the family says which one it is; without a type it is an echo request, a ping. */
function flowOf({ protocol = 6, port, sourcePort, icmpType, icmpCode }: Query, ends: Pick<Flow, 'source' | 'destination'>): Flow {
  const family = familyOf(ends.source)
  if (protocol !== 1 && protocol !== 58)
    return {
      ...ends,
      protocol,
      ...(sourcePort !== undefined && { sourcePort }),
      ...(port !== undefined && { destinationPort: port }),
    }
  const echoRequest = family === 4 ? 8 : 128
  return { ...ends, protocol: icmpProtocol(family), icmpType: icmpType ?? echoRequest, icmpCode: icmpCode ?? 0 }
}

function endOf<Name extends 'from' | 'to'>(name: Name, { endpoint }: FlowEnd) {
  return endpoint === undefined ? {} : { [name]: resourceKey(refOf(endpoint)) }
}

/** @property local enforced on this node; what happens on another one is what that one has stored */
function shownEndpoint({ metadata: { namespace, name }, spec }: NonNullable<FlowEnd['endpoint']>, nodeName: string) {
  return { namespace, name, node: spec.node, local: spec.node === nodeName }
}

/** @property steps all that the end looked at, also where the packet does not come that far */
function shownEnd({ endpoint: { metadata, spec }, ...said }: EndVerdict) {
  const { namespace, name } = metadata
  const { node } = spec as { readonly node?: string }
  return { endpoint: { ...(namespace !== undefined && { namespace }), name, ...(node !== undefined && { node }) }, ...said }
}

function unclearText({ address, interfaces, hosts }: Unclear): string {
  return `it is not known by which of ${interfaces.join(', ')} ${address} is reached, so HostEndpoint ${hosts.join(' or ')} may be asked, or none`
}

/** What decided, as a sentence. */
function reason({ verdict, ends }: Explanation): string {
  if (ends.length === 0) return 'neither end is a workload: no policy applies'
  const decisive = verdict === 'Allow' ? ends : ends.filter((end) => end.reached && end.verdict === 'Deny')
  const deciders = decisive.flatMap(({ steps }) => steps.slice(-1)).map(decider)
  return `${verdict === 'Allow' ? 'allowed' : 'denied'} by ${deciders.join(' and ')}`
}

function decider({ direction, subject, rule, outcome }: Step): string {
  const unmatched = subject.startsWith('Tier ') && outcome === 'Deny' ? ', in which no rule matched' : ''
  return `${subject} (${direction}${rule === undefined ? '' : ` rule ${rule}`})${unmatched}`
}
