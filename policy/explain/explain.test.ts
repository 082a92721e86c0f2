import t from 'tap'
import type { Resource } from '../../src/model/resource.ts'
import type { PolicyRule } from '../../src/model/rule-shape.ts'
import type { IpAddress } from '../../src/net/address.ts'
import { PolicyGraph, type PolicyGraphOptions } from '../graph.ts'
import { defaultActions } from '../policy-actions.ts'
import { endpoint, globalPolicy, k8sPolicy, namespace, networkPolicy, networkSet, profile, tier } from '../test-resources.ts'
import type { Where } from './explain.ts'
import { stepsOf } from './explanation.ts'
import type { Flow } from './flow.ts'

const client = endpoint('client', { ipNetworks: ['10.0.0.1/32', 'fd00::1/128'], serviceAccountName: 'robot' }, { role: 'client' })
const server = endpoint(
  'server',
  { ipNetworks: ['10.0.0.2/32', 'fd00::2/128'], ports: [{ name: 'http', protocol: 'TCP', port: 80 }] },
  { app: 'web' },
)
const http: Flow = {
  source: '10.0.0.1' as IpAddress,
  destination: '10.0.0.2' as IpAddress,
  protocol: 6,
  sourcePort: 1000,
  destinationPort: 80,
}

function graphOf(resources: readonly Resource[], options: Partial<PolicyGraphOptions> = {}): PolicyGraph {
  const graph = new PolicyGraph({ nodeName: 'n1', interfacePrefix: 'tort', ipv6: true, ...options })
  for (const resource of [client, server, ...resources]) graph.put(resource)
  return graph
}

function verdict(
  resources: readonly Resource[],
  flow: Flow = http,
  where?: Where,
  options?: Partial<PolicyGraphOptions>,
): readonly string[] {
  const explanation = graphOf(resources, options).explain(flow, where)
  return [
    ...stepsOf(explanation).map(
      ({ direction, subject, rule, outcome, mismatch }) =>
        `${direction} ${subject}${rule === undefined ? '' : ` rule ${rule}`}: ${outcome}${mismatch === undefined ? '' : ` (${mismatch})`}`,
    ),
    explanation.verdict,
  ]
}

const open = 'egress Profile kns.shop rule 0: Allow'
const web = { selector: "app == 'web'", types: ['Ingress' as const] }

