/** `GET /v1/flows`: what was decided about new connections, and by which policy and rule. */
import { type FlowFilter, readFlowSubject } from '../flows/flow-shown.ts'
import { type Answer, ok, problem, problems, type Streamed } from './answer.ts'
import { eventLines } from './bgp-watch.ts'
import { type Call, type EndpointContext, type Endpoints, endpoint } from './endpoint.ts'
import { about, flag, integer, oneOf, type Parameter, text } from './query.ts'

const subject: Parameter<NonNullable<FlowFilter['from']>> = {
  read: readFlowSubject,
  expected: 'NAMESPACE/NAME, an address or a CIDR',
  schema: { type: 'string', examples: ['shop/web-1', '10.244.1.0/24'] },
}

const parameters = {
  from: about('Only from this endpoint or these addresses: NAMESPACE/NAME, an address or a CIDR.', subject),
  to: about('Only to, as "from".', subject),
  namespace: about('Only with an end in this namespace.', text),
  verdict: about('Only those.', oneOf('allowed', 'denied')),
  policy: about('Only where this one decided, or would if it were not staged: "NetworkPolicy shop/web", "shop/web" or "web".', text),
  limit: about('So many at most. Default 1000.', integer(1, 10_000)),
  cursor: about('What the page before returned as its cursor.', text),
  watch: about('Stream flows as lines of JSON: first all that are there, then SYNCED, then each when it is seen again.', flag),
}
const defaultLimit = 1_000

export function flowEndpoints({ agent }: EndpointContext): Endpoints {
  const summary = 'Verdicts of new connections, the newest first, with the policy and rule that decided and how often'
  const answers = { 200: { description: 'A page', schema: 'flows' } }
  return { '/v1/flows': { GET: endpoint({ summary, query: parameters, answers, refusals: [422] }, (call) => flows(agent, call)) } }
}

function flows({ flowLog }: EndpointContext['agent'], { query, signal }: Call<typeof parameters>): Answer | Streamed {
  if (flowLog === undefined) return problem(422, 'no flow log is kept on this node: felix.enabled or felix.flowLog.enabled is false')
  const { limit, cursor, watch, ...filter } = query
  if (watch) {
    const useless = Object.entries({ limit, cursor }).filter(([, value]) => value !== undefined)
    const errors = useless.map(([name, value]) => ({ path: `query.${name}`, value, reason: 'has no meaning with watch' }))
    return errors.length > 0 ? problems(400, errors) : eventLines(flowLog.watch(filter, signal))
  }
  const page = flowLog.page(filter, limit ?? defaultLimit, cursor)
  if (page === undefined) return problems(400, [{ path: 'query.cursor', value: cursor, reason: 'is none that an earlier page returned' }])
  return ok(page)
}
