import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import t from 'tap'
import { type Fixture, startFixture } from './api-fixture.ts'

const sets = '/apis/projectcalico.org/v3/namespaces/shop/networksets'
const set = (name: string, octet = 10) =>
  `apiVersion: projectcalico.org/v3\nkind: NetworkSet\nmetadata: {name: ${name}, namespace: shop}\nspec: {nets: [${octet}.0.0.0/8]}\n`
const apply = (api: Fixture, ...texts: string[]) => api.send('POST', '/v1/apply', texts.join('---\n'))

/** A watch over HTTP. */
async function open(api: Fixture, path: string) {
  const outgoing = request({ socketPath: api.socket, path, agent: false }).end()
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage]
  const lines = createInterface({ input: response })[Symbol.asyncIterator]()
  return {
    response,
    /** Resolves once the connection is gone. */
    async leave(): Promise<void> {
      const closed = new Promise((resolve) => response.on('error', () => undefined).once('close', resolve))
      outgoing.destroy()
      await closed
    },
    /** "ADDED a 1": the next event; undefined at the end. */
    async next(): Promise<string | undefined> {
      const { done, value } = await lines.next()
      if (done) return undefined
      const { type, object } = JSON.parse(value) as { type: string; object: { metadata: { name?: string; resourceVersion: string } } }
      return [type, object.metadata.name ?? '-', object.metadata.resourceVersion].join(' ')
    },
  }
}

t.test('INTERFACE §3: a watch streams lines; its header comes before the first event', async (t) => {
  const api = await startFixture(t)
  const watch = await open(api, `${sets}?watch=true&allowWatchBookmarks=true`)
  t.match(watch.response, { statusCode: 200, headers: { 'content-type': 'application/json', 'transfer-encoding': 'chunked' } })
  t.equal(await watch.next(), 'BOOKMARK - 0')
  await apply(api, set('a'), set('b'))
  await apply(api, set('a', 11))
  await api.send('DELETE', `${sets}/b`, '')
  t.strictSame(
    [await watch.next(), await watch.next(), await watch.next(), await watch.next()],
    ['ADDED a 1', 'ADDED b 1', 'MODIFIED a 2', 'DELETED b 3'],
  )
  const later = await open(api, `${sets}/b?watch=true&resourceVersion=1`)
  t.equal(await later.next(), 'DELETED b 3', 'what happened to one since its list')
  await later.leave()
  await api.close()
  t.equal(await watch.next(), undefined, 'the stream ends properly when the agent stops')
  t.strictSame(api.bugs, [])
})

t.test('a watch lasts as long as timeoutSeconds says', async (t) => {
  const api = await startFixture(t)
  const watch = await open(api, `${sets}?watch=true&timeoutSeconds=1`)
  t.equal(await watch.next(), undefined)
  t.ok(watch.response.complete)
})

t.test('HEAD of a watch is its header', async (t) => {
  const api = await startFixture(t)
  t.match(await api.send('HEAD', `${sets}?watch=true`, ''), { status: 200, type: 'application/json', body: '' })
})

t.test('a client that leaves is nobody any more', async (t) => {
  const api = await startFixture(t)
  const watch = await open(api, `${sets}?watch=true`)
  await watch.leave()
  await apply(api, set('a'))
  t.strictSame(api.bugs, [])
})

