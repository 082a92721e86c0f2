/** What rules mean, field by field (resource reference §6.1): first packets through the rendered chains, in both families. */
import t from 'tap'
import type { Resource } from '../src/model/resource.ts'
import type { PolicyRule } from '../src/model/rule-shape.ts'
import { globalPolicy, namespace, networkPolicy, networkSet, serviceAccount } from './test-resources.ts'
import { forwarded, pod, rulesetOf } from './walked.fixture.ts'

const robot = pod(4, { app: 'db' })
const many = [...Array(20).keys()].map((i) => 1000 + 2 * i)

/** Pods 1 and 2 in shop, 3 in bank, 4 of the service account robot in shop; sets of networks in shop and in none. */
const world: readonly Resource[] = [
  namespace('shop', { team: 'x' }),
  namespace('bank', { team: 'y' }),
  serviceAccount('robot', { kind: 'machine' }),
  pod(1, { app: 'web' }),
  pod(2, { app: 'db' }, 'shop', [
    { name: 'api', protocol: 'TCP', port: 8001 },
    { name: 'api', protocol: 'SCTP', port: 8002 },
    { name: 'dns', protocol: 'UDP', port: 53 },
  ]),
  pod(3, { app: 'web' }, 'bank', [{ name: 'api', protocol: 'TCP', port: 9001 }]),
  { ...robot, spec: { ...robot.spec, serviceAccountName: 'robot' } },
  networkSet('everywhere', ['0.0.0.0/0', '::/0'], { zone: 'all' }),
  networkSet('outside', ['192.0.2.0/24', '2001:db8::/32'], { zone: 'out' }),
  networkSet('partners', ['198.51.100.0/24'], { zone: 'out' }, 'shop'),
]

type Row = readonly [title: string, rule: Omit<PolicyRule, 'action'>, matched: readonly string[], others: readonly string[]]

