import fc from 'fast-check'
import t, { type Test } from 'tap'
import { type Fixture, type Reply, startFixture } from './api-fixture.ts'

const policy = (name: string, order = 1) => `apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata:
  name: ${name}
spec:
  order: ${order}
  selector: app == 'web'
  ingress:
    - action: Allow
      protocol: TCP
      destination:
        ports: [80]
`
const result = (name: string, done: string) => ({ apiVersion: 'projectcalico.org/v3', kind: 'GlobalNetworkPolicy', name, result: done })
const problemType = 'application/problem+json'

/** Posts, and proves that a refused request changed nothing. */
async function refused(t: Test, api: Fixture, path: string, body: string | Buffer, type?: string): Promise<Reply> {
  const before = JSON.stringify([api.store.revision, api.store.all()])
  const reply = await api.send('POST', path, body, type)
  t.equal(JSON.stringify([api.store.revision, api.store.all()]), before, 'nothing changed')
  t.equal(reply.type, problemType)
  return reply
}

t.test('POST /v1/apply: created, configured and unchanged, several documents in one revision', async (t) => {
  const api = await startFixture(t)
  t.strictSame(await api.send('POST', '/v1/apply', `${policy('a')}---\n${policy('b')}`), {
    status: 200,
    type: 'application/json',
    allow: undefined,
    body: { revision: 1, results: [result('a', 'created'), result('b', 'created')] },
  })
  const again = await api.send('POST', '/v1/apply', `${policy('a', 2)}---\n${policy('b')}`)
  t.strictSame(again.body, { revision: 2, results: [result('a', 'configured'), result('b', 'unchanged')] })
  const same = await api.send('POST', '/v1/apply', `${policy('a', 2)}---\n${policy('b')}`)
  t.strictSame(same.body, { revision: 2, results: [result('a', 'unchanged'), result('b', 'unchanged')] })
  t.equal(api.store.all().length, 2)
})

t.test('POST /v1/apply takes each media type, a JSON object, an array and a List', async (t) => {
  const api = await startFixture(t)
  const resource = (name: string) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
  const bodies: [type: string, body: string][] = [
    ['application/yaml', 'apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n'],
    ['text/yaml; charset=utf-8', 'apiVersion: v1\nkind: Namespace\nmetadata: {name: b}\n'],
    ['application/x-yaml', 'apiVersion: v1\nkind: Namespace\nmetadata: {name: c}\n'],
    ['application/json', JSON.stringify(resource('d'))],
    ['application/json', JSON.stringify([resource('e')])],
    ['application/json; charset=utf-8', JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [resource('f')] })],
  ]
  for (const [type, body] of bodies) t.equal((await api.send('POST', '/v1/apply', body, type)).status, 200, `${type} ${body}`)
  const names = api.store.list('', 'Namespace').map(({ resource }) => resource.metadata.name)
  t.strictSame(names, ['a', 'b', 'c', 'd', 'e', 'f'])
})

t.test('POST /v1/delete: deleted and not found, by name only', async (t) => {
  const api = await startFixture(t)
  await api.send('POST', '/v1/apply', policy('a'))
  const named = JSON.stringify({ apiVersion: 'projectcalico.org/v3', kind: 'GlobalNetworkPolicy', metadata: { name: 'a' } })
  const first = await api.send('POST', '/v1/delete', `${named}\n---\n${policy('b')}`)
  t.strictSame(first.body, { revision: 2, results: [result('a', 'deleted'), result('b', 'not found')] })
  const second = await api.send('POST', '/v1/delete', named, 'application/json')
  t.strictSame(second.body, { revision: 2, results: [result('a', 'not found')] })
})

const noFlows = { changes: [], recent: [], concerned: 0, hostEndpoints: [], checked: 0, truncated: false }

t.test('?dryRun=true says what would change and changes nothing', async (t) => {
  const api = await startFixture(t)
  await api.send('POST', '/v1/apply', policy('a'))
  const apply = await api.send('POST', '/v1/apply?dryRun=true', `${policy('a', 2)}---\n${policy('b')}`)
  t.strictSame(apply.body, { revision: 1, results: [result('a', 'configured'), result('b', 'created')], flows: noFlows })
  const remove = await api.send('POST', '/v1/delete?dryRun=true&wait=5', policy('a'))
  t.strictSame(remove.body, { revision: 1, results: [result('a', 'deleted')], flows: noFlows })
  t.equal(api.store.revision, 1)
})

