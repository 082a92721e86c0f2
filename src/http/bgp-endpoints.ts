/** `GET /v1/bgp/peers[/NAME]`, `/v1/bgp/routes`, `/v1/bgp/explain` and `/v1/bgp/dump`; what a peer may be asked for is beside. */
import { setImmediate as turn } from 'node:timers/promises'
import { type Answer, ok, problem, problems, type Streamed } from './answer.ts'
import { bgpPeerEndpoints } from './bgp-peer-endpoints.ts'
import { eventLines } from './bgp-watch.ts'
import { type Call, type EndpointContext, type Endpoints, endpoint } from './endpoint.ts'
import { about, cidr, flag, integer, oneOf, type QueryValues, required, text } from './query.ts'

const watch = about('Stream what changes, as lines of JSON: first all that is there, then SYNCED, then each change.', flag)

const parameters = {
  table: about(
    'What peers sent (in), what import policy left of it (accepted), what was chosen (best), or what is sent to one peer (out). Default best.',
    oneOf('in', 'accepted', 'best', 'out'),
  ),
  peer: about('Only paths from (in, accepted, best) or to (out) this peer; "local" for what this node originates.', text),
  prefix: about('Only this prefix, or for an address the prefix that it is routed by.', cidr),
  longer: about('Also what lies within the prefix.', flag),
  limit: about('So many at most. Default 1000.', integer(1, 10_000)),
  cursor: about('What the page before returned as its cursor.', text),
  watch,
}
const defaultLimit = 1_000
const disabled = 'BGP is disabled on this node'

export function bgpEndpoints(context: EndpointContext): Endpoints {
  const { agent } = context
  return {
    '/v1/bgp/peers': {
      GET: endpoint(
        { summary: 'All BGP peers', query: { watch }, answers: { 200: { description: 'The peers', schema: 'peers' } } },
        ({ query, signal }) => (query.watch ? eventLines(agent.watchPeers(signal)) : ok({ peers: agent.peers() })),
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
    ...bgpPeerEndpoints(context),
    '/v1/bgp/routes': {
      GET: endpoint(
        {
          summary: 'Paths of the RIBs, page by page',
          query: parameters,
          answers: { 200: { description: 'A page', schema: 'bgp-routes' } },
          refusals: [404, 422],
        },
        (call) => routes(agent, call),
      ),
    },
    '/v1/bgp/explain': {
      GET: endpoint(
        {
          summary: 'Every path of a prefix, how each fared in the decision, and why the prefix is or is not advertised to each peer',
          query: explainParameters,
          answers: { 200: { description: 'What is known of it', schema: 'bgp-explanation' } },
          refusals: [404, 422],
        },
        ({ query }) => explain(agent, query),
      ),
    },
    '/v1/bgp/dump': {
      GET: endpoint(
        {
          summary: 'All routes as they were received, as an MRT file (RFC 6396, TABLE_DUMP_V2)',
          query: {},
          answers: { 200: { description: 'The file', type: mrtType } },
          refusals: [422],
        },
        () => {
          const chunks = agent.bgpDump()
          return chunks === undefined ? problem(422, disabled) : { status: 200, type: mrtType, chunks: paced(chunks) }
        },
      ),
    },
  }
}

const explainParameters = {
  prefix: required(about('The prefix; an address stands for itself alone.', cidr)),
  peer: about('Only what this peer is told.', text),
}

function explain(agent: EndpointContext['agent'], { prefix, peer }: QueryValues<typeof explainParameters>): Answer {
  if (prefix === undefined) return problems(400, [{ path: 'query.prefix', reason: 'is required: a CIDR or an address' }])
  if (peer !== undefined && agent.peer(peer) === undefined) return problem(404, `there is no BGP peer ${peer}`)
  const explanation = agent.explainRoute(prefix, peer)
  return explanation === undefined ? problem(422, disabled) : ok(explanation)
}

/** IANA has none for it. */
const mrtType = 'application/octet-stream'

/** Whatever else there is to do comes between two pieces. */
async function* paced(chunks: Iterable<Buffer>): AsyncGenerator<Buffer> {
  for (const chunk of chunks) {
    yield chunk
    await turn()
  }
}

function routes(agent: EndpointContext['agent'], { query, signal }: Call<typeof parameters>): Answer | Streamed {
  const { table = 'best', limit, cursor, watch: isWatch, ...rest } = query
  if (rest.longer && rest.prefix === undefined) return problems(400, [{ path: 'query.longer', value: true, reason: 'needs prefix' }])
  const needsPeer = table === 'out' || (isWatch === true && table !== 'best')
  if (needsPeer && rest.peer === undefined)
    return problems(400, [{ path: 'query.peer', reason: `is needed with table=${table}${table === 'out' ? '' : ' and watch'}` }])
  if (rest.peer !== undefined && rest.peer !== 'local' && agent.peer(rest.peer) === undefined)
    return problem(404, `there is no BGP peer ${rest.peer}`)
  if (isWatch) return watched(agent, { query: { ...rest, table }, paging: { limit, cursor }, signal })
  const page = agent.routes({ table, limit: limit ?? defaultLimit, ...(cursor !== undefined && { cursor }), ...rest })
  if (page === undefined) return problems(400, [{ path: 'query.cursor', value: cursor, reason: 'is none that an earlier page returned' }])
  return ok(page)
}

type Watched = {
  readonly query: Parameters<EndpointContext['agent']['watchRoutes']>[0]
  readonly paging: Readonly<Record<'limit' | 'cursor', unknown>>
  readonly signal: AbortSignal
}

function watched(agent: EndpointContext['agent'], { query, paging, signal }: Watched): Answer | Streamed {
  const useless = (['limit', 'cursor'] as const).filter((name) => paging[name] !== undefined)
  if (useless.length > 0)
    return problems(
      400,
      useless.map((name) => ({ path: `query.${name}`, value: paging[name], reason: 'has no meaning with watch' })),
    )
  const events = agent.watchRoutes(query, signal)
  return events === undefined ? problem(422, disabled) : eventLines(events)
}