const rows: readonly Row[] = [
  ['a protocol number', { protocol: 47 }, ['1 > 2 47', '6: 1 > 2 47'], ['1 > 2 tcp 80', '1 > 2 icmp']],
  [
    'SCTP with ports',
    { protocol: 'SCTP', destination: { ports: [7] } },
    ['1 > 2 sctp 7', '6: 1 > 2 sctp 7'],
    ['1 > 2 sctp 8', '1 > 2 tcp 7'],
  ],
  ['UDPLite', { protocol: 'UDPLite' }, ['1 > 2 udplite', '6: 1 > 2 136'], ['1 > 2 udp 7']],
  ['notProtocol', { notProtocol: 'TCP' }, ['1 > 2 udp 80', '1 > 2 icmp'], ['1 > 2 tcp 80', '6: 1 > 2 tcp 80']],
  ['ipVersion', { ipVersion: 6 }, ['6: 1 > 2 tcp 80'], ['1 > 2 tcp 80']],
  ['an ICMP type and code', { protocol: 'ICMP', icmp: { type: 3, code: 1 } }, ['1 > 2 icmp 3/1'], ['1 > 2 icmp 3/0', '1 > 2 icmp 8/1']],
  ['an ICMPv6 type', { protocol: 'ICMPv6', icmp: { type: 128 } }, ['6: 1 > 2 icmpv6 128/0'], ['6: 1 > 2 icmpv6 129/0', '1 > 2 icmp 128/0']],
  [
    'notICMP beside icmp',
    { protocol: 'ICMP', icmp: { type: 3 }, notICMP: { type: 3, code: 1 } },
    ['1 > 2 icmp 3/0'],
    ['1 > 2 icmp 3/1', '1 > 2 icmp 8/0'],
  ],
  [
    'more than 15 slots of ports',
    { protocol: 'TCP', destination: { ports: [...many, '2000:2010', '3000:3010'] } },
    ['1 > 2 tcp 1000', '1 > 2 tcp 1038', '6: 1 > 2 tcp 2005', '1 > 2 tcp 3010'],
    ['1 > 2 tcp 1001', '1 > 2 tcp 2011', '1 > 2 udp 1000'],
  ],
  [
    'more than 15 slots of notPorts',
    { protocol: 'UDP', destination: { notPorts: [...many, '2000:2010'] } },
    ['1 > 2 udp 1001', '1 > 2 udp 2011'],
    ['1 > 2 udp 1000', '1 > 2 udp 1038', '6: 1 > 2 udp 2010', '1 > 2 tcp 1001'],
  ],
  [
    'source and destination ports, numbers and ranges',
    { protocol: 'TCP', source: { ports: ['5:6'] }, destination: { ports: [80, '90:95'] } },
    ['1 > 2 tcp 5:80', '1 > 2 tcp 6:93'],
    ['1 > 2 tcp 7:80', '1 > 2 tcp 5:81'],
  ],
  [
    'a named port is that of each destination, in every protocol',
    { destination: { ports: ['api'] } },
    ['1 > 2 tcp 8001', '1 > 2 sctp 8002', '1 > 3 tcp 9001', '6: 1 > 3 tcp 9001'],
    ['1 > 2 tcp 9001', '1 > 3 tcp 8001', '1 > 2 sctp 8001', '1 > 4 tcp 8001'],
  ],
  [
    'a named port beside a protocol and a number',
    { protocol: 'TCP', destination: { ports: ['api', 80] } },
    ['1 > 2 tcp 8001', '1 > 3 tcp 9001', '1 > 4 tcp 80'],
    ['1 > 2 sctp 8002', '1 > 2 tcp 9001'],
  ],
  [
    'a named UDP port, and one of the source',
    { source: { ports: ['api'] }, destination: { ports: ['dns'] }, protocol: 'UDP' },
    [],
    ['3 > 2 udp 9001:53', '1 > 2 udp 53'],
  ],
  [
    'notPorts with a name: neither the number nor the name',
    { protocol: 'TCP', destination: { notPorts: ['api', 80] } },
    ['1 > 2 tcp 9001', '1 > 3 tcp 8001'],
    ['1 > 2 tcp 8001', '1 > 2 tcp 80', '1 > 3 tcp 9001'],
  ],
  [
    'several nets and several notNets',
    { source: { nets: ['192.0.2.0/25', '198.51.100.0/24'], notNets: ['192.0.2.4/30', '198.51.100.9/32'] } },
    ['192.0.2.9 > 2 tcp 80', '198.51.100.8 > 2 tcp 80'],
    ['192.0.2.5 > 2 tcp 80', '198.51.100.9 > 2 tcp 80', '192.0.2.200 > 2 tcp 80', '6: 2001:db8::1 > 2 tcp 80'],
  ],
  [
    'notNets of one family say nothing of the other',
    { source: { notNets: ['192.0.2.0/24'] } },
    ['198.51.100.9 > 2 tcp 80', '6: 2001:db8::1 > 2 tcp 80'],
    ['192.0.2.9 > 2 tcp 80'],
  ],
  [
    'notSelector means everybody else, also addresses nobody knows',
    { source: { notSelector: "app == 'web'" } },
    ['4 > 2 tcp 80', '192.0.2.9 > 2 tcp 80', '6: 4 > 2 tcp 80'],
    ['1 > 2 tcp 80', '3 > 2 tcp 80'],
  ],
  [
    'selector and notSelector',
    { source: { selector: 'has(app)', notSelector: "app == 'db'" } },
    ['1 > 2 tcp 80', '3 > 2 tcp 80'],
    ['4 > 2 tcp 80', '192.0.2.9 > 2 tcp 80'],
  ],
  [
    'selector and nets: both hold',
    { source: { selector: "zone == 'out'", nets: ['192.0.2.128/25', '192.0.2.0/30'] } },
    ['192.0.2.200 > 2 tcp 80', '192.0.2.1 > 2 tcp 80'],
    ['192.0.2.9 > 2 tcp 80', '198.51.100.1 > 2 tcp 80'],
  ],
  [
    'namespaceSelector by labels of the namespace',
    { source: { namespaceSelector: "team == 'y'" } },
    ['3 > 2 tcp 80'],
    ['1 > 2 tcp 80', '192.0.2.9 > 2 tcp 80'],
  ],
  [
    'global(): what is in no namespace',
    { source: { namespaceSelector: 'global()', selector: "zone == 'out'" } },
    ['192.0.2.9 > 2 tcp 80', '6: 2001:db8::1 > 2 tcp 80'],
    ['198.51.100.1 > 2 tcp 80', '1 > 2 tcp 80'],
  ],
  ['service accounts by name', { source: { serviceAccounts: { names: ['robot'] } } }, ['4 > 2 tcp 80'], ['1 > 2 tcp 80']],
  ['service accounts by label', { source: { serviceAccounts: { selector: "kind == 'machine'" } } }, ['6: 4 > 2 tcp 80'], ['1 > 2 tcp 80']],
  [
    '0.0.0.0/0 and ::/0 in a set of networks are every address',
    { source: { selector: "zone == 'all'" } },
    ['203.0.113.7 > 2 tcp 80', '9.9.9.9 > 2 udp 1', '6: 2001:db8::1 > 2 tcp 80', '6: fe81::1 > 2 tcp 80'],
    [],
  ],
]

