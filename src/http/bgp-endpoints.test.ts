import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import t from 'tap'
import type { RouteEvent, RouteWatchQuery } from '../../bgp/peer.ts'
import { peer, startFixture } from './api-fixture.ts'

const bad: [path: string, errors: readonly object[]][] = [
  ['/v1/bgp/routes?table=all', [{ path: 'query.table', reason: 'must be one of in, accepted, best, out' }]],
  ['/v1/bgp/routes?table=out', [{ path: 'query.peer', reason: 'is needed with table=out' }]],
  ['/v1/bgp/routes?table=in&watch=true', [{ path: 'query.peer', reason: 'is needed with table=in and watch' }]],
  ['/v1/bgp/routes?longer=true', [{ path: 'query.longer', reason: 'needs prefix' }]],
  ['/v1/bgp/routes?prefix=10.0.0.0/33', [{ path: 'query.prefix', reason: 'must be a CIDR or an address' }]],
  ['/v1/bgp/routes?limit=0&cursor=', [{ path: 'query.limit' }, { path: 'query.cursor' }]],
  ['/v1/bgp/routes?watch=true&limit=5&cursor=x', [{ path: 'query.limit', reason: 'has no meaning with watch' }, { path: 'query.cursor' }]],
  ['/v1/bgp/routes?watch=1', [{ path: 'query.watch', reason: 'must be true or false' }]],
  ['/v1/bgp/peers?watch=yes', [{ path: 'query.watch' }]],
  ['/v1/bgp/peers?name=x', [{ path: 'query.name', reason: /unknown parameter; known: watch/ }]],
  ['/v1/bgp/explain', [{ path: 'query.prefix', reason: 'is required: a CIDR or an address' }]],
  ['/v1/bgp/explain?prefix=10.0.0', [{ path: 'query.prefix', reason: 'must be a CIDR or an address' }]],
  ['/v1/bgp/dump?format=mrt', [{ path: 'query.format', reason: /unknown parameter/ }]],
]
for (const [path, errors] of bad)
  t.test(`GET ${path}: 400, and why`, async (t) => {
    const api = await startFixture(t)
    t.match(await api.get(path), { status: 400, type: 'application/problem+json', body: { errors } })
  })

t.test('GET /v1/bgp/dump is octets, and 422 without BGP', async (t) => {
  const api = await startFixture(t, { bgpDump: () => [Buffer.from('a'), Buffer.from('b')] })
  t.match(await api.get('/v1/bgp/dump'), { status: 200, type: 'application/octet-stream', body: 'ab' })
  const without = await startFixture(t, { bgpDump: () => undefined, watchRoutes: () => undefined })
  t.match(await without.get('/v1/bgp/dump'), { status: 422, body: { detail: 'BGP is disabled on this node' } })
  t.match(await without.get('/v1/bgp/routes?watch=true'), { status: 422 })
})

t.test('?watch=true: a line for each event, as it comes; a client that goes ends it', async (t) => {
  const asked: RouteWatchQuery[] = []
  let ended = false
  let push: (events: readonly RouteEvent[]) => void = () => {}
  const api = await startFixture(t, {
    watchRoutes: async function* (query, signal) {
      asked.push(query)
      const gone = new Promise<undefined>((resolve) => signal.addEventListener('abort', () => resolve(undefined)))
      for (;;) {
        const events = await Promise.race([gone, new Promise<readonly RouteEvent[]>((resolve) => (push = resolve))])
        if (events === undefined) break
        yield events
      }
      ended = true
    },
  })
  const outgoing = request({
    socketPath: api.socket,
    path: '/v1/bgp/routes?watch=true&table=out&peer=tor1&prefix=10.0.0.0/8&longer=true',
    agent: false,
  }).end()
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage]
  push([{ type: 'ADDED', object: { prefix: '10.0.0.0/8' as never, family: 'ipv4-unicast', paths: [] } }, { type: 'SYNCED' }])
  const [chunk] = (await once(response, 'data')) as [Buffer]
  t.equal(chunk.toString(), '{"type":"ADDED","object":{"prefix":"10.0.0.0/8","family":"ipv4-unicast","paths":[]}}\n{"type":"SYNCED"}\n')
  t.strictSame(asked, [{ table: 'out', peer: 'tor1', prefix: '10.0.0.0/8', longer: true }])
  outgoing.destroy()
  while (!ended) await new Promise((resolve) => setImmediate(resolve))
})

t.test('GET /v1/bgp/peers?watch=true', async (t) => {
  const api = await startFixture(t, {
    watchPeers: async function* () {
      yield [{ type: 'ADDED', object: peer }, { type: 'SYNCED' }]
    },
  })
  const outgoing = request({ socketPath: api.socket, path: '/v1/bgp/peers?watch=true', agent: false }).end()
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage]
  const text = (await response.setEncoding('utf8').toArray()).join('')
  t.strictSame(
    text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
    [{ type: 'ADDED', object: peer }, { type: 'SYNCED' }],
  )
})
