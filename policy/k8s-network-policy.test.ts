import t from 'tap'
import type { KubernetesNetworkPolicySpec } from '../src/model/kubernetes-network-policy.ts'
import type { LabelSelector } from '../src/model/label-selector.ts'
import { policyFromK8s, selectorFromK8s } from './k8s-network-policy.ts'
import { canonical } from './selector/canonical.ts'

const pod = 'projectcalico.org/orchestrator == "k8s"'

function converted(spec: Partial<KubernetesNetworkPolicySpec>) {
  return policyFromK8s({ podSelector: {}, policyTypes: ['Ingress'], ...spec })
}

const table: [title: string, spec: Partial<KubernetesNetworkPolicySpec>, expected: unknown][] = [
  [
    'no rules: everything is denied at the end of the tier',
    {},
    { tier: 'default', order: 1000, selector: pod, types: ['Ingress'], ingress: [], egress: [] },
  ],
  [
    'the pod selector comes sorted, after the orchestrator',
    { podSelector: { matchLabels: { b: '2', a: '1' } }, policyTypes: ['Egress'] },
    { tier: 'default', order: 1000, selector: `(${pod} && a == "1" && b == "2")`, types: ['Egress'], ingress: [], egress: [] },
  ],
]
for (const [title, spec, expected] of table) t.test(`§6.15: ${title}`, async (t) => t.strictSame(converted(spec), expected))

type Ingress = NonNullable<KubernetesNetworkPolicySpec['ingress']>[number]

const ingress: [title: string, rule: Ingress, expected: unknown][] = [
  ['from absent: all sources', {}, [{ index: 0, action: 'Allow' }]],
  ['from empty: all sources', { from: [], ports: [] }, [{ index: 0, action: 'Allow' }]],
  [
    'a podSelector alone: pods of the own namespace',
    { from: [{ podSelector: {} }] },
    [{ index: 0, action: 'Allow', source: { selector: pod } }],
  ],
  [
    'an empty namespaceSelector: pods of all namespaces',
    { from: [{ namespaceSelector: {} }] },
    [{ index: 0, action: 'Allow', source: { selector: pod, namespaceSelector: 'all()' } }],
  ],
  [
    'both selectors of one peer must hold',
    { from: [{ podSelector: { matchLabels: { a: '1' } }, namespaceSelector: { matchLabels: { team: 'x' } } }] },
    [{ index: 0, action: 'Allow', source: { selector: `(${pod} && a == "1")`, namespaceSelector: 'team == "x"' } }],
  ],
  [
    'ipBlock: nets and notNets',
    { from: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } }, { ipBlock: { cidr: 'fd00::/8' } }] },
    [
      { index: 0, action: 'Allow', source: { nets: ['10.0.0.0/8'], notNets: ['10.1.0.0/16'] } },
      { index: 0, action: 'Allow', source: { nets: ['fd00::/8'] } },
    ],
  ],
  [
    'ports: one rule per protocol, numbers sorted and merged, then names',
    { ports: [{ port: 443 }, { port: 80, endPort: 90 }, { port: 'web' }, { port: 91 }, { protocol: 'UDP', port: 53 }] },
    [
      { index: 0, action: 'Allow', protocol: 'TCP', destination: { ports: ['80:91', 443, 'web'] } },
      { index: 0, action: 'Allow', protocol: 'UDP', destination: { ports: [53] } },
    ],
  ],
  [
    'an entry without a port opens its protocol, not the others',
    { ports: [{ port: 80 }, {}, { protocol: 'SCTP', port: 9 }] },
    [
      { index: 0, action: 'Allow', protocol: 'SCTP', destination: { ports: [9] } },
      { index: 0, action: 'Allow', protocol: 'TCP' },
    ],
  ],
  [
    'peers times protocols; a named port counts for every source',
    { from: [{ ipBlock: { cidr: '10.0.0.0/8' } }, { podSelector: {} }], ports: [{ port: 'web' }] },
    [
      { index: 0, action: 'Allow', protocol: 'TCP', source: { nets: ['10.0.0.0/8'] }, destination: { ports: ['web'] } },
      { index: 0, action: 'Allow', protocol: 'TCP', source: { selector: pod }, destination: { ports: ['web'] } },
    ],
  ],
]
for (const [title, rule, expected] of ingress)
  t.test(`§6.15: ${title}`, async (t) => t.strictSame(converted({ ingress: [rule] }).ingress, expected))

t.test('§6.15: egress peers and ports stand together at the destination', async (t) => {
  t.strictSame(converted({ egress: [{ to: [{ podSelector: {} }], ports: [{ port: 80 }] }] }).egress, [
    { index: 0, action: 'Allow', protocol: 'TCP', destination: { selector: pod, ports: [80] } },
  ])
})

t.test('§6.15 rule 11: towards an ipBlock a named port matches nothing, and never everything', async (t) => {
  const to = [{ ipBlock: { cidr: '10.0.0.0/8' } }]
  t.strictSame(converted({ egress: [{ to, ports: [{ port: 'web' }] }] }).egress, [])
  t.strictSame(converted({ egress: [{ to, ports: [{ port: 'web' }, { port: 80 }] }] }).egress, [
    { index: 0, action: 'Allow', protocol: 'TCP', destination: { nets: ['10.0.0.0/8'], ports: [80] } },
  ])
})

t.test('§6.15 rule 8: a peer without a field is never "anybody"', async (t) => {
  t.throws(() => converted({ ingress: [{ from: [{}] }] }), /peer has no field/)
})

const selectors: [title: string, selector: LabelSelector | undefined, expected: string][] = [
  ['absent', undefined, 'all()'],
  ['empty', {}, 'all()'],
  ['In', { matchExpressions: [{ key: 'k', operator: 'In', values: ['b', 'a'] }] }, 'k in {"a", "b"}'],
  ['NotIn also matches where the key is absent', { matchExpressions: [{ key: 'k', operator: 'NotIn', values: ['a'] }] }, 'k not in {"a"}'],
  ['Exists', { matchExpressions: [{ key: 'k', operator: 'Exists' }] }, 'has(k)'],
  ['DoesNotExist', { matchExpressions: [{ key: 'k', operator: 'DoesNotExist' }] }, '!has(k)'],
  ['labels, then expressions', { matchLabels: { a: '' }, matchExpressions: [{ key: 'k', operator: 'Exists' }] }, '(a == "" && has(k))'],
]
for (const [title, selector, expected] of selectors)
  t.test(`LabelSelector: ${title}`, async (t) => t.equal(canonical(selectorFromK8s(selector)), expected))

t.test('Rule.index is the place in the list of the user, however many rules one becomes', async (t) => {
  const ports = [{ port: 80 }, { protocol: 'UDP', port: 53 }]
  const { ingress = [] } = converted({ ingress: [{ from: [{ podSelector: {} }, { namespaceSelector: {} }] }, { ports }, {}] })
  t.strictSame(
    ingress.map(({ index }) => index),
    [0, 0, 1, 1, 2],
  )
})
