/** `GET /v1/bgp/peers[/NAME]` and `GET /v1/bgp/routes`. */
import { type Answer, ok, problem, problems } from './answer.ts'
import type { EndpointContext, Endpoints } from './endpoint.ts'
import { cidr, flag, integer, oneOf, readQuery, text } from './query.ts'

const parameters = { table: oneOf('in', 'best', 'out'), peer: text, prefix: cidr, longer: flag, limit: integer(1, 10_000), cursor: text }
const defaultLimit = 1_000

export function bgpEndpoints({ agent }: EndpointContext): Endpoints {
  return {
    '/v1/bgp/peers': {
      GET: ({ query }) => {
        const read = readQuery(query, {})
        return read.type === 'problems' ? problems(400, read.errors) : ok({ peers: agent.peers() })
      },
    },
    '/v1/bgp/peers/:name': {
      GET: ({ params }) => {
        const { name } = params as { readonly name: string }
        const peer = agent.peer(name)
        return peer ? ok(peer) : problem(404, `there is no BGP peer ${name}`)
      },
    },
    '/v1/bgp/routes': { GET: ({ query }) => routes(agent, query) },
  }
}

function routes(agent: EndpointContext['agent'], query: unknown): Answer {
  const read = readQuery(query, parameters)
  if (read.type === 'problems') return problems(400, read.errors)
  const { table = 'best', limit = defaultLimit, ...rest } = read.values
  if (rest.longer && rest.prefix === undefined) return problems(400, [{ path: 'query.longer', value: true, reason: 'needs prefix' }])
  if (table === 'out' && rest.peer === undefined) return problems(400, [{ path: 'query.peer', reason: 'is needed with table=out' }])
  if (rest.peer !== undefined && rest.peer !== 'local' && agent.peer(rest.peer) === undefined)
    return problem(404, `there is no BGP peer ${rest.peer}`)
  const page = agent.routes({ table, limit, ...rest })
  if (page === undefined)
    return problems(400, [{ path: 'query.cursor', value: rest.cursor, reason: 'is none that an earlier page returned' }])
  return ok(page)
}
