/** `GET /v1/felix/routes|chains|ipsets`: wanted beside programmed, with the status of each. */
import type { FelixPage, FelixQuery } from './agent-face.ts'
import { ok, problems } from './answer.ts'
import type { EndpointContext, Endpoints, Handler } from './endpoint.ts'
import { integer, readQuery, text } from './query.ts'

const parameters = { limit: integer(1, 10_000), cursor: text }
const defaultLimit = 1_000

export function felixEndpoints({ agent }: EndpointContext): Endpoints {
  return {
    '/v1/felix/routes': { GET: paged((query) => agent.felixRoutes(query)) },
    '/v1/felix/chains': { GET: paged((query) => agent.felixChains(query)) },
    '/v1/felix/ipsets': { GET: paged((query) => agent.felixIpSets(query)) },
  }
}

function paged(view: (query: FelixQuery) => FelixPage | undefined): Handler {
  return ({ query }) => {
    const read = readQuery(query, parameters)
    if (read.type === 'problems') return problems(400, read.errors)
    const { limit = defaultLimit, cursor } = read.values
    const page = view({ limit, ...(cursor !== undefined && { cursor }) })
    if (page === undefined) return problems(400, [{ path: 'query.cursor', value: cursor, reason: 'is none that an earlier page returned' }])
    return ok(page)
  }
}
