/** `GET /v1/felix/routes|chains|ipsets|tunnels`: wanted beside programmed, with the status of each. */
import type { FelixPage, FelixQuery } from './agent-face.ts'
import { ok, problems } from './answer.ts'
import { type Endpoint, type EndpointContext, type Endpoints, endpoint } from './endpoint.ts'
import { about, integer, text } from './query.ts'

const parameters = {
  limit: about('So many at most. Default 1000.', integer(1, 10_000)),
  cursor: about('What the page before returned as its cursor.', text),
}
const defaultLimit = 1_000

export function felixEndpoints({ agent }: EndpointContext): Endpoints {
  return {
    '/v1/felix/routes': { GET: paged('Routes', (query) => agent.felixRoutes(query)) },
    '/v1/felix/chains': { GET: paged('Chains', (query) => agent.felixChains(query)) },
    '/v1/felix/ipsets': { GET: paged('IP sets', (query) => agent.felixIpSets(query)) },
    '/v1/felix/tunnels': { GET: paged('Tunnel devices', (query) => agent.felixTunnels(query)) },
  }
}

function paged(what: string, view: (query: FelixQuery) => FelixPage | undefined | Promise<FelixPage | undefined>): Endpoint {
  const summary = `${what}: wanted beside programmed, with the status of each`
  const answers = { 200: { description: 'A page', schema: 'felix-page' } }
  return endpoint({ summary, query: parameters, answers }, async ({ query: { limit = defaultLimit, cursor } }) => {
    const page = await view({ limit, ...(cursor !== undefined && { cursor }) })
    if (page === undefined) return problems(400, [{ path: 'query.cursor', value: cursor, reason: 'is none that an earlier page returned' }])
    return ok(page)
  })
}
