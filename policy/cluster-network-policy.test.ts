import t from 'tap'
import { kindOf } from '../src/model/kinds.ts'
import type { Resource } from '../src/model/resource.ts'
import { policyOf } from './read-policy.ts'
import { globalPolicy, k8sPolicy, namespace, networkSet } from './test-resources.ts'
import { forwarded, pod, rulesetOf } from './walked.fixture.ts'

const apiVersion = 'policy.networking.k8s.io/v1alpha2'

/** As it is stored: through the checks of its kind. */
function cluster(spec: object, name = 'c'): Resource {
  const draft = { apiVersion, kind: 'ClusterNetworkPolicy', metadata: { name }, spec: { ...everyPod, ...spec } }
  const { resource, problems } = kindOf(apiVersion, 'ClusterNetworkPolicy')?.check(draft, { nodeName: 'n1', interfacePrefix: 'tort' }) ?? {}
  if (resource === undefined) throw new Error(JSON.stringify(problems))
  return resource
}

function node(name: string, spec: object, labels: object): Resource {
  return { apiVersion: 'projectcalico.org/v3', kind: 'Node', metadata: { name, labels: { ...labels } }, spec }
}

const everyPod = { tier: 'Admin', priority: 10, subject: { namespaces: {} } }
const anyone = [{ namespaces: {} }]
const labelled = (matchLabels: object) => ({ pods: { namespaceSelector: {}, podSelector: { matchLabels } } })
const tcp = (number: number) => ({ tcp: { destinationPort: { number } } })

/** Pods 1 and 2 in shop, 3 in bank; shop has a label. */
const world = [
  namespace('shop', { team: 'x' }),
  namespace('bank', { team: 'y' }),
  pod(1, { app: 'web' }),
  pod(2, { app: 'db' }, 'shop', [
    { name: 'sql', protocol: 'TCP', port: 5432 },
    { name: 'sql', protocol: 'UDP', port: 5433 },
  ]),
  pod(3, { app: 'web' }, 'bank'),
  node(
    'n5',
    { bgp: { ipv4Address: '203.0.113.1/24', ipv6Address: '2001:db8::1/64' }, addresses: [{ address: '203.0.113.11' }] },
    { gpu: 'yes' },
  ),
  node('n6', { bgp: { ipv4Address: '203.0.113.2/24' } }, {}),
  networkSet('set', ['192.0.2.0/24'], { app: 'web' }, 'shop'),
]

type Row = readonly [title: string, policies: readonly Resource[], accepted: readonly string[], dropped: readonly string[]]

const denyAll = k8sPolicy('deny', { podSelector: {}, policyTypes: ['Ingress', 'Egress'] })