const table: [title: string, resources: readonly Resource[], expected: readonly string[]][] = [
  ['no policy: the profiles decide', [], [open, 'ingress Profile kns.shop rule 0: Allow', 'Allow']],
  [
    'the first Allow or Deny decides, Log goes on',
    [networkPolicy('p', { ...web, ingress: [{ action: 'Deny', protocol: 'UDP' }, { action: 'Log' }, { action: 'Allow' }] })],
    [
      open,
      'ingress NetworkPolicy shop/p rule 0: no match (protocol)',
      'ingress NetworkPolicy shop/p rule 1: Log',
      'ingress NetworkPolicy shop/p rule 2: Allow',
      'Allow',
    ],
  ],
  [
    'no rule matched in any policy of the tier: its default action',
    [networkPolicy('p', web), globalPolicy('q', { ...web, order: 1 })],
    [open, 'ingress GlobalNetworkPolicy q: no match', 'ingress NetworkPolicy shop/p: no match', 'ingress Tier default: Deny', 'Deny'],
  ],
  [
    'Pass ends the tier, later policies of it are not asked',
    [
      globalPolicy('a', { ...web, order: 1, ingress: [{ action: 'Pass' }] }),
      globalPolicy('b', { ...web, order: 2, ingress: [{ action: 'Deny' }] }),
    ],
    [open, 'ingress GlobalNetworkPolicy a rule 0: Pass', 'ingress Profile kns.shop rule 0: Allow', 'Allow'],
  ],
  [
    'tiers in order; a tier that passes goes on to the next',
    [
      tier('early', { order: 1, defaultAction: 'Pass' }),
      globalPolicy('e', { ...web, tier: 'early' }),
      globalPolicy('d', { ...web, ingress: [{ action: 'Deny' }] }),
    ],
    [open, 'ingress GlobalNetworkPolicy e: no match', 'ingress Tier early: Pass', 'ingress GlobalNetworkPolicy d rule 0: Deny', 'Deny'],
  ],
  [
    'a sender that may not is never asked about the receiver',
    [networkPolicy('out', { selector: "role == 'client'", types: ['Egress'] })],
    ['egress NetworkPolicy shop/out: no match', 'egress Tier default: Deny', 'Deny'],
  ],
  [
    '§6.15: a Kubernetes policy isolates, the union of its rules is allowed',
    [
      k8sPolicy('k', {
        podSelector: { matchLabels: { app: 'web' } },
        ingress: [{ ports: [{ port: 443 }] }, { ports: [{ port: 'http' }] }],
      }),
    ],
    [
      open,
      'ingress Kubernetes NetworkPolicy shop/k rule 0: no match (ports)',
      'ingress Kubernetes NetworkPolicy shop/k rule 1: Allow',
      'Allow',
    ],
  ],
  [
    '§6.15: peers in namespaces by their labels',
    [
      namespace('shop', { team: 'a' }),
      k8sPolicy('k', { podSelector: {}, ingress: [{ from: [{ namespaceSelector: { matchLabels: { team: 'b' } } }] }] }),
      k8sPolicy('l', { podSelector: {}, ingress: [{ from: [{ namespaceSelector: { matchLabels: { team: 'a' } } }] }] }),
    ],
    [
      open,
      'ingress Kubernetes NetworkPolicy shop/k rule 0: no match (from)',
      'ingress Kubernetes NetworkPolicy shop/k: no match',
      'ingress Kubernetes NetworkPolicy shop/l rule 0: Allow',
      'Allow',
    ],
  ],
  [
    '§6.4: a global network set is somebody known without a namespace',
    [
      networkSet('all', ['10.0.0.0/8'], { kind: 'mine' }),
      networkPolicy('p', { ...web, ingress: [{ action: 'Allow', source: { selector: "kind == 'mine'", namespaceSelector: 'global()' } }] }),
    ],
    [open, 'ingress NetworkPolicy shop/p rule 0: Allow', 'Allow'],
  ],
  [
    '§6.1.2: service accounts by name',
    [networkPolicy('p', { ...web, ingress: [{ action: 'Allow', source: { serviceAccounts: { names: ['robot'] } } }] })],
    [open, 'ingress NetworkPolicy shop/p rule 0: Allow', 'Allow'],
  ],
]
for (const [title, resources, expected] of table) t.test(`§6.2.1: ${title}`, async (t) => t.strictSame(verdict(resources), expected))

const staged: [title: string, action: string, ingress: PolicyRule[], expected: readonly string[] | undefined][] = [
  ['one more denies', 'Set', [{ action: 'Deny' }], ['StagedNetworkPolicy shop/p rule 0: Deny', 'Deny']],
  ['a deletion leaves the profiles', 'Delete', [], ['Profile kns.shop rule 0: Allow', 'Allow']],
  ['one that is ignored is not there', 'Ignore', [{ action: 'Deny' }], undefined],
]
for (const [title, stagedAction, ingress, expected] of staged) {
  t.test(`§6.7 staged policies are told as pending: ${title}`, async (t) => {
    const enforced = networkPolicy('p', { ...web, ingress: [{ action: 'Allow' }] })
    const spec = stagedAction === 'Delete' ? { tier: 'default', stagedAction } : { ...web, tier: 'default', stagedAction, ingress }
    const graph = graphOf([enforced, { ...enforced, kind: 'StagedNetworkPolicy', spec }])
    const { verdict, ends } = graph.explain(http)
    t.equal(verdict, 'Allow')
    t.equal(ends[0]?.pending, undefined, 'the sender is not concerned')
    const { pending } = ends[1] ?? {}
    const said = pending && [...pending.steps.map(({ subject, rule, outcome }) => `${subject} rule ${rule}: ${outcome}`), pending.verdict]
    t.strictSame(said, expected)
    graph.delete({ group: 'projectcalico.org', kind: 'StagedNetworkPolicy', namespace: 'shop', name: 'p' })
    t.equal(graph.explain(http).ends[1]?.pending, undefined)
  })
}

