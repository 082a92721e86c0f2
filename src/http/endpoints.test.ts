import t from 'tap'
import { peer, startFixture, status } from './api-fixture.ts'

const namespaced = (name: string, namespace: string) =>
  `apiVersion: projectcalico.org/v3\nkind: NetworkSet\nmetadata: {name: ${name}, namespace: ${namespace}}\nspec: {nets: [10.0.0.0/8]}\n`
const core = `apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {tier: front}}\n`
const sets = '/apis/projectcalico.org/v3'

t.test("GET under Kubernetes' URLs: single, list, list of a namespace, core kinds", async (t) => {
  const api = await startFixture(t)
  await api.send('POST', '/v1/apply', [namespaced('b', 'shop'), namespaced('a', 'shop'), namespaced('a', 'lab'), core].join('---\n'))
  const single = await api.get(`${sets}/namespaces/shop/networksets/a`)
  t.match(single, {
    status: 200,
    type: 'application/json',
    body: {
      apiVersion: 'projectcalico.org/v3',
      kind: 'NetworkSet',
      metadata: {
        name: 'a',
        namespace: 'shop',
        resourceVersion: '1',
        uid: /^[0-9a-f-]{36}$/,
        creationTimestamp: /^\d{4}-.*Z$/,
        generation: 1,
      },
      spec: { nets: ['10.0.0.0/8'] },
    },
  })
  const names = async (path: string) => {
    const { body } = await api.get(path)
    const { items, ...rest } = body as { items: { metadata: { name: string; namespace?: string } }[] }
    return { ...rest, items: items.map(({ metadata: { namespace, name } }) => `${namespace}/${name}`) }
  }
  const list = { apiVersion: 'projectcalico.org/v3', kind: 'NetworkSetList', metadata: { resourceVersion: '1' } }
  t.strictSame(await names(`${sets}/networksets`), { ...list, items: ['lab/a', 'shop/a', 'shop/b'] })
  t.strictSame(await names(`${sets}/namespaces/shop/networksets`), { ...list, items: ['shop/a', 'shop/b'] })
  t.strictSame(await names(`${sets}/globalnetworksets`), { ...list, kind: 'GlobalNetworkSetList', items: [] })
  t.strictSame(await names('/api/v1/namespaces'), {
    apiVersion: 'v1',
    kind: 'NamespaceList',
    metadata: { resourceVersion: '1' },
    items: ['undefined/shop'],
  })
  t.match((await api.get('/api/v1/namespaces/shop')).body, { kind: 'Namespace', metadata: { labels: { tier: 'front' } } })
  t.match((await api.get('/api/v1/namespaces/shop/serviceaccounts')).body, { kind: 'ServiceAccountList', items: [] })
})

t.test('404 says what is not there', async (t) => {
  const api = await startFixture(t)
  const table: [path: string, detail: string][] = [
    [`${sets}/namespaces/shop/networksets/a`, 'there is no NetworkSet shop/a'],
    ['/api/v1/namespaces/shop', 'there is no Namespace shop'],
    [`${sets}/networksets/a`, `there is no kind of resource at ${sets}/networksets/a`],
    [`${sets}/namespaces/x/tiers`, `there is no kind of resource at ${sets}/namespaces/x/tiers`],
    ['/apis/projectcalico.org/v4/tiers', 'there is no kind of resource at /apis/projectcalico.org/v4/tiers'],
    ['/apis/a%zz/v3/tiers', "'/apis/a%zz/v3/tiers' is not a valid url component"],
    ['/v1/bgp/peers/nobody', 'there is no BGP peer nobody'],
    ['/v1/bgp/routes?peer=nobody', 'there is no BGP peer nobody'],
    ['/v2/apply', 'there is nothing at /v2/apply'],
  ]
  for (const [path, detail] of table) {
    const reply = await api.get(path)
    const expected = path.includes('%zz') ? 400 : 404
    t.match(reply, { status: expected, type: 'application/problem+json', body: { status: expected, detail } }, path)
  }
})

