import t, { type Test } from 'tap'
import { startFixture } from '../http/api-fixture.ts'
import { fixed, runTortie, tortieAt } from './cli-fixture.ts'

const resources = `
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: {name: deny-all}
spec: {order: 500.5, selector: all(), types: [Ingress]}
---
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: {name: last}
spec: {types: [Egress]}
---
apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec: {order: 1, selector: app == 'web', types: [Ingress]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec: {podSelector: {}}
---
apiVersion: projectcalico.org/v3
kind: WorkloadEndpoint
metadata: {name: one, namespace: shop}
spec: {node: node-a, interfaceName: tortone, ipNetworks: [10.244.1.10/32, "fd00::a/128"]}
---
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: robot, namespace: shop}
---
apiVersion: projectcalico.org/v3
kind: GlobalNetworkSet
metadata: {name: partners}
spec: {nets: [192.0.2.0/24, 198.51.100.7/32]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: db-x, namespace: shop, labels: {kubernetes.io/service-name: db}}
addressType: IPv4
endpoints: [{addresses: [10.0.0.1, 10.0.0.2]}, {addresses: [10.0.0.3]}, {addresses: [10.0.0.4]}]
ports: [{port: 5432}, {name: any, protocol: UDP}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: empty, namespace: shop}
addressType: IPv6
endpoints: null
ports: null
`

/** One resource of each kind above; each table is what people see. */
const tables: [line: string, table: string][] = [
  ['get gnp', 'NAME      ORDER  SELECTOR  CREATED\ndeny-all  500.5  all()     TIME\nlast      -      -         TIME\n'],
  ['get networkpolicy', "NAMESPACE  NAME  ORDER  SELECTOR      CREATED\nshop       web   1      app == 'web'  TIME\n"],
  ['get knp web -n shop', 'NAMESPACE  NAME  CREATED\nshop       web   TIME\n'],
  [
    'get wep',
    'NAMESPACE  NAME  NODE    INTERFACE  NETWORKS                     CREATED\nshop       one   node-a  tortone    10.244.1.10/32,fd00::a/128  TIME\n',
  ],
  ['get namespaces', 'NAME  CREATED\nshop  TIME\n'],
  ['get sa -n shop', 'NAMESPACE  NAME   CREATED\nshop       robot  TIME\n'],
  ['get sa -n other', 'NAMESPACE  NAME  CREATED\n'],
  [
    'get eps',
    [
      'NAMESPACE  NAME   SERVICE  ADDRESSTYPE  PORTS           ENDPOINTS                            CREATED',
      'shop       db-x   db       IPv4         5432/tcp,*/udp  10.0.0.1,10.0.0.2,10.0.0.3 + 1 more  TIME',
      'shop       empty  -        IPv6         -               -                                    TIME\n',
    ].join('\n'),
  ],
  ['get gns partners', 'NAME      NETS                          CREATED\npartners  192.0.2.0/24,198.51.100.7/32  TIME\n'],
]

t.test('get: what each kind is about', async (t) => {
  const { tortie } = await start(t)
  t.match(await tortie('apply -f -', resources), { code: 0, err: '' })
  for (const [line, table] of tables) {
    const { code, out, err } = await tortie(line)
    t.strictSame([code, squeeze(fixed(out)), err], [0, squeeze(table), ''], line)
  }
})

t.test('get -o json: a single resource is an object, a list a list kind, and both can be applied again', async (t) => {
  const { api, tortie } = await start(t)
  await tortie('apply -f -', resources)
  const single = await tortie('get gnp deny-all -o json')
  t.match(JSON.parse(single.out), {
    apiVersion: 'projectcalico.org/v3',
    kind: 'GlobalNetworkPolicy',
    metadata: { name: 'deny-all', resourceVersion: '1', generation: 1 },
    spec: { order: 500.5, selector: 'all()', types: ['Ingress'] },
  })
  const list = await tortie('get gnp -o json')
  t.match(JSON.parse(list.out), { apiVersion: 'projectcalico.org/v3', kind: 'GlobalNetworkPolicyList', metadata: { resourceVersion: '1' } })
  for (const { out } of [single, list])
    t.match(await tortie('apply -f -', out), { code: 0, out: /GlobalNetworkPolicy deny-all unchanged\n/ })
  t.equal(api.store.revision, 1)
})