const rows: readonly Row[] = [
  [
    'what no rule of an Admin policy matches goes on to NetworkPolicy, and then is open',
    [cluster({ ingress: [{ action: 'Deny', from: anyone, protocols: [tcp(80)] }] })],
    ['1 > 2 tcp 81', '1 > 2 icmp', '192.0.2.9 > 2 tcp 80'],
    ['1 > 2 tcp 80', '6: 3 > 2 tcp 80'],
  ],
  [
    'Accept in Admin is final: no NetworkPolicy below can take it back',
    [
      denyAll,
      cluster({
        ingress: [{ action: 'Accept', from: anyone, protocols: [tcp(80)] }],
        egress: [{ action: 'Accept', to: anyone, protocols: [tcp(80)] }],
      }),
    ],
    ['1 > 2 tcp 80'],
    ['1 > 2 tcp 81'],
  ],
  [
    'Pass skips the rest of Admin',
    [
      cluster({ priority: 1, ingress: [{ action: 'Pass', from: [{ namespaces: { matchLabels: { team: 'x' } } }] }] }, 'first'),
      cluster({ priority: 2, ingress: [{ action: 'Deny', from: anyone }] }, 'second'),
    ],
    ['1 > 2 tcp 80'],
    ['3 > 2 tcp 80'],
  ],
  [
    'lower priority numbers come first, whatever the names',
    [
      cluster({ priority: 5, ingress: [{ action: 'Deny', from: anyone }] }, 'a'),
      cluster({ priority: 4, ingress: [{ action: 'Accept', from: anyone, protocols: [tcp(80)] }] }, 'b'),
    ],
    ['1 > 2 tcp 80'],
    ['1 > 2 tcp 81'],
  ],
  [
    'equal priorities: by name',
    [
      cluster({ ingress: [{ action: 'Deny', from: anyone }] }, 'b'),
      cluster({ ingress: [{ action: 'Accept', from: anyone, protocols: [tcp(80)] }] }, 'a'),
    ],
    ['1 > 2 tcp 80'],
    ['1 > 2 tcp 81'],
  ],
  [
    'Baseline comes after NetworkPolicy: where one selects the pod it has decided',
    [
      cluster({ tier: 'Baseline', ingress: [{ action: 'Deny', from: anyone }] }),
      k8sPolicy('web', { podSelector: { matchLabels: { app: 'db' } }, ingress: [{}] }),
    ],
    ['1 > 2 tcp 80'],
    ['2 > 1 tcp 80'],
  ],
  [
    'the subject by namespaces, by their labels',
    [cluster({ subject: { namespaces: { matchLabels: { team: 'y' } } }, ingress: [{ action: 'Deny', from: anyone }] })],
    ['1 > 2 tcp 80'],
    ['1 > 3 tcp 80'],
  ],
  [
    'the subject by pods: both selectors hold',
    [
      cluster({
        subject: { pods: { namespaceSelector: { matchLabels: { team: 'x' } }, podSelector: { matchLabels: { app: 'web' } } } },
        ingress: [{ action: 'Deny', from: anyone }],
      }),
    ],
    ['1 > 2 tcp 80', '1 > 3 tcp 80'],
    ['2 > 1 tcp 80'],
  ],
  [
    'peers are pods: network sets with the same labels are none',
    [cluster({ ingress: [{ action: 'Deny', from: [labelled({ app: 'web' }), labelled({ app: 'no' })] }] })],
    ['192.0.2.9 > 2 tcp 80', '2 > 1 tcp 80'],
    ['1 > 2 tcp 80', '3 > 2 tcp 80'],
  ],
  [
    'networks of both families; each protocol; ranges; none of another protocol',
    [
      cluster({
        egress: [
          {
            action: 'Deny',
            to: [{ networks: ['192.0.2.0/24', '2001:db8::/32'] }],
            protocols: [tcp(80), { tcp: { destinationPort: { range: { start: 90, end: 92 } } } }, { udp: {} }, { sctp: {} }],
          },
        ],
      }),
    ],
    ['1 > 192.0.2.9 tcp 81', '1 > 192.0.2.9 tcp 93', '1 > 192.0.2.9 icmp', '1 > 198.51.100.1 tcp 80'],
    ['1 > 192.0.2.9 tcp 80', '1 > 192.0.2.9 tcp 91', '1 > 192.0.2.9 udp 7', '6: 1 > 2001:db8::1 sctp 7'],
  ],
  [
    'a named port stands for every protocol and number a pod has it with',
    [cluster({ ingress: [{ action: 'Deny', from: anyone, protocols: [{ destinationNamedPort: 'sql' }] }] })],
    ['1 > 2 tcp 5433', '1 > 2 udp 5432', '2 > 1 tcp 5432'],
    ['1 > 2 tcp 5432', '1 > 2 udp 5433'],
  ],
  [
    'a domain name opens nothing; the peers beside it count',
    [
      cluster({
        egress: [
          { action: 'Accept', to: [{ domainNames: ['*.example.com'] }, { networks: ['192.0.2.0/24'] }] },
          { action: 'Deny', to: [{ networks: ['0.0.0.0/0'] }] },
        ],
      }),
    ],
    ['1 > 192.0.2.9 tcp 80'],
    ['1 > 198.51.100.1 tcp 80'],
  ],
  [
    'nodes: the addresses of the hosts whose Node resource is selected, and no other selector ever means a Node',
    [
      cluster({ egress: [{ action: 'Deny', to: [{ nodes: { matchLabels: { gpu: 'yes' } } }], protocols: [tcp(80)] }] }),
      globalPolicy('g', {
        types: ['Egress'],
        egress: [{ action: 'Deny', protocol: 'UDP', destination: { selector: "all() && !has(gpu) && gpu != 'no'" } }, { action: 'Allow' }],
      }),
    ],
    ['1 > 203.0.113.2 tcp 80', '1 > 203.0.113.1 tcp 81', '1 > 203.0.113.1 udp 80', '1 > 203.0.113.2 udp 80'],
    ['1 > 203.0.113.1 tcp 80', '1 > 203.0.113.11 tcp 80', '6: 1 > 2001:db8::1 tcp 80', '1 > 2 udp 80'],
  ],
  [
    'a direction without rules is none of its business',
    [cluster({ ingress: [{ action: 'Deny', from: anyone }], egress: [] })],
    ['1 > 192.0.2.9 tcp 80'],
    ['1 > 2 tcp 80'],
  ],
  ['a policy without any rule', [cluster({})], ['1 > 2 tcp 80'], []],
  [
    'a custom tier between Admin and default keeps its place',
    [
      cluster({ priority: 0, ingress: [{ action: 'Accept', from: anyone, protocols: [tcp(80)] }] }),
      globalPolicy('g', { types: ['Ingress'], ingress: [] }),
    ],
    ['1 > 2 tcp 80'],
    ['1 > 2 tcp 81'],
  ],
]

for (const [title, policies, accepted, dropped] of rows)
  t.test(`§6.16: ${title}`, async (t) => {
    const ruleset = rulesetOf([...world, ...policies])
    for (const text of accepted) t.equal(forwarded(ruleset, text).verdict, 'accept', text)
    for (const text of dropped) t.equal(forwarded(ruleset, text).verdict, 'drop', text)
  })

const unknownPeer = (action: string) => {
  const [rule] = (policyOf({
    apiVersion,
    kind: 'ClusterNetworkPolicy',
    metadata: { name: 'c' },
    spec: { ...everyPod, ingress: [{ action, from: [{}], protocols: [tcp(80)] }] },
  })?.ingress ?? []) as readonly object[]
  return rule
}

t.test('§6.16: a peer of no kind we know fails closed: Accept matches nothing, Deny and Pass deny all', async (t) => {
  t.equal(unknownPeer('Accept'), undefined)
  for (const action of ['Deny', 'Pass'])
    t.strictSame(unknownPeer(action), { index: 0, action: 'Deny', source: {}, destination: {} }, action)
})

t.test('Rule.index is the place in the list; the name of a rule goes into its comment', async (t) => {
  const policy = policyOf(
    cluster({
      ingress: [
        { action: 'Accept', from: [{ namespaces: {} }, labelled({ a: 'b' })], protocols: [tcp(1), { udp: {} }] },
        { name: 'no "more"', action: 'Deny', from: anyone },
      ],
    }),
  )
  t.strictSame(
    policy?.ingress?.map(({ index, comment }) => [index, comment]),
    [
      [0, undefined],
      [0, undefined],
      [0, undefined],
      [0, undefined],
      [1, 'name=no _more_'],
    ],
  )
  t.strictSame([policy?.id, policy?.tier, policy?.order, policy?.namespace], ['cnp/c', 'kube-admin', 10, ''])
})
