import t from 'tap'
import { startFixture } from '../http/api-fixture.ts'
import { tortieAt } from './cli-fixture.ts'
import { type FlowEffect, flowLines } from './flow-effect-text.ts'

const endpoint = (name: string, address: string) => `
apiVersion: projectcalico.org/v3
kind: WorkloadEndpoint
metadata: {name: ${name}, namespace: shop, labels: {app: ${name}}}
spec: {node: node-a, interfaceName: tort${name}, ipNetworks: [${address}/32]}
---`
const policy = (rules: string) => `
apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata: {name: db, namespace: shop}
spec: {selector: app == 'db', ingress: [${rules}]}
`

t.test('apply --dry-run and delete --dry-run say which flows would change, and change nothing', async (t) => {
  const tortie = tortieAt((await startFixture(t)).socket)
  await tortie(
    'apply -f -',
    `${endpoint('web', '10.0.0.1')}${endpoint('db', '10.0.0.2')}${policy('{action: Allow, protocol: TCP, destination: {ports: [5432]}}')}`,
  )
  t.equal(
    (
      await tortie(
        'apply -f - --dry-run',
        policy('{action: Deny, protocol: TCP, destination: {ports: [5432]}}, {action: Allow, protocol: TCP}'),
      )
    ).out,
    `NetworkPolicy shop/db configured (dry run)

Flows that would change, of 8 compared:
  shop/web -> shop/db tcp/5432: allowed -> denied by NetworkPolicy shop/db ingress rule 0
  shop/web -> shop/db any other tcp port: denied -> allowed by NetworkPolicy shop/db ingress rule 1
`,
  )
  t.equal(
    (await tortie('delete networkpolicy db -n shop --dry-run')).out,
    `NetworkPolicy shop/db deleted (dry run)

Flows that would change, of 8 compared:
  shop/web -> shop/db any other tcp port, any udp port, ping: denied -> allowed by Profile kns.shop ingress rule 0
`,
  )
  t.match((await tortie('get networkpolicies -n shop')).out, /\bdb\b/)
  const node = '{apiVersion: projectcalico.org/v3, kind: BGPPeer, metadata: {name: tor}, spec: {peerIP: 192.0.2.1, asNumber: 64512}}'
  t.equal((await tortie('apply -f - --dry-run', node)).out, 'BGPPeer tor created (dry run)\n', 'what is no policy has no such lines')
})

const change = {
  from: ['shop/a'],
  to: ['shop/b'],
  traffic: ['tcp/80'],
  before: 'Allow',
  after: 'Deny',
  by: 'Tier default ingress',
} as const
const effect: FlowEffect = { changes: [], recent: [], concerned: 1, hostEndpoints: [], checked: 6, truncated: false }

const table: [title: string, effect: FlowEffect, expected: readonly string[]][] = [
  ['nothing changes', effect, ['', 'No flow between known endpoints would change: 6 compared.']],
  [
    'nobody is concerned',
    { ...effect, concerned: 0, checked: 0 },
    ['', 'No flow between known endpoints would change: no known endpoint is concerned.'],
  ],
  [
    'a host endpoint is concerned',
    { ...effect, concerned: 0, checked: 0, hostEndpoints: ['n-eth0'] },
    [
      '',
      'No flow between known endpoints would change: no known endpoint is concerned.',
      'Not compared: flows by HostEndpoint n-eth0, whose interface has no address.',
    ],
  ],
  [
    'flows that were seen, and that not all were compared',
    { ...effect, recent: [change], truncated: true },
    [
      '',
      'No flow between known endpoints would change: 6 compared.',
      'Flows seen lately that would change:',
      '  shop/a -> shop/b tcp/80: allowed -> denied by Tier default ingress',
      'Not all flows were compared: there are too many.',
    ],
  ],
  [
    'long lists are counted',
    { ...effect, changes: [{ ...change, from: ['a', 'b', 'c', 'd', 'e', 'f', 'g'] }] },
    [
      '',
      'Flows that would change, of 6 compared:',
      '  a, b, c, d, e and 2 more -> shop/b tcp/80: allowed -> denied by Tier default ingress',
    ],
  ],
]
for (const [title, given, expected] of table)
  t.test(`a dry run for people: ${title}`, async (t) => t.strictSame(flowLines(given), expected))

t.test('a dry run for people shows 50 lines at most', async (t) => {
  const lines = flowLines({ ...effect, changes: Array.from({ length: 60 }, () => change) })
  t.equal(lines.length, 2 + 50 + 1)
  t.equal(lines.at(-1), '  and 10 more: see -o json')
})