t.test('405 names what is allowed', async (t) => {
  const api = await startFixture(t)
  const table: [method: string, path: string, allow: string][] = [
    ['PUT', '/v1/apply', 'POST'],
    ['DELETE', '/v1/status', 'GET'],
    ['OPTIONS', '/v1/apply', 'POST'],
    ['PATCH', `${sets}/tiers/x`, 'GET, PUT, DELETE'],
    ['POST', `${sets}/tiers`, 'GET, PUT, DELETE'],
  ]
  for (const [method, path, allow] of table)
    t.match(
      await api.send(method, path, ''),
      { status: 405, type: 'application/problem+json', allow, body: { title: 'Method not allowed' } },
      path,
    )
  t.match(await api.send('DELETE', `${sets}/tiers`, ''), { status: 405, body: { detail: 'DELETE needs the name of one resource' } })
})

t.test('PUT creates (201), replaces, and is 409 at a stale resourceVersion; DELETE returns what was there', async (t) => {
  const api = await startFixture(t)
  const path = `${sets}/namespaces/shop/networksets/a`
  t.match(await api.send('PUT', path, namespaced('a', 'shop')), { status: 201, body: { metadata: { resourceVersion: '1' } } })
  const at = (version: string) => namespaced('a', 'shop').replace('{name', `{resourceVersion: "${version}", name`).replace('10.', '11.')
  t.match(await api.send('PUT', path, at('1')), { status: 200, body: { metadata: { resourceVersion: '2', generation: 2 } } })
  t.match(await api.send('PUT', path, at('1')), {
    status: 409,
    body: { errors: [{ reason: 'NetworkSet shop/a is at resourceVersion 2' }] },
  })
  t.match(await api.send('PUT', path, namespaced('b', 'lab')), {
    status: 422,
    body: {
      errors: [
        { path: 'metadata.namespace', value: 'lab', reason: 'must be shop, as the URL says' },
        { path: 'metadata.name', value: 'b', reason: 'must be a, as the URL says' },
      ],
    },
  })
  t.match(await api.send('PUT', path, `${namespaced('a', 'shop')}---\n${core}`), { status: 422 })
  t.equal(api.store.revision, 2)
  t.match(await api.send('DELETE', path, ''), { status: 200, body: { metadata: { name: 'a', resourceVersion: '2' } } })
  t.match(await api.send('DELETE', path, ''), { status: 404 })
  t.match(await api.send('PUT', path, at('2').replace('{resource', '{uid: gone, resource')), {
    status: 409,
    body: { errors: [{ reason: 'NetworkSet shop/a does not exist any more' }] },
  })
  t.match(await api.send('DELETE', `${sets}/tiers/default`, ''), { status: 423, body: { title: 'Protected' } })
})

t.test('GET /v1/status is what the agent says; waitRevision waits for the kernel', async (t) => {
  const api = await startFixture(t)
  t.strictSame((await api.get('/v1/status')).body, status)
  const waiting = api.get('/v1/status?waitRevision=3&timeout=20')
  api.programmed.applied(3, new Map())
  t.strictSame((await waiting).body, { ...status, programmedRevision: 3 })
  const late = await api.get('/v1/status?waitRevision=4&timeout=1')
  t.match(late, {
    status: 504,
    body: { title: 'Not programmed in time', node: 'node-a', programmedRevision: 3, pending: [{ subject: 'revision 4' }] },
  })
  t.equal((late.body as { status: number }).status, 504)
  for (const query of ['waitRevision=x', 'waitRevision=-1', 'timeout=0', 'timeout=301', 'wait=3'])
    t.match(await api.get(`/v1/status?${query}`), { status: 400 }, query)
})

t.test('GET /v1/bgp/peers and one peer', async (t) => {
  const api = await startFixture(t)
  t.strictSame((await api.get('/v1/bgp/peers')).body, { peers: [peer] })
  t.strictSame((await api.get('/v1/bgp/peers/tor1')).body, peer)
})

