/** `GET /v1/bgp/peers[/NAME]` and `GET /v1/bgp/routes`. */
import { type Answer, ok, problem, problems } from './answer.ts'
import { type EndpointContext, type Endpoints, endpoint } from './endpoint.ts'
import { about, cidr, flag, integer, oneOf, type QueryValues, text } from './query.ts'

const parameters = {
  table: about('What peers sent, what was chosen, or what is sent to one peer. Default best.', oneOf('in', 'best', 'out')),
  peer: about('Only paths from (in, best) or to (out) this peer; "local" for what this node originates.', text),
  prefix: about('Only this prefix, or for an address the prefix that it is routed by.', cidr),
  longer: about('Also what lies within the prefix.', flag),
  limit: about('So many at most. Default 1000.', integer(1, 10_000)),
  cursor: about('What the page before returned as its cursor.', text),
}
const defaultLimit = 1_000

export function bgpEndpoints({ agent }: EndpointContext): Endpoints {
  return {
    '/v1/bgp/peers': {
      GET: endpoint({ summary: 'All BGP peers', query: {}, answers: { 200: { description: 'The peers', schema: 'peers' } } }, () =>
        ok({ peers: agent.peers() }),
      ),
    },
    '/v1/bgp/peers/:name': {
      GET: endpoint(
        { summary: 'One BGP peer', query: {}, answers: { 200: { description: 'The peer', schema: 'peer' } }, refusals: [404] },
        ({ params: { name = '' } }) => {
          const peer = agent.peer(name)
          return peer ? ok(peer) : problem(404, `there is no BGP peer ${name}`)
        },
      ),
    },
    '/v1/bgp/routes': {
      GET: endpoint(
        {
          summary: 'Paths of the RIBs, page by page',
          query: parameters,
          answers: { 200: { description: 'A page', schema: 'bgp-routes' } },
          refusals: [404],
        },
        ({ query }) => routes(agent, query),
      ),
    },
  }
}

function routes(agent: EndpointContext['agent'], query: QueryValues<typeof parameters>): Answer {
  const { table = 'best', limit = defaultLimit, ...rest } = query
  if (rest.longer && rest.prefix === undefined) return problems(400, [{ path: 'query.longer', value: true, reason: 'needs prefix' }])
  if (table === 'out' && rest.peer === undefined) return problems(400, [{ path: 'query.peer', reason: 'is needed with table=out' }])
  if (rest.peer !== undefined && rest.peer !== 'local' && agent.peer(rest.peer) === undefined)
    return problem(404, `there is no BGP peer ${rest.peer}`)
  const page = agent.routes({ table, limit, ...rest })
  if (page === undefined)
    return problems(400, [{ path: 'query.cursor', value: rest.cursor, reason: 'is none that an earlier page returned' }])
  return ok(page)
}