t.test('get, then somebody else changes it, then apply what was got: refused, nothing lost', async (t) => {
  const { api, tortie } = await start(t)
  await tortie('apply -f -', resources)
  const { out } = await tortie('get gnp last -o yaml')
  await tortie('apply -f -', resources.replace('types: [Egress]', 'types: [Ingress]'))
  const mine = await tortie('apply -f -', out.replace('Egress', 'Egress\n  order: 3'))
  t.strictSame(mine, {
    code: 1,
    out: '',
    err: 'tortie: version conflict: stdin:7: metadata.resourceVersion: GlobalNetworkPolicy last is at resourceVersion 2 (nothing was changed: get it again and repeat your change)\n',
  })
  t.equal(api.store.revision, 2)
})

t.test('get of a name that needs encoding', async (t) => {
  const { tortie } = await start(t)
  for (const name of ['a/b', '..', '%2e', 'ü', '?x=1'])
    t.strictSame(await tortie(`get tier ${name}`), { code: 1, out: '', err: `tortie: not found: there is no Tier ${name}\n` }, name)
})

t.test('get -l: only what has the labels, in every output', async (t) => {
  const { tortie } = await start(t)
  const labelled = (name: string, labels: string) => `apiVersion: v1\nkind: Namespace\nmetadata: {name: ${name}, labels: {${labels}}}\n`
  await tortie('apply -f -', [labelled('a', 'team: blue'), labelled('b', 'team: red'), labelled('c', '')].join('---\n'))
  t.equal(squeeze(fixed((await tortie('get ns -l team=blue')).out)), 'NAME  CREATED\na  TIME\n')
  t.match(JSON.parse((await tortie('get ns -l team!=blue -o json')).out), {
    kind: 'NamespaceList',
    items: [{ metadata: { name: 'b' } }, { metadata: { name: 'c' } }],
  })
  t.match(await tortie('get ns -l team=blue,'), { code: 2, err: /^tortie: -l team=blue, is not understood: / })
})

t.test('get and delete take KIND/NAME', async (t) => {
  const { tortie } = await start(t)
  await tortie('apply -f -', resources)
  t.match(await tortie('get gnp/last -o yaml'), { code: 0, out: /\n {2}name: last\n/ })
  t.match(await tortie('get wep/one -n shop'), { code: 0, out: /\nshop +one / })
  t.match(await tortie('delete gnp/last'), { code: 0, out: 'GlobalNetworkPolicy last deleted\n' })
  t.match(await tortie('delete wep/one -n shop'), { code: 0, out: 'WorkloadEndpoint shop/one deleted\n' })
})

const mistakes: [line: string, err: string][] = [
  ['get gnp/', 'gnp/ names no resource: write KIND/NAME'],
  ['get wep -n shop -A', 'give either -n or -A, not both'],
  ['get wep one -A', 'a name is in one namespace: give -n instead of -A'],
  ['get wep one -l app', 'give either a name or -l, not both'],
  ['get globalnetworkpolicie', 'unknown kind globalnetworkpolicie, did you mean "globalnetworkpolicies"?'],
  ['get gpn', 'unknown kind gpn, did you mean "gnp"?'],
]
for (const [line, err] of mistakes)
  t.test(`"${line}" is a usage mistake with a hint`, async (t) => {
    t.strictSame(await runTortie(line.split(' ')), { code: 2, out: '', err: `tortie: ${err}\n` })
  })

/** The width of a column follows its widest cell, which is not what is looked at here. */
function squeeze(text: string): string {
  return text.replaceAll(/ {2,}/g, '  ')
}

async function start(t: Test, face: Parameters<typeof startFixture>[1] = {}) {
  const api = await startFixture(t, face)
  return { api, tortie: tortieAt(api.socket) }
}