t.test('?wait answers once the revision is programmed, with what cannot be for a reason outside the node', async (t) => {
  const api = await startFixture(t)
  api.store.subscribe((_events, revision) =>
    api.programmed.applied(revision, new Map([['link tortweb', { state: 'pending', reason: 'does not exist' }]])),
  )
  const reply = await api.send('POST', '/v1/apply?wait=10', policy('a'))
  t.equal(reply.status, 200)
  const unprogrammed = [{ subject: 'link tortweb', state: 'pending', reason: 'does not exist' }]
  t.strictSame(reply.body, { revision: 1, results: [result('a', 'created')], unprogrammed })
})

t.test('?wait: unchanged waits too; 504 carries revision, results and pending, and the write stays', async (t) => {
  const api = await startFixture(t)
  api.store.subscribe((_events, revision) =>
    api.programmed.applied(revision, new Map([['chain tort-a', { state: 'failed', reason: 'EPERM' }]])),
  )
  await api.send('POST', '/v1/apply', policy('a'))
  const reply = await api.send('POST', '/v1/apply?wait=1', policy('a'))
  t.strictSame(reply, {
    status: 504,
    type: problemType,
    allow: undefined,
    body: {
      type: 'urn:tortie:problem:not-programmed-in-time',
      title: 'Not programmed in time',
      status: 504,
      detail: 'revision 1 is not programmed after 1 s: chain tort-a (EPERM)',
      revision: 1,
      results: [result('a', 'unchanged')],
      pending: [{ subject: 'chain tort-a', state: 'failed', reason: 'EPERM' }],
      unprogrammed: [],
    },
  })
  t.equal(api.store.revision, 1)
})

t.test('?wait: closing the API answers 503 at once; the write is reported', async (t) => {
  const api = await startFixture(t)
  const waiting = api.send('POST', '/v1/apply?wait=300', policy('a'))
  const written = Promise.withResolvers<void>()
  api.store.subscribe(() => written.resolve())
  await written.promise
  const [reply] = await Promise.all([waiting, api.close()])
  t.match(reply, { status: 503, body: { title: 'Not ready', revision: 1, results: [result('a', 'created')] } })
})

t.test('a resource that carries resourceVersion must be at it: 409, all stale ones at once, with their lines', async (t) => {
  const api = await startFixture(t)
  await api.send('POST', '/v1/apply', `${policy('a')}---\n${policy('b')}`)
  const stale = (name: string) => policy(name, 2).replace(`name: ${name}`, `name: ${name}\n  resourceVersion: "9"`)
  const reply = await refused(t, api, '/v1/apply', `${stale('a')}---\n${policy('c')}---\n${stale('gone')}`)
  t.strictSame(reply.body, {
    type: 'urn:tortie:problem:version-conflict',
    title: 'Version conflict',
    status: 409,
    detail: 'line 5, metadata.resourceVersion: GlobalNetworkPolicy a is at resourceVersion 1 (and 1 more)',
    errors: [
      { path: 'metadata.resourceVersion', value: '9', reason: 'GlobalNetworkPolicy a is at resourceVersion 1', document: 0, line: 5 },
      { path: 'metadata.resourceVersion', value: '9', reason: 'GlobalNetworkPolicy gone does not exist any more', document: 2, line: 32 },
    ],
  })
  const fresh = stale('a').replace('"9"', '"1"')
  t.strictSame((await api.send('POST', '/v1/apply', fresh)).body, { revision: 2, results: [result('a', 'configured')] })
})

