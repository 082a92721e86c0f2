import t, { type Test } from 'tap'
import { startFixture } from '../http/api-fixture.ts'
import { tortieAt } from './cli-fixture.ts'

const endpoint = (name: string, address: string, node = 'node-a') => `
apiVersion: projectcalico.org/v3
kind: WorkloadEndpoint
metadata: {name: ${name}, namespace: shop, labels: {app: ${name}}}
spec: {node: ${node}, interfaceName: tort${name}, ipNetworks: [${address}/32]}
---`
const resources = `${endpoint('web', '10.244.1.10')}${endpoint('db', '10.244.2.10', 'node-b')}
apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata: {name: db, namespace: shop}
spec:
  selector: app == 'db'
  types: [Ingress]
  ingress:
    - {action: Allow, protocol: UDP}
    - {action: Allow, protocol: TCP, source: {selector: app == 'web'}, destination: {ports: [5432]}}
---
apiVersion: projectcalico.org/v3
kind: GlobalNetworkSet
metadata: {name: office}
spec: {nets: [192.0.2.0/24]}
`

const staged = `
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: {name: out}
spec: {selector: app == 'web', types: [Egress]}
---
apiVersion: projectcalico.org/v3
kind: StagedNetworkPolicy
metadata: {name: db, namespace: shop}
spec: {selector: app == 'db', ingress: [{action: Reject}]}
`

t.test('explain: the verdict first, then both ends, then each rule that was looked at', async (t) => {
  const { tortie } = await start(t)
  t.equal(
    (await tortie('explain shop/web shop/db --port 5432')).out,
    `Allow: allowed by Profile kns.shop (egress rule 0) and NetworkPolicy shop/db (ingress rule 1)

From: shop/web (10.244.1.10) on this node
To:   shop/db (10.244.2.10) on node-b, which decides by what it has stored
Flow: tcp 5432

Egress of shop/web: allowed
TIER  SUBJECT           RULE  OUTCOME  WHY
-     Profile kns.shop  0     Allow    -

Ingress of shop/db: allowed
TIER     SUBJECT                RULE  OUTCOME   WHY
default  NetworkPolicy shop/db  0     no match  differs in protocol
default  NetworkPolicy shop/db  1     Allow     -
`,
  )
  const denied = await tortie('explain 192.0.2.7 shop/db --port 5432')
  t.equal(denied.code, 0, 'a denied flow is an answer, no failure of the command')
  t.match(
    denied.out,
    /^Deny: denied by Tier default \(ingress\), in which no rule matched\n\nFrom: 192\.0\.2\.7, in GlobalNetworkSet office\n/,
  )
})

t.test('explain: between machines that are no workloads no policy applies', async (t) => {
  const { tortie } = await start(t)
  t.equal(
    (await tortie('explain 198.51.100.1 198.51.100.2 --protocol icmp')).out,
    'Allow: neither end is a workload: no policy applies\n\nFrom: 198.51.100.1\nTo:   198.51.100.2\nFlow: icmp\n',
  )
})

t.test('explain -o json is the answer of the API', async (t) => {
  const { api, tortie } = await start(t)
  const { body } = await api.get('/v1/explain?from=shop/web&to=shop/db&protocol=udp&port=53&sourcePort=1000')
  t.strictSame(JSON.parse((await tortie('explain shop/web shop/db --protocol udp --port 53 --source-port 1000 -o json')).out), body)
})

t.test('explain: the ends by option or argument, the protocol beside the port', async (t) => {
  const { tortie } = await start(t)
  const { out } = await tortie('explain shop/web shop/db --port 5432')
  for (const args of [
    '--from shop/web --to shop/db --port 5432/tcp',
    '--to shop/db shop/web --port 5432',
    '--from shop/web shop/db --port 5432',
  ])
    t.equal((await tortie(`explain ${args}`)).out, out, args)
  t.match((await tortie('explain --from shop/web --to shop/db --port 53/udp')).out, /^Allow: [\s\S]*Flow: udp 53/)
  t.match((await tortie('explain --from shop/web --to shop/db --protocol icmp')).out, /^Deny: [\s\S]*Flow: icmp\n/)
})

t.test('explain: what the receiver would say to what never comes, and what staged policies would change', async (t) => {
  const { tortie } = await start(t)
  await tortie('apply -f -', staged)
  t.equal(
    (await tortie('explain --from shop/web --to shop/db --port 5432/tcp')).out.split('\n\n').slice(2).join('\n\n'),
    `Egress of shop/web: denied
TIER     SUBJECT                  RULE  OUTCOME   WHY
default  GlobalNetworkPolicy out  -     no match  -
default  Tier default             -     Deny      -

Ingress of shop/db: not reached, would be allowed
TIER     SUBJECT                RULE  OUTCOME   WHY
default  NetworkPolicy shop/db  0     no match  differs in protocol
default  NetworkPolicy shop/db  1     Allow     -

Ingress with staged policies: would be denied
TIER     SUBJECT                      RULE  OUTCOME  WHY
default  StagedNetworkPolicy shop/db  0     Reject   -
`,
  )
})

const misuses: [args: string, err: string][] = [
  ['shop/web', 'both ends are required: --from and --to, each NAMESPACE/NAME or an address\n'],
  ['shop/web shop/db --from shop/web --port 1', 'an end is given twice, as an argument and with --from or --to\n'],
  ['shop/web shop/db --port 53/udp --protocol udp', 'give the protocol either in --port or with --protocol\n'],
]
t.test('explain: what the API does not understand is one line', async (t) => {
  const { tortie } = await start(t)
  t.match(await tortie('explain shop/web shop/db'), {
    code: 1,
    out: '',
    err: 'tortie: not parsable: query.port: is required with protocol tcp\n',
  })
  t.match(await tortie('explain shop/wep shop/db --port 1'), {
    code: 1,
    out: '',
    err: /^tortie: not found: query\.from: [^\n]*did you mean[^\n]*\n$/,
  })
  for (const [args, err] of misuses) t.match(await tortie(`explain ${args}`), { code: 2, out: '', err: `tortie: ${err}` }, args)
})

async function start(t: Test) {
  const api = await startFixture(t)
  const tortie = tortieAt(api.socket)
  const { code, err } = await tortie('apply -f -', resources)
  if (code !== 0) throw new Error(err)
  return { api, tortie }
}
