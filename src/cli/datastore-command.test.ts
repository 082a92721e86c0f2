import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { startFixture } from '../http/api-fixture.ts'
import { fixed, tortieAt } from './cli-fixture.ts'

const resources = `apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {team: blue}}
---
apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata: {name: web, namespace: shop, annotations: {note: "a: b # c"}}
spec: {order: 1, selector: app == 'web', types: [Ingress]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec: {podSelector: {}}
`

t.test('export: every kind as one would write it, and import into an empty store makes the same', async (t) => {
  const first = await start(t)
  await first.tortie('apply -f -', resources)
  const { code, out, err } = await first.tortie('datastore export')
  t.strictSame([code, err], [0, ''])
  t.equal(
    out,
    `# 3 resources at revision 1
---
apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata:
  name: web
  namespace: shop
  labels:
    projectcalico.org/tier: default
  annotations:
    note: "a: b # c"
spec:
  order: 1
  selector: app == 'web'
  types:
    - Ingress
  tier: default
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: web
  namespace: shop
spec:
  podSelector: {}
  policyTypes:
    - Ingress
---
apiVersion: v1
kind: Namespace
metadata:
  name: shop
  labels:
    team: blue
spec: {}
`,
  )
  const second = await start(t)
  t.match(await second.tortie('datastore import -f -', out), {
    code: 0,
    out: 'NetworkPolicy shop/web created\nNetworkPolicy shop/web created\nNamespace shop created\n',
  })
  t.equal((await second.tortie('datastore export')).out, out)
  t.equal(second.api.store.revision, 1, 'one atomic change set')
})

t.test('export -f writes a file that only its owner reads', async (t) => {
  const { tortie } = await start(t)
  const file = join(t.testdir(), 'backup.yaml')
  t.strictSame(await tortie(`datastore export -f ${file}`), { code: 0, out: '', err: '' })
  t.strictSame([readFileSync(file, 'utf8'), statSync(file).mode & 0o777], ['# 0 resources at revision 0\n', 0o600])
  t.match(await tortie('datastore export -f /nowhere/x'), {
    code: 1,
    err: /^tortie: cannot write \/nowhere\/x: .*: choose another place\n$/,
  })
})

t.test('export says when it is more than one import takes', async (t) => {
  const { api, tortie } = await start(t)
  const put = async (from: number, to: number) => {
    const names = Array.from({ length: to - from }, (_, index) => `n${from + index}`)
    const resource = (name: string) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name }, spec: {} })
    await api.store.commit(names.map((name) => ({ type: 'put', resource: resource(name) })))
  }
  await put(0, 10_000)
  t.equal((await tortie('datastore export')).err, '')
  await put(10_000, 10_001)
  const { code, out, err } = await tortie('datastore export')
  t.match({ code, err }, { code: 0, err: /^tortie: this is more than one import takes .*: split it, and import with --merge\n$/ })
  t.match(out, /^# 10001 resources at revision 2\n/)
})

t.test('import refuses a store that holds something unless told, and changes nothing', async (t) => {
  const { api, tortie } = await start(t)
  await tortie('apply -f -', resources)
  t.strictSame(await tortie('datastore import -f -', resources), {
    code: 1,
    out: '',
    err: 'tortie: the store holds 3 resources already: --merge writes beside and over them (nothing was changed)\n',
  })
  t.equal(api.store.revision, 1)
  const changed = resources.replace('team: blue', 'team: red')
  t.match(await tortie('datastore import -f - --merge --dry-run', changed), { code: 0, out: /Namespace shop configured \(dry run\)/ })
  t.match(await tortie('datastore import -f - --merge', changed), { code: 0, out: /Namespace shop configured\n/ })
  t.match(JSON.parse(fixed((await tortie('get ns shop -o json')).out)), { metadata: { labels: { team: 'red' } } })
})

t.test('a mistake in what is imported changes nothing, and says where it is', async (t) => {
  const { api, tortie } = await start(t)
  const file = join(t.testdir({ 'backup.yaml': resources.replace('types:', 'typos:') }), 'backup.yaml')
  t.match(await tortie(`datastore import -f ${file}`), { code: 1, out: '', err: `${file}:8: spec.typos: unknown field` })
  t.equal(api.store.revision, 0)
})

t.test('what is too large as YAML goes as JSON', async (t) => {
  const { api, tortie } = await start(t)
  const pad = 'x'.repeat(250_000)
  const padded = (name: number) => `apiVersion: v1\nkind: Namespace\nmetadata: {name: n${name}, annotations: {pad: ${pad}}}\n`
  const text = Array.from({ length: 9 }, (_, i) => padded(i)).join('---\n')
  t.match(await tortie('datastore import -f -', text), { code: 0, out: /^Namespace n0 created\n/, err: '' })
  t.equal(api.store.revision, 1)
  const other = await start(t)
  t.match(await other.tortie('datastore import -f -', `${text}---\na: [`), {
    code: 1,
    err: /^tortie: not parsable: .* \(nothing was changed\)\n$/,
  })
})

async function start(t: Test) {
  const api = await startFixture(t)
  return { api, tortie: tortieAt(api.socket) }
}