t.test('bad input: every problem with its path and line, nothing changed', async (t) => {
  const api = await startFixture(t)
  await api.send('POST', '/v1/apply', policy('kept'))
  const good = policy('good')
  const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c,*c,*c]\n`
  const wrong = `apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata:
  name: wrong
spec:
  order: first
  selectr: all()
  selector: app ==
  ingress:
    - action: Alow
      protocol: TCP
      source:
        nets: [10.0.0.0/33]
      destination:
        ports: [70000]
`
  const table: [title: string, status: number, body: string, errors: [path: string, line: number | undefined][]][] = [
    ['broken YAML', 400, `${good}---\nmetadata: [1, 2\nkind: x\n`, [['', 15]]],
    ['a duplicate key', 400, good.replace('  order: 1', '  order: 1\n  order: 2'), [['spec.order', 7]]],
    ['an alias bomb', 400, bomb, []],
    ['no resource at all', 400, '\n', [['', undefined]]],
    [
      'unknown fields, wrong types, a bad selector, CIDR and port, beside a good document',
      422,
      `${good}---\n${wrong}`,
      [
        ['spec.order', 19],
        ['spec.selectr', 20],
        ['spec.selector', 21],
        ['spec.ingress[0].action', 23],
        ['spec.ingress[0].source.nets[0]', 26],
        ['spec.ingress[0].destination.ports[0]', 28],
      ],
    ],
    ['an unknown kind', 422, good.replace('GlobalNetworkPolicy', 'GlobalNetworkPolcy'), [['kind', 2]]],
    ['the same name twice', 422, `${good}---\n${good}`, [['metadata.name', 17]]],
  ]
  for (const [title, status, body, errors] of table) {
    const reply = await refused(t, api, '/v1/apply', body)
    t.match(reply.body, { status, type: /^urn:tortie:problem:not-(parsable|valid)$/, detail: /.+/, errors: Array }, title)
    const found = (reply.body as { errors: { path: string; line?: number; reason: string }[] }).errors
    t.ok(
      found.every(({ reason }) => reason.length > 0),
      `${title}: each has a reason`,
    )
    const bySort = (list: readonly (readonly [string, number | undefined])[]) => list.map((pair) => JSON.stringify(pair)).sort()
    if (errors.length > 0)
      t.strictSame(bySort(found.map(({ path, line }) => [path, line] as const)), bySort(errors), `${title}: ${JSON.stringify(found)}`)
  }
})

t.test('RFC 9457: an unknown field, whole', async (t) => {
  const api = await startFixture(t)
  const reply = await refused(t, api, '/v1/apply', policy('a').replace('selector:', 'selectr:'))
  const reason = 'unknown field, did you mean "selector"?'
  t.strictSame(reply, {
    status: 422,
    type: problemType,
    allow: undefined,
    body: {
      type: 'urn:tortie:problem:not-valid',
      title: 'Not valid',
      status: 422,
      detail: `line 7, spec.selectr: ${reason}`,
      errors: [{ path: 'spec.selectr', reason, document: 0, line: 7 }],
    },
  })
})

t.test('a duplicate key in JSON is refused too', async (t) => {
  const api = await startFixture(t)
  const body = '{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"a","name":"b"}}'
  const reply = await refused(t, api, '/v1/apply', body, 'application/json')
  t.match(reply.body, { status: 400, errors: [{ path: 'metadata.name' }] })
})

t.test('413 for 10 MB, also when the client sends all of it first; the limits of YAML and JSON are said', async (t) => {
  const api = await startFixture(t)
  const large = Buffer.alloc(10_000_000, ' ')
  const yaml = await refused(t, api, '/v1/apply', large)
  t.match(yaml.body, { status: 413, title: 'Too large', detail: /^the body is larger than 2097152 octets/ })
  const json = await refused(t, api, '/v1/apply', large, 'application/json')
  t.match(json.body, { status: 413, detail: /^the body is larger than 8388608 octets/ })
})

t.test('415 for another media type, 400 for what is not UTF-8', async (t) => {
  const api = await startFixture(t)
  for (const [type, detail] of [
    ['text/plain', '"text/plain" is not read here: send application/yaml or application/json'],
    [
      'application/x-www-form-urlencoded',
      '"application/x-www-form-urlencoded" is not read here: send application/yaml or application/json',
    ],
    ['', 'a body without Content-Type is not read here: send application/yaml or application/json'],
  ]) {
    const reply = await refused(t, api, '/v1/apply', policy('a'), type)
    t.strictSame(reply.body, { type: 'urn:tortie:problem:unsupported-media-type', title: 'Unsupported media type', status: 415, detail })
  }
  const reply = await refused(t, api, '/v1/apply', Buffer.from([0x61, 0xff, 0xfe]))
  t.strictSame(reply.body, {
    type: 'urn:tortie:problem:not-parsable',
    title: 'Not parsable',
    status: 400,
    detail: 'is not UTF-8',
    errors: [{ path: '', reason: 'is not UTF-8' }],
  })
})

t.test('query parameters are read strictly, all problems at once, before the body', async (t) => {
  const api = await startFixture(t)
  const reply = await refused(t, api, '/v1/apply?dryrun=true&wait=0&dryRun=yes', 'not: looked at')
  t.strictSame(reply.body, {
    type: 'urn:tortie:problem:not-parsable',
    title: 'Not parsable',
    status: 400,
    detail: 'query.dryrun: unknown parameter; known: dryRun, wait (and 2 more)',
    errors: [
      { path: 'query.dryrun', value: 'true', reason: 'unknown parameter; known: dryRun, wait' },
      { path: 'query.wait', value: '0', reason: 'must be an integer from 1 to 300' },
      { path: 'query.dryRun', value: 'yes', reason: 'must be true or false' },
    ],
  })
  for (const wait of ['301', '-1', '1.5', '1e2', '', '1&wait=2'])
    t.equal((await refused(t, api, `/v1/apply?wait=${wait}`, policy('a'))).status, 400, wait)
})

t.test('423 for what is built in', async (t) => {
  const api = await startFixture(t)
  const named = (kind: string, name: string) => `apiVersion: projectcalico.org/v3\nkind: ${kind}\nmetadata: {name: ${name}}\n`
  const body = [named('Tier', 'default'), named('Profile', 'kns.default'), named('Tier', 'mine')].join('---\n')
  const reply = await refused(t, api, '/v1/delete', body)
  t.match(reply.body, {
    status: 423,
    title: 'Protected',
    errors: [
      { path: 'metadata.name', value: 'default', reason: 'Tier default is built in and cannot be deleted', document: 0, line: 3 },
      { path: 'metadata.name', value: 'kns.default', document: 1, line: 7 },
    ],
  })
})

t.test('§6.17.1: a policy needs its tier, and a tier cannot go before its policies', async (t) => {
  const api = await startFixture(t)
  const tier = 'apiVersion: projectcalico.org/v3\nkind: Tier\nmetadata: {name: mine}\nspec: {}\n'
  const tiered = policy('a').replace('spec:\n', 'spec:\n  tier: mine\n')
  const lost = await refused(t, api, '/v1/apply', tiered)
  t.match(lost.body, {
    status: 422,
    errors: [{ path: 'spec.tier', value: 'mine', reason: 'there is no tier of this name', document: 0, line: 6 }],
  })
  t.match(await api.send('PUT', '/apis/projectcalico.org/v3/globalnetworkpolicies/a', tiered), {
    status: 422,
    body: { errors: [{ path: 'spec.tier' }] },
  })
  t.equal((await api.send('POST', '/v1/apply', `${tiered}---\n${tier}`)).status, 200)
  const early = await refused(t, api, '/v1/delete', tier)
  t.match(early.body, {
    status: 423,
    errors: [{ path: 'metadata.name', reason: 'Tier mine has policies: GlobalNetworkPolicy a', line: 3 }],
  })
  t.match(await api.send('DELETE', '/apis/projectcalico.org/v3/tiers/mine', ''), { status: 423 })
  t.equal((await api.send('POST', '/v1/delete', `${tier}---\n${tiered}`)).status, 200)
})

t.test('whatever is posted, the answer is a result or a problem with its reasons, never a fault of ours', async (t) => {
  const api = await startFixture(t)
  const yamlish = fc.array(
    fc.constantFrom('a', ': ', '- ', '\n', '  ', '{', '}', '[', ']', '"', "'", '&x ', '*x', '---\n', 'kind', '!!', '|', '#'),
    { maxLength: 40 },
  )
  const body = fc.oneof(
    fc.uint8Array({ maxLength: 200 }).map((octets) => Buffer.from(octets)),
    fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
    yamlish.map((words) => Buffer.from(words.join(''))),
    fc.json().map((text) => Buffer.from(text)),
    fc
      .object({ key: fc.constantFrom('apiVersion', 'kind', 'metadata', 'spec', 'items', '__proto__') })
      .map((value) => Buffer.from(JSON.stringify(value))),
  )
  const path = fc.constantFrom('/v1/apply', '/v1/delete')
  const type = fc.constantFrom('application/json', 'application/yaml')
  await fc.assert(
    fc.asyncProperty(path, type, body, async (path, type, body) => {
      const reply = await api.send('POST', path, body, type)
      t.match(reply, { type: problemType, body: { errors: [{ reason: /./ }] } })
      t.ok(reply.status === 400 || reply.status === 422, String(reply.status))
    }),
    { numRuns: 150 },
  )
  t.strictSame([api.store.revision, api.bugs], [0, []])
})
