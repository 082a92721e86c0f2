import t from 'tap'
import { problemsOf, stored } from './sample-resources.ts'

function policy(spec: object) {
  return { apiVersion: 'policy.networking.k8s.io/v1alpha2', kind: 'ClusterNetworkPolicy', metadata: { name: 'sample' }, spec }
}

const plain = { tier: 'Admin', priority: 10, subject: { namespaces: {} } }
const all = { namespaces: {} }

t.test('a cluster network policy as Kubernetes documents it is kept (§6.16)', async (t) => {
  const spec = {
    ...plain,
    subject: { pods: { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'shop' } }, podSelector: {} } },
    ingress: [{ name: 'from monitoring', action: 'Accept', from: [all], protocols: [{ tcp: { destinationPort: { number: 9100 } } }] }],
    egress: [
      { action: 'Deny', to: [{ networks: ['10.0.0.0/8'] }], protocols: [{ udp: { destinationPort: { range: { start: 1, end: 2 } } } }] },
      { action: 'Accept', to: [{ domainNames: ['*.example.com'] }, { nodes: { matchExpressions: [{ key: 'gpu', operator: 'Exists' }] } }] },
      {
        action: 'Pass',
        to: [{ pods: { namespaceSelector: {}, podSelector: {} } }],
        protocols: [{ destinationNamedPort: 'dns' }, { sctp: {} }],
      },
    ],
  }
  const first = stored(policy(spec))
  t.strictSame(first.spec, spec)
  t.strictSame(stored(first), first, 'and taken again')
})

const peerFields = 'must have exactly one of namespaces, pods, nodes, networks, domainNames'
const refused: [title: string, spec: object, problems: readonly (readonly [path: string, reason: string])[]][] = [
  [
    'nothing said',
    {},
    [
      ['spec.tier', 'is required'],
      ['spec.priority', 'is required'],
      ['spec.subject', 'is required'],
    ],
  ],
  ['a priority out of range', { ...plain, priority: 1_001 }, [['spec.priority', 'must be <= 1000']]],
  [
    'two subjects',
    { ...plain, subject: { namespaces: {}, pods: { namespaceSelector: {}, podSelector: {} } } },
    [['spec.subject', 'must have exactly one of namespaces, pods']],
  ],
  ['an empty peer, which would be anyone', { ...plain, egress: [{ action: 'Accept', to: [{}] }] }, [['spec.egress[0].to[0]', peerFields]]],
  [
    'a rule for nobody',
    { ...plain, ingress: [{ action: 'Accept', from: [] }] },
    [['spec.ingress[0].from', 'must not have fewer than 1 items']],
  ],
  [
    'networks as a source',
    { ...plain, ingress: [{ action: 'Deny', from: [{ networks: ['10.0.0.0/8'] }] }] },
    [['spec.ingress[0].from[0].networks', 'unknown field']],
  ],
  [
    'a denied domain name',
    { ...plain, egress: [{ action: 'Deny', to: [{ domainNames: ['example.com'] }] }] },
    [['spec.egress[0].to[0].domainNames', 'is for action Accept only']],
  ],
  [
    'a named port outside pods',
    { ...plain, egress: [{ action: 'Accept', to: [{ networks: ['10.0.0.0/8'] }], protocols: [{ destinationNamedPort: 'dns' }] }] },
    [['spec.egress[0].protocols[0].destinationNamedPort', 'is not for peers that are nodes, networks or domainNames']],
  ],
  [
    'ports: both ways, or a range of none',
    {
      ...plain,
      ingress: [
        {
          action: 'Accept',
          from: [all],
          protocols: [
            { tcp: { destinationPort: {} } },
            { tcp: { destinationPort: { range: { start: 2, end: 2 } } } },
            { tcp: {}, udp: {} },
          ],
        },
      ],
    },
    [
      ['spec.ingress[0].protocols[0].tcp.destinationPort', 'must have exactly one of number, range'],
      ['spec.ingress[0].protocols[1].tcp.destinationPort.range.end', 'must be above the start, 2'],
      ['spec.ingress[0].protocols[2]', 'must have exactly one of tcp, udp, sctp, destinationNamedPort'],
    ],
  ],
]
for (const [title, spec, problems] of refused) t.test(`refused: ${title}`, async (t) => t.strictSame(problemsOf(policy(spec)), problems))
