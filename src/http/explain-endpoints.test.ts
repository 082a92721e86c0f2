import t from 'tap'
import type { IpAddress } from '../net/address.ts'
import type { PolicyFace } from './agent-face.ts'
import { startFixture } from './api-fixture.ts'

const world = `
apiVersion: projectcalico.org/v3
kind: WorkloadEndpoint
metadata: {name: client, namespace: shop, labels: {role: client}}
spec: {node: node-a, interfaceName: tort1, ipNetworks: [10.0.0.1/32, 'fd00::1/128'], pod: client-1}
---
apiVersion: projectcalico.org/v3
kind: WorkloadEndpoint
metadata: {name: server, namespace: shop, labels: {app: web}}
spec: {node: node-b, ipNetworks: [10.0.0.2/32, 'fd00::2/128']}
---
apiVersion: projectcalico.org/v3
kind: GlobalNetworkSet
metadata: {name: pods}
spec: {nets: [10.0.0.0/8]}
---
apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  selector: app == 'web'
  ingress:
  - {action: Allow, protocol: TCP, destination: {ports: [80]}, source: {selector: role == 'client'}}
  - {action: Allow, protocol: ICMP, icmp: {type: 8}}
`

async function startWorld(t: Parameters<typeof startFixture>[0]) {
  const api = await startFixture(t)
  t.equal((await api.send('POST', '/v1/apply', world)).status, 200)
  return api
}

t.test('INTERFACE §3: the verdict, and each rule that was looked at on the way', async (t) => {
  const api = await startWorld(t)
  const policy = { direction: 'ingress', subject: 'NetworkPolicy shop/web', tier: 'default' }
  const profile = { direction: 'egress', subject: 'Profile kns.shop', rule: 0, outcome: 'Allow' }
  t.strictSame((await api.get('/v1/explain?from=shop/client-1&to=shop/server&protocol=tcp&port=80')).body, {
    verdict: 'Allow',
    reason: 'allowed by Profile kns.shop (egress rule 0) and NetworkPolicy shop/web (ingress rule 0)',
    revision: 1,
    flow: { source: '10.0.0.1', destination: '10.0.0.2', protocol: 'tcp', destinationPort: 80 },
    from: {
      asked: 'shop/client-1',
      address: '10.0.0.1',
      endpoint: { namespace: 'shop', name: 'client', node: 'node-a', local: true },
      networkSets: ['GlobalNetworkSet pods'],
    },
    to: {
      asked: 'shop/server',
      address: '10.0.0.2',
      endpoint: { namespace: 'shop', name: 'server', node: 'node-b', local: false },
      networkSets: ['GlobalNetworkSet pods'],
    },
    steps: [profile, { ...policy, rule: 0, outcome: 'Allow' }],
    ends: [
      {
        direction: 'egress',
        endpoint: { namespace: 'shop', name: 'client', node: 'node-a' },
        local: true,
        reached: true,
        verdict: 'Allow',
        steps: [profile],
      },
      {
        direction: 'ingress',
        endpoint: { namespace: 'shop', name: 'server', node: 'node-b' },
        local: false,
        reached: true,
        verdict: 'Allow',
        steps: [{ ...policy, rule: 0, outcome: 'Allow' }],
      },
    ],
  })
  t.match((await api.get('/v1/explain?from=shop/client&to=10.0.0.2&port=443')).body, {
    verdict: 'Deny',
    reason: 'denied by Tier default (ingress), in which no rule matched',
    steps: [
      profile,
      { ...policy, rule: 0, outcome: 'no match', mismatch: 'destination.ports' },
      { ...policy, rule: 1, outcome: 'no match', mismatch: 'protocol' },
      { ...policy, outcome: 'no match' },
      { direction: 'ingress', subject: 'Tier default', outcome: 'Deny' },
    ],
  })
})