t.test('refused before the stream begins: a revision that is too old, or of another store', async (t) => {
  const api = await startFixture(t, {}, { events: 1, characters: 1e6 })
  for (const octet of [1, 2, 3]) await apply(api, set('a', octet))
  const table: [query: string, status: number, problem: object][] = [
    [
      'watch=true&resourceVersion=1',
      410,
      {
        type: 'urn:tortie:problem:too-old',
        detail: "what followed revision 1 is not kept any more: list again, and watch from that list's resourceVersion",
        errors: [{ path: 'query.resourceVersion', value: 1, reason: 'is too old, the store is at 3' }],
      },
    ],
    ['watch=true&resourceVersion=4', 400, { detail: 'query.resourceVersion: is in the future, the store is at 3: list again' }],
    ['resourceVersion=4', 400, { detail: 'query.resourceVersion: is in the future, the store is at 3: list again' }],
    ['watch=true&limit=1', 400, { errors: [{ path: 'query.limit', value: 1, reason: 'has no meaning with watch' }] }],
    ['timeoutSeconds=1', 400, { errors: [{ path: 'query.timeoutSeconds', value: 1, reason: 'needs watch=true' }] }],
    ['watch=1', 400, { errors: [{ path: 'query.watch', value: '1', reason: 'must be true or false' }] }],
    ['continue=WzEsIiIsIiJd', 410, { errors: [{ path: 'query.continue', reason: 'is too old, the store is at 3' }] }],
    [
      'continue=WzksIiIsIiJd',
      400,
      { errors: [{ path: 'query.continue', value: 9, reason: 'is in the future, the store is at 3: list again' }] },
    ],
    ['continue=nonsense', 400, { errors: [{ path: 'query.continue', reason: 'is none that an earlier page returned' }] }],
  ]
  for (const [query, status, body] of table)
    t.match(await api.get(`${sets}?${query}`), { status, type: 'application/problem+json', body }, query)
  for (const query of ['watch=true&resourceVersion=2', 'watch=true&resourceVersion=3', 'watch=true&resourceVersion=0']) {
    const watch = await open(api, `${sets}?${query}&timeoutSeconds=1`)
    t.equal(watch.response.statusCode, 200, query)
    await watch.leave()
  }
})

t.test('after a restart what was before is too old', async (t) => {
  const api = await startFixture(t)
  await apply(api, set('a'))
  await apply(api, set('b'))
  const again = await api.restart()
  t.match(await again.get(`${sets}?watch=true&resourceVersion=1`), { status: 410 })
  const watch = await open(again, `${sets}?watch=true&resourceVersion=2&timeoutSeconds=9`)
  await apply(again, set('c'))
  t.equal(await watch.next(), 'ADDED c 3')
  await watch.leave()
})

t.test('a list in pages, from the revision of its first page', async (t) => {
  const api = await startFixture(t)
  await apply(api, ...['a', 'b', 'c', 'd', 'e'].map((name) => set(name)))
  type List = {
    metadata: { resourceVersion: string; continue?: string; remainingItemCount?: number }
    items: { metadata: { name: string } }[]
  }
  const page = async (query: string) => {
    const { metadata, items } = (await api.get(`${sets}?${query}`)).body as List
    return { metadata, names: items.map((item) => item.metadata.name).join('') }
  }
  const first = await page('limit=2')
  t.match(first, { names: 'ab', metadata: { resourceVersion: '1', remainingItemCount: 3 } })
  await api.send('DELETE', `${sets}/b`, '')
  const second = await page(`limit=2&continue=${first.metadata.continue}`)
  t.match(second, { names: 'cd', metadata: { resourceVersion: '1', remainingItemCount: 1 } })
  t.strictSame(await page(`limit=2&continue=${second.metadata.continue}`), { names: 'e', metadata: { resourceVersion: '1' } })
})

t.test('DELETE is 409 unless its preconditions hold', async (t) => {
  const api = await startFixture(t)
  await apply(api, set('a'))
  const { metadata } = (await api.get(`${sets}/a`)).body as { metadata: { uid: string } }
  const options = (preconditions: object) => JSON.stringify({ kind: 'DeleteOptions', apiVersion: 'v1', preconditions })
  const stale = 'NetworkSet shop/a is at resourceVersion 1'
  t.match(await api.send('DELETE', `${sets}/a?resourceVersion=7`, ''), {
    status: 409,
    body: { errors: [{ path: 'query.resourceVersion', value: '7', reason: stale }] },
  })
  t.match(await api.send('DELETE', `${sets}/a`, options({ resourceVersion: '7', uid: 'x' }), 'application/json'), {
    status: 409,
    body: {
      errors: [
        { path: 'preconditions.resourceVersion', reason: stale },
        { path: 'preconditions.uid', value: 'x' },
      ],
    },
  })
  t.match(await api.send('DELETE', `${sets}/a?dryRun=All`, ''), { status: 200 })
  t.match(await api.send('DELETE', `${sets}/a`, '{"dryRun": ["All"]}', 'application/json'), { status: 200 })
  t.equal(api.store.revision, 1, 'a dry run changes nothing')
  const bodies: [body: string, status: number, problem: object][] = [
    ['{"preconditions": {"uid": 1}}', 422, { path: 'preconditions.uid', reason: 'must be a string' }],
    ['{"precondition": {}}', 422, { path: 'precondition', reason: 'unknown field, did you mean "preconditions"?' }],
    ['[]', 422, { path: '', reason: 'must be an object' }],
    ['{', 400, { line: 1 }],
    ['a: 1\n---\nb: 1', 400, { reason: /./ }],
    [' '.repeat(20_000), 413, { reason: 'DeleteOptions have at most 16384 octets' }],
  ]
  for (const [body, status, error] of bodies)
    t.match(await api.send('DELETE', `${sets}/a`, body, 'application/json'), { status, body: { errors: [error] } }, body.slice(0, 40))
  t.equal(api.store.revision, 1)
  t.match(await api.send('DELETE', `${sets}/a?resourceVersion=1`, options({ uid: metadata.uid }), 'application/json'), { status: 200 })
  t.equal(api.store.revision, 2)
})