const profiles: [title: string, names: readonly string[], expected: readonly string[]][] = [
  ['none: dropped', [], ['ingress WorkloadEndpoint shop/server: Deny', 'Deny']],
  ['one that does not exist: dropped, those after it are not asked', ['gone', 'kns.shop'], ['ingress Profile gone: Deny', 'Deny']],
  [
    'the first that decides',
    ['ksa.shop.robot', 'mine', 'kns.shop'],
    ['ingress Profile ksa.shop.robot: no match', 'ingress Profile mine rule 0: Deny', 'Deny'],
  ],
]
for (const [title, names, expected] of profiles) {
  t.test(`§6.6 profiles: ${title}`, async (t) => {
    const to = { ...server, spec: { ...server.spec, profiles: names } }
    t.strictSame(verdict([to, profile('mine', { ingress: [{ action: 'Deny', protocol: 'TCP' }] })]), [open, ...expected])
  })
}

t.test('what is put or deleted counts at once, also for ends that were asked about before', async (t) => {
  const graph = graphOf([])
  const verdicts = [graph.explain(http).verdict]
  graph.put(networkPolicy('p', web))
  verdicts.push(graph.explain(http).verdict)
  graph.put({ ...server, metadata: { ...server.metadata, labels: {} } })
  verdicts.push(graph.explain(http).verdict)
  graph.put(server)
  verdicts.push(graph.explain(http).verdict)
  graph.delete({ group: 'projectcalico.org', kind: 'NetworkPolicy', namespace: 'shop', name: 'p' })
  verdicts.push(graph.explain(http).verdict)
  t.strictSame(verdicts, ['Allow', 'Deny', 'Allow', 'Deny', 'Allow'])
})

t.test('between addresses of no endpoint no policy applies', async (t) => {
  const flow = { ...http, source: '192.0.2.1' as IpAddress, destination: '192.0.2.2' as IpAddress }
  t.strictSame(graphOf([globalPolicy('closed', { selector: 'all()' })]).explain(flow), { verdict: 'Allow', ends: [] })
})

t.test('the receiver of what the sender may not send says what it would say', async (t) => {
  const closed = networkPolicy('out', { selector: "role == 'client'", types: ['Egress'] })
  const { verdict, ends } = graphOf([closed, { ...server, spec: { ...server.spec, node: 'n2' } }]).explain(http)
  t.equal(verdict, 'Deny')
  t.strictSame(
    ends.map(({ direction, endpoint, local, reached, verdict }) => ({ direction, name: endpoint.metadata.name, local, reached, verdict })),
    [
      { direction: 'egress', name: 'client', local: true, reached: true, verdict: 'Deny' },
      { direction: 'ingress', name: 'server', local: false, reached: false, verdict: 'Allow' },
    ],
  )
})

t.test('of endpoints with one address the one of this node is meant, or the one that is named', async (t) => {
  const twin = endpoint('a-twin', { node: 'n2', ipNetworks: ['10.0.0.2/32'] })
  const graph = graphOf([twin])
  const receiver = (where?: Where) => graph.explain(http, where).ends[1]?.endpoint.metadata.name
  t.equal(receiver(), 'server')
  t.equal(receiver({ to: 'projectcalico.org WorkloadEndpoint shop a-twin' }), 'a-twin')
})

t.test('IPv6 flows meet the IPv6 half of a rule', async (t) => {
  const flow = { ...http, source: 'fd00::1' as IpAddress, destination: 'fd00::2' as IpAddress }
  const rules = networkPolicy('p', {
    ...web,
    ingress: [
      { action: 'Allow', ipVersion: 4 },
      { action: 'Allow', source: { notNets: ['10.0.0.0/8'] } },
    ],
  })
  t.equal(verdict([rules], flow)[2], 'ingress NetworkPolicy shop/p rule 1: Allow')
})

