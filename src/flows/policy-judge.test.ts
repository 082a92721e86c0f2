/** Judgements by a real graph. */
import t from 'tap'
import { PolicyGraph } from '../../policy/graph.ts'
import { endpoint, globalPolicy, hostEndpoint } from '../../policy/test-resources.ts'
import type { Resource } from '../model/resource.ts'
import type { IpAddress } from '../net/address.ts'
import { allowed, denied, tcp } from './flow.fixture.ts'
import type { Judgement } from './flow.ts'
import { type Explainer, judge } from './policy-judge.ts'

function graph(...more: readonly Resource[]): Explainer {
  const policy = new PolicyGraph({ nodeName: 'n1', interfacePrefix: 'tort', ipv6: true })
  policy.put(endpoint('web', { interfaceName: 'tortweb', ipNetworks: ['10.0.0.1/32'] }, { app: 'web' }))
  policy.put(endpoint('db', { interfaceName: 'tortdb', ipNetworks: ['10.0.0.2/32'] }, { app: 'db' }))
  policy.put(endpoint('away', { node: 'n2', ipNetworks: ['10.0.0.3/32'] }, { app: 'away' }))
  policy.put(
    globalPolicy('db', {
      selector: "app == 'db'",
      types: ['Ingress'],
      ingress: [{ action: 'Deny', protocol: 'UDP' }, { action: 'Allow' }],
    }),
  )
  policy.put(
    globalPolicy('away', {
      selector: "app == 'away'",
      types: ['Ingress', 'Egress'],
      ingress: [{ action: 'Deny' }],
      egress: [{ action: 'Deny' }],
    }),
  )
  for (const resource of more) policy.put(resource)
  return policy
}

const web = { namespace: 'shop', name: 'web' }
const db = { namespace: 'shop', name: 'db' }
const away = { namespace: 'shop', name: 'away' }
const byProfile = { direction: 'egress', subject: 'Profile kns.shop', rule: 0, outcome: 'Allow' } as const
const byDb = (rule: number, outcome: string) => ({ direction: 'ingress', subject: 'GlobalNetworkPolicy db', rule, outcome }) as const
const at = (address: string) => ({ destination: address as IpAddress })

const between = { inInterface: 'tortweb', outInterface: 'tortdb' }
const table: [title: string, sighting: Parameters<typeof judge>[1], expected: Judgement][] = [
  [
    'both ends on this node: both decided',
    { ruling: allowed, packet: tcp(), ...between },
    { verdict: 'allowed', isCertain: true, from: web, to: db, decisions: [byProfile, byDb(1, 'Allow')] },
  ],
  [
    'the receiver denies',
    { ruling: denied, packet: tcp({ protocol: 17 }), ...between },
    { verdict: 'denied', isCertain: true, from: web, to: db, decisions: [byProfile, byDb(0, 'Deny')] },
  ],
  [
    'what a receiver on another node says is not asked, but who it is',
    { ruling: allowed, packet: tcp(at('10.0.0.3')), inInterface: 'tortweb', outInterface: 'eth0' },
    { verdict: 'allowed', isCertain: true, from: web, to: away, decisions: [byProfile] },
  ],
  [
    'nor what a sender there says',
    { ruling: allowed, packet: tcp({ source: '10.0.0.3' as IpAddress }), inInterface: 'eth0', outInterface: 'tortdb' },
    { verdict: 'allowed', isCertain: true, from: away, to: db, decisions: [byDb(1, 'Allow')] },
  ],
  [
    'somebody unknown',
    { ruling: allowed, packet: tcp(at('192.0.2.9')), inInterface: 'tortweb', outInterface: 'eth0' },
    { verdict: 'allowed', isCertain: true, from: web, decisions: [byProfile] },
  ],
]
for (const [title, seen, expected] of table) t.test(title, async (t) => t.strictSame(judge(graph(), seen), expected))

t.test('where a host endpoint has a say nothing is certain, and what workloads allow it denied', async (t) => {
  const policy = graph()
  const behind: Explainer = {
    explain: (flow, ends) => policy.explain(flow, ends),
    holdersOf: (address) => policy.holdersOf(address),
    hostOn: (name) => (name === 'eth0' ? { name: 'uplink' } : undefined),
  }
  const seen = { packet: tcp(at('192.0.2.9')), inInterface: 'tortweb', outInterface: 'eth0' }
  t.match(judge(behind, { ruling: allowed, ...seen }), { verdict: 'allowed', isCertain: false, decisions: [byProfile] })
  const byHost = { direction: 'egress', subject: 'HostEndpoint uplink', outcome: 'Deny' }
  t.strictSame(judge(behind, { ruling: denied, ...seen }).decisions, [byProfile, byHost])
})

t.test('what a host endpoint denies in forwarding is told with its policy and rule', async (t) => {
  const shut = globalPolicy('shut', { selector: 'has(host)', applyOnForward: true, egress: [{ action: 'Deny' }] })
  const seen = { packet: tcp(at('192.0.2.9')), inInterface: 'tortweb', outInterface: 'eth0' }
  t.strictSame(judge(graph(hostEndpoint('eth0'), shut), { ruling: denied, ...seen }), {
    verdict: 'denied',
    isCertain: false,
    from: web,
    decisions: [byProfile, { direction: 'egress', subject: 'GlobalNetworkPolicy shut', rule: 0, outcome: 'Deny' }],
  })
})

t.test('what is dropped before policy nobody decided', async (t) => {
  const spoofed = { verdict: 'denied', answered: false, reason: 'spoofed source' } as const
  t.strictSame(judge(graph(), { ruling: spoofed, packet: tcp(), ...between }), { verdict: 'denied', isCertain: true, decisions: [] })
})

t.test('two endpoints with one address: the one whose interface the packet came in by', async (t) => {
  const twin = endpoint('twin', { interfaceName: 'torttwin', ipNetworks: ['10.0.0.1/32'] })
  const { from } = judge(graph(twin), { ruling: allowed, packet: tcp(), inInterface: 'torttwin', outInterface: 'tortdb' })
  t.strictSame(from, { namespace: 'shop', name: 'twin' })
})

t.test('what staged policies would decide is pending', async (t) => {
  const denying = globalPolicy('next', { order: 1, selector: "app == 'db'", types: ['Ingress'], ingress: [{ action: 'Deny' }] })
  const staged = { ...denying, kind: 'StagedGlobalNetworkPolicy' }
  const { verdict, pending } = judge(graph(staged), { ruling: allowed, packet: tcp(), ...between })
  t.equal(verdict, 'allowed')
  t.match(pending, [{ direction: 'ingress', subject: /StagedGlobalNetworkPolicy next/, rule: 0, outcome: 'Deny' }])
})

t.test('staged policies that leave the decision to whom it is left now are not pending', async (t) => {
  const passing = globalPolicy('next', {
    selector: "app == 'db'",
    types: ['Ingress'],
    order: 1,
    ingress: [{ action: 'Deny', protocol: 'UDP' }],
  })
  const allowing = globalPolicy('now', { selector: "app == 'db'", types: ['Ingress'], order: 2, ingress: [{ action: 'Allow' }] })
  const staged = { ...passing, kind: 'StagedGlobalNetworkPolicy' }
  t.equal(judge(graph(staged, allowing), { ruling: allowed, packet: tcp(), ...between }).pending, undefined)
})