const flows: [query: string, flow: object, verdict: string, reason: string][] = [
  [
    'from=192.0.2.1&to=192.0.2.2&protocol=UDP&port=53&sourcePort=9',
    { source: '192.0.2.1', destination: '192.0.2.2', protocol: 'udp', sourcePort: 9, destinationPort: 53 },
    'Allow',
    'neither end is a workload: no policy applies',
  ],
  [
    'from=192.0.2.1&to=shop/server&protocol=icmp',
    { source: '192.0.2.1', destination: '10.0.0.2', protocol: 'icmp', icmpType: 8, icmpCode: 0 },
    'Allow',
    'allowed by NetworkPolicy shop/web (ingress rule 1)',
  ],
  [
    'from=fd00::1&to=shop/server&protocol=icmp&icmpType=1&icmpCode=4',
    { source: 'fd00::1', destination: 'fd00::2', protocol: 'icmpv6', icmpType: 1, icmpCode: 4 },
    'Deny',
    'denied by Tier default (ingress), in which no rule matched',
  ],
  [
    'from=shop/client&to=192.0.2.2&protocol=47',
    { source: '10.0.0.1', destination: '192.0.2.2', protocol: 47 },
    'Allow',
    'allowed by Profile kns.shop (egress rule 0)',
  ],
]
t.test('what a flow is', async (t) => {
  const api = await startWorld(t)
  for (const [query, flow, verdict, reason] of flows) {
    const { body } = await api.get(`/v1/explain?${query}`)
    const { flow: shown, verdict: said, reason: why } = body as { flow: object; verdict: string; reason: string }
    t.strictSame({ flow: shown, verdict: said, reason: why }, { flow, verdict, reason }, query)
  }
})

t.test('between a node and its own workload the node decides', async (t) => {
  const api = await startWorld(t)
  t.match((await api.get('/v1/explain?from=shop/client&to=10.99.0.1&port=22')).body, {
    verdict: 'Deny',
    reason: 'denied by FelixConfiguration defaultEndpointToHostAction (egress)',
  })
  t.match((await api.get('/v1/explain?from=10.99.0.1&to=shop/client&port=22')).body, {
    verdict: 'Allow',
    reason: 'allowed by Node node-a (ingress)',
  })
})

const refused: [query: string, status: number, errors: readonly object[]][] = [
  [
    'port=80',
    400,
    [
      { path: 'query.from', reason: 'is required: NAMESPACE/NAME or an address' },
      { path: 'query.to', reason: 'is required: NAMESPACE/NAME or an address' },
    ],
  ],
  ['from=shop/client&to=shop/server', 400, [{ path: 'query.port', reason: 'is required with protocol tcp' }]],
  [
    'from=shop/client&to=shop/server&protocol=icmp&port=80&sourcePort=1&icmpCode=1',
    400,
    [
      { path: 'query.port', reason: 'has no meaning with protocol icmp' },
      { path: 'query.sourcePort', reason: 'has no meaning with protocol icmp' },
      { path: 'query.icmpCode', reason: 'needs icmpType' },
    ],
  ],
  [
    'from=shop/client&to=shop/server&port=80&protocol=constructor',
    400,
    [
      {
        path: 'query.protocol',
        value: 'constructor',
        reason: 'must be tcp, udp, icmp, icmpv6, sctp, udplite or a number from 1 to 255',
      },
    ],
  ],
  [
    'from=shop/client&to=shop/servre&port=80',
    404,
    [
      {
        path: 'query.to',
        value: 'shop/servre',
        reason: `is no endpoint's metadata.name, spec.pod or spec.workload, did you mean "server"?`,
      },
    ],
  ],
  [
    'from=client&to=shop/servre&port=80',
    422,
    [
      { path: 'query.from', value: 'client', reason: 'must be an address or NAMESPACE/NAME, did you mean "shop/client"?' },
      {
        path: 'query.to',
        value: 'shop/servre',
        reason: `is no endpoint's metadata.name, spec.pod or spec.workload, did you mean "server"?`,
      },
    ],
  ],
]
t.test('a question that cannot be answered says what is wrong with it', async (t) => {
  const api = await startWorld(t)
  for (const [query, status, errors] of refused) {
    const reply = await api.get(`/v1/explain?${query}`)
    t.equal(reply.status, status, query)
    t.strictSame((reply.body as { errors: unknown }).errors, errors, query)
  }
  const mixed = await api.get('/v1/explain?from=10.0.0.1&to=fd00::2&port=80')
  t.match(mixed, { status: 422, body: { detail: '10.0.0.1 and fd00::2 have no addresses of the same family' } })
})

t.test('§6.3 where the host endpoint that is asked is not known the answer says so', async (t) => {
  const unclear = [{ address: '192.0.2.9' as IpAddress, interfaces: ['eth0', 'eth1'], hosts: ['a', 'b'] }]
  const policy: PolicyFace = {
    explain: () => ({ verdict: 'Allow', ends: [], unclear }),
    preview: () => {
      throw new Error('nobody asked for a preview')
    },
    holdersOf: () => [],
  }
  const { body } = await (await startFixture(t, { policy })).get('/v1/explain?from=192.0.2.1&to=192.0.2.9&port=80')
  t.match(body, {
    reason:
      'neither end is a workload: no policy applies; it is not known by which of eth0, eth1 192.0.2.9 is reached, so HostEndpoint a or b may be asked, or none',
    unclear,
  })
})