t.test('PUT with the uid of another object is 409, as in Kubernetes; an empty version or uid asks for nothing', async (t) => {
  const api = await startFixture(t)
  const put = (more: object) => {
    const metadata = { name: 'a', namespace: 'shop', ...more }
    const resource = { apiVersion: 'projectcalico.org/v3', kind: 'NetworkSet', metadata, spec: { nets: ['10.0.0.0/8'] } }
    return api.send('PUT', `${sets}/a`, JSON.stringify(resource), 'application/json')
  }
  const conflict = (path: string, value: string, reason: string) => ({ status: 409, body: { errors: [{ path, value, reason }] } })
  t.match(await put({ uid: 'x' }), conflict('metadata.uid', 'x', 'NetworkSet shop/a does not exist any more'))
  const { body } = await put({ uid: '', resourceVersion: '' })
  const { uid } = (body as { metadata: { uid: string } }).metadata
  t.match(await put({ uid: 'x', resourceVersion: '1' }), conflict('metadata.uid', 'x', `NetworkSet shop/a is at uid ${uid}`))
  t.match(await put({ resourceVersion: 'abc' }), conflict('metadata.resourceVersion', 'abc', 'NetworkSet shop/a is at resourceVersion 1'))
  t.match(await put({ uid, resourceVersion: '1' }), { status: 200 })
  t.equal(api.store.revision, 1)
})

t.test('of PUTs that replace the same version at once, one is done', async (t) => {
  const api = await startFixture(t)
  await apply(api, set('a'))
  const versioned = (octet: number) => set('a', octet).replace('name: a', 'name: a, resourceVersion: "1"')
  const answers = await Promise.all([11, 12, 13, 14, 15].map((octet) => api.send('PUT', `${sets}/a`, versioned(octet))))
  t.equal(answers.filter(({ status }) => status === 200).length, 1)
  t.equal(answers.filter(({ status }) => status === 409).length, 4)
  t.equal(api.store.revision, 2)
})

t.test('PUT of a kind that two groups have is refused at the URL of the other', async (t) => {
  const api = await startFixture(t)
  const policy = 'apiVersion: projectcalico.org/v3\nkind: NetworkPolicy\nmetadata: {name: a, namespace: shop}\nspec: {selector: all()}\n'
  t.match(await api.send('PUT', '/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies/a', policy), {
    status: 422,
    body: { errors: [{ path: 'apiVersion', value: 'projectcalico.org/v3', reason: 'must be networking.k8s.io/v1, as the URL says' }] },
  })
  t.equal(api.store.revision, 0)
})

t.test('PUT as a dry run answers as if it were done', async (t) => {
  const api = await startFixture(t)
  t.match(await api.send('PUT', `${sets}/a?dryRun=All`, set('a')), { status: 201, body: { metadata: { name: 'a' } } })
  t.equal(api.store.revision, 0)
})

t.test('RFC 9110 §10.1.1: 100 Continue never comes inside an answer, also when requests are not waited for', async (t) => {
  const api = await startFixture(t)
  const socket = connect(api.socket)
  const get = (path: string, more: string) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${more}\r\n`
  socket.write(get('/readyz', '') + get(`${sets}?limit=0`, 'Expect: 100-continue\r\nConnection: close\r\n'))
  const text = (await socket.setEncoding('utf8').toArray()).join('')
  const heads = text.split('\r\n\r\n').map((part) => part.slice(part.indexOf('HTTP/1.1')).split('\r\n')[0])
  t.match(heads, ['HTTP/1.1 200 OK', 'HTTP/1.1 400 Bad Request', /^.?$/])
  t.match(text, /Connection: close\r\n\r\n\{"type":"urn:tortie:problem:not-parsable"/)
})