t.test('GET /v1/bgp/routes: each parameter checked and handed on in canonical form', async (t) => {
  const api = await startFixture(t)
  await api.get('/v1/bgp/routes')
  const full = '/v1/bgp/routes?table=in&peer=tor1&prefix=10.1.2.3/8&longer=true&limit=7&cursor=abc'
  t.strictSame((await api.get(full)).body, { routes: [], total: 0 })
  t.strictSame(api.asked.routes, [
    { table: 'best', limit: 1000 },
    { table: 'in', limit: 7, peer: 'tor1', prefix: '10.0.0.0/8', longer: true, cursor: 'abc' },
  ])
  const table: [query: string, path: string, reason: string][] = [
    ['table=all', 'query.table', 'must be one of in, accepted, best, out'],
    ['table=out', 'query.peer', 'is needed with table=out'],
    ['prefix=10.0.0.0/33', 'query.prefix', 'must be a CIDR or an address'],
    ['longer=true', 'query.longer', 'needs prefix'],
    ['limit=0', 'query.limit', 'must be an integer from 1 to 10000'],
    ['limit=10001', 'query.limit', 'must be an integer from 1 to 10000'],
    ['cursor=wrong', 'query.cursor', 'is none that an earlier page returned'],
    ['cursor=', 'query.cursor', 'must be a text of 1 to 1024 characters'],
    ['limit=1&limit=2', 'query.limit', 'given more than once'],
    ['constructor=1', 'query.constructor', 'unknown parameter; known: table, peer, prefix, longer, limit, cursor'],
  ]
  for (const [query, path, reason] of table)
    t.match(await api.get(`/v1/bgp/routes?${query}`), { status: 400, body: { errors: [{ path, reason }] } }, query)
  t.equal(api.asked.routes.length, 3, 'only the wrong cursor was asked for')
})

t.test('GET /v1/felix/routes, chains, ipsets, tunnels: pages of wanted beside programmed', async (t) => {
  const api = await startFixture(t)
  for (const part of ['routes', 'chains', 'ipsets', 'tunnels']) {
    t.match((await api.get(`/v1/felix/${part}?limit=5`)).body, {
      items: [{ name: 'route 10.0.0.1/32', status: { state: 'pending' } }],
      total: 1,
    })
    t.match(await api.get(`/v1/felix/${part}?cursor=wrong`), { status: 400 })
  }
  t.strictSame(api.asked.felix[0], { limit: 5 })
})

t.test('/healthz, /readyz with its reasons, and 503 once the API closes', async (t) => {
  let reasons: readonly string[] = ['port 179 is taken by bird', 'the first apply is not done']
  const api = await startFixture(t, { ready: () => ({ ready: reasons.length === 0, reasons }) })
  t.strictSame((await api.get('/healthz')).body, { status: 'ok' })
  t.match(await api.get('/readyz'), {
    status: 503,
    type: 'application/problem+json',
    body: { title: 'Not ready', detail: 'port 179 is taken by bird; the first apply is not done', reasons },
  })
  reasons = []
  t.match(await api.get('/readyz'), { status: 200, body: { status: 'ready' } })
})

t.test('/metrics: the text format with peers, routes, policy, the loop lag and the process', async (t) => {
  let peers = [peer, { ...peer, name: 'tor2', state: 'Active' as const }]
  const api = await startFixture(t, { peers: () => peers })
  const { type, body } = await api.get('/metrics')
  t.equal(type, 'text/plain; version=0.0.4; charset=utf-8')
  const lines = String(body).split('\n')
  for (const line of [
    'tortie_ready 1',
    'tortie_bgp_peers_established 1',
    'tortie_bgp_peer_established{peer="tor1"} 1',
    'tortie_bgp_peer_established{peer="tor2"} 0',
    'tortie_bgp_peer_prefixes{peer="tor1",family="ipv4-unicast",count="accepted"} 2',
    'tortie_routes{count="programmed"} 3',
    'tortie_policy{count="chains"} 7',
  ])
    t.ok(lines.includes(line), line)
  t.match(body, /^tortie_event_loop_lag_seconds\{quantile="0.99"\} \d/m)
  t.match(body, /^process_resident_memory_bytes \d/m)
  peers = []
  t.notMatch((await api.get('/metrics')).body, /peer="tor1"/, 'a removed peer has no series')
})

t.test('a bug of ours is a 500 that says nothing of it, and is told to the agent once', async (t) => {
  const bug = new TypeError('x is not a function')
  const api = await startFixture(t, {
    peers: () => {
      throw bug
    },
  })
  const reply = await api.get('/v1/bgp/peers')
  t.match(reply, { status: 500, type: 'application/problem+json', body: { detail: 'the agent made a mistake; its log says which' } })
  t.strictSame(api.bugs, [bug])
})

t.test('a store that cannot be written is 503, and no bug', async (t) => {
  const api = await startFixture(t)
  await api.store.close()
  t.match(await api.send('POST', '/v1/apply', core), { status: 503, body: { title: 'Not ready', detail: /^cannot write .*tortie\.db: / } })
  t.strictSame(api.bugs, [])
})
