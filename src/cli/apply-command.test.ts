import t, { type Test } from 'tap'
import { startFixture } from '../http/api-fixture.ts'
import { tortieAt } from './cli-fixture.ts'

const namespace = (name: string) => `apiVersion: v1\nkind: Namespace\nmetadata: {name: ${name}}\n`

t.test('apply prints results in the order of the documents, with the namespace where there is one', async (t) => {
  const { tortie } = await start(t)
  const account = 'apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: robot, namespace: shop}\n'
  t.match(await tortie('apply -f -', `${account}---\n${namespace('shop')}`), {
    code: 0,
    out: 'ServiceAccount shop/robot created\nNamespace shop created\n',
  })
})

t.test('apply of a list, as get prints it', async (t) => {
  const { tortie } = await start(t)
  const items = ['a', 'b'].map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }))
  const list = JSON.stringify({ apiVersion: 'v1', kind: 'NamespaceList', metadata: { resourceVersion: '7' }, items }, undefined, 2)
  t.match(await tortie('apply -f -', list), { code: 0, out: 'Namespace a created\nNamespace b created\n' })
})

t.test('apply of nothing, and of what is too large, is refused in one line', async (t) => {
  const { api, tortie } = await start(t)
  t.strictSame(await tortie('apply -f -', ''), { code: 1, out: '', err: 'tortie: not parsable: holds no resource (nothing was changed)\n' })
  t.match(await tortie('apply -f -', `# ${'x'.repeat(3_000_000)}`), {
    code: 1,
    err: 'tortie: too large: the body is larger than 2097152 octets: send it in several requests (nothing was changed)\n',
  })
  t.equal(api.store.revision, 0)
})

t.test('apply -o yaml and -o json are the answer of the API', async (t) => {
  const { tortie } = await start(t)
  t.equal(
    (await tortie('apply -f - -o yaml', namespace('a'))).out,
    'revision: 1\nresults:\n  - apiVersion: v1\n    kind: Namespace\n    name: a\n    result: created\n',
  )
  const result = { apiVersion: 'v1', kind: 'Namespace', name: 'a', result: 'unchanged' }
  t.equal((await tortie('apply -f - -o json', namespace('a'))).out, `${JSON.stringify({ revision: 1, results: [result] }, undefined, 2)}\n`)
})

t.test('delete --wait answers once the node has programmed it', async (t) => {
  const { api, tortie } = await start(t)
  await tortie('apply -f -', namespace('a'))
  api.store.subscribe((_events, revision) => api.programmed.applied(revision, new Map()))
  t.strictSame(await tortie('delete ns a --wait 20'), { code: 0, out: 'Namespace a deleted\n', err: '' })
  t.equal(api.programmed.revision, 2)
})

t.test('delete of several names is one change set', async (t) => {
  const { api, tortie } = await start(t)
  await tortie('apply -f -', `${namespace('a')}---\n${namespace('b')}`)
  t.match(await tortie('delete namespace a b c'), { out: 'Namespace a deleted\nNamespace b deleted\nNamespace c not found\n' })
  t.equal(api.store.revision, 2)
  t.match(await tortie('delete namespace a a'), {
    code: 1,
    err: /^tortie: not valid: .*metadata\.name: Namespace a is already document 0 of this request/,
  })
})

async function start(t: Test) {
  const api = await startFixture(t)
  return { api, tortie: tortieAt(api.socket) }
}