for (const [title, rule, matched, others] of rows)
  t.test(`§6.1 ${title}`, async (t) => {
    for (const action of ['Deny', 'Reject'] as const) {
      const denied = rulesetOf([...world, policy([{ action, ...rule }, { action: 'Allow' }])])
      for (const text of matched) t.equal(forwarded(denied, text).verdict, 'drop', `${text}, ${action}`)
      for (const text of others) t.equal(forwarded(denied, text).verdict, 'accept', `${text}, ${action}`)
    }
    const allowed = rulesetOf([
      ...world,
      policy([
        { action: 'Log', ...rule },
        { action: 'Allow', ...rule },
      ]),
    ])
    for (const text of matched) t.match(forwarded(allowed, text), { verdict: 'accept', log: ['tortie p i0: '] }, `${text}, Allow`)
    for (const text of others) t.match(forwarded(allowed, text), { verdict: 'drop', log: { length: 0 } }, `${text}, Allow`)
  })

function policy(ingress: readonly PolicyRule[]): Resource {
  return globalPolicy('p', { selector: 'all()', types: ['Ingress'], ingress })
}

t.test('§6.1.2: without a namespaceSelector a NetworkPolicy means its own namespace, with notSelector too', async (t) => {
  const meant = (rule: PolicyRule) => {
    const ruleset = rulesetOf([...world, networkPolicy('p', { selector: 'all()', types: ['Ingress'], ingress: [rule] })])
    return ['1', '3', '4', '192.0.2.9', '198.51.100.1'].filter((from) => forwarded(ruleset, `${from} > 2 tcp 80`).verdict === 'accept')
  }
  t.strictSame(meant({ action: 'Allow', source: { selector: 'all()' } }), ['1', '4', '198.51.100.1'])
  t.strictSame(meant({ action: 'Allow', source: { notSelector: "app == 'db'" } }), ['1', '198.51.100.1'])
  t.strictSame(meant({ action: 'Allow', source: { selector: 'has(app)', namespaceSelector: 'all()' } }), ['1', '3', '4'])
  t.strictSame(meant({ action: 'Allow', source: { nets: ['192.0.2.0/24'] } }), ['192.0.2.9'])
  t.strictSame(meant({ action: 'Allow', source: {} }), ['1', '3', '4', '192.0.2.9', '198.51.100.1'])
})

t.test('an annotation cannot end its comment or begin anything else, whatever is written in it', async (t) => {
  const evil = '"; -j ACCEPT\n-A FORWARD -j ACCEPT \\" $(reboot) `x` \u0000 }é'
  const { chains } = rulesetOf([...world, policy([{ action: 'Deny', metadata: { annotations: { [evil]: evil } } }])])
  const comments = chains.flatMap(({ name, rules }) => (name === 'tort-pi-gnp/p' ? rules.map(({ comment }) => comment ?? '') : []))
  t.ok(comments.length > 0)
  for (const comment of comments) t.match(comment, /^rule 0 [A-Za-z0-9 _.,:/=@+-]{1,110}$/)
})