const mismatches: [mismatch: string, rule: Partial<PolicyRule>, flow?: Partial<Flow>][] = [
  ['ipVersion', { ipVersion: 6 }],
  ['protocol', { protocol: 'UDP' }],
  ['notProtocol', { notProtocol: 'TCP' }],
  ['icmp', { protocol: 'ICMP', icmp: { type: 8 } }, { protocol: 1, icmpType: 0 }],
  ['notICMP', { protocol: 'ICMP', notICMP: { type: 8 } }, { protocol: 1, icmpType: 8 }],
  ['source.nets', { source: { nets: ['10.0.1.0/24'] } }],
  ['source.notNets', { source: { notNets: ['10.0.0.0/24'] } }],
  ['source.selector', { source: { selector: "role == 'admin'" } }],
  ['source.notSelector', { source: { notSelector: "role == 'client'" } }],
  ['source.selector', { source: { namespaceSelector: "team == 'b'" } }],
  ['source.selector', { source: { serviceAccounts: { names: ['other'] } } }],
  ['source.ports', { source: { ports: [999] } }],
  ['destination.ports', { destination: { ports: ['443', 'https'] } }],
  ['destination.notPorts', { destination: { notPorts: ['http'] } }],
  ['destination.nets', { destination: { nets: ['10.0.1.0/24'], ports: [443] } }],
]
for (const [mismatch, rule, flow = {}] of mismatches) {
  t.test(`a rule that does not match says which condition: ${mismatch}`, async (t) => {
    const policy = networkPolicy('p', { ...web, ingress: [{ action: 'Allow', ...rule }] })
    t.equal(verdict([policy], { ...http, ...flow })[1], `ingress NetworkPolicy shop/p rule 0: no match (${mismatch})`)
  })
}

const ownAddress = '10.99.0.1' as IpAddress
const fromHost: Where = { nodeAddresses: [ownAddress] }
const toNode: Flow = { ...http, destination: ownAddress }
const fromNode: Flow = { ...http, source: ownAddress }
const closed = [globalPolicy('closed', { selector: 'all()', types: ['Ingress', 'Egress'] })]
const action = 'egress FelixConfiguration defaultEndpointToHostAction'
const hostTable: [
  title: string,
  flow: Flow,
  options: Partial<PolicyGraphOptions>,
  resources: readonly Resource[],
  expected: readonly string[],
][] = [
  ['a workload does not reach its node by default', toNode, {}, [], [open, `${action}: Deny`, 'Deny']],
  ['it does where that is chosen', toNode, toHost('accept'), [], [open, `${action}: Allow`, 'Allow']],
  ['or the rules of others decide', toNode, toHost('return'), [], [open, 'Allow']],
  [
    'its own policy comes first',
    toNode,
    toHost('accept'),
    closed,
    ['egress GlobalNetworkPolicy closed: no match', 'egress Tier default: Deny', 'Deny'],
  ],
  ['a node always reaches its workloads', fromNode, {}, closed, ['ingress Node n1: Allow', 'Allow']],
  ['a workload of another node meets nothing here', toNode, { nodeName: 'other' }, [], [open, 'Allow']],
  [
    'nor does a node reach those of another one',
    fromNode,
    { nodeName: 'other' },
    closed,
    ['ingress GlobalNetworkPolicy closed: no match', 'ingress Tier default: Deny', 'Deny'],
  ],
]
for (const [title, flow, options, resources, expected] of hostTable)
  t.test(`node and workload: ${title}`, async (t) => t.strictSame(verdict(resources, flow, fromHost, options), expected))

function toHost(choice: 'accept' | 'return'): Partial<PolicyGraphOptions> {
  return { actions: { ...defaultActions, toHost: choice } }
}
