import fc from 'fast-check'
import t from 'tap'
import { apiVersionOf } from './kind.ts'
import { checkResource, kindOf, kindOfPlural, kinds } from './kinds.ts'
import { calico, context, kubernetesPolicy, problemsOf, stored } from './sample-resources.ts'

t.test('every kind is found by its document and by its URL', async (t) => {
  for (const kind of kinds) {
    t.equal(kindOf(apiVersionOf(kind), kind.kind), kind)
    t.equal(kindOfPlural(kind.group, kind.version, kind.plural), kind)
  }
  t.equal(kindOf('v1', 'Namespace')?.plural, 'namespaces')
  t.equal(kindOfPlural('', 'v1', 'serviceaccounts')?.kind, 'ServiceAccount')
  t.not(kindOf('projectcalico.org/v3', 'NetworkPolicy'), kindOf('networking.k8s.io/v1', 'NetworkPolicy'))
  t.equal(kindOf('projectcalico.org/v2', 'Tier'), undefined)
  t.equal(kindOfPlural('projectcalico.org', 'v3', 'Tier'), undefined)
})

const unknown: [title: string, document: unknown, problems: readonly (readonly [path: string, reason: string])[]][] = [
  ['nothing', undefined, [['', 'must be an object']]],
  ['a list', [], [['', 'must be an object']]],
  [
    'an empty object',
    {},
    [
      ['apiVersion', 'is required'],
      ['kind', 'is required'],
    ],
  ],
  ['a kind that is a number', { apiVersion: 'v1', kind: 1 }, [['kind', 'must be a string']]],
  [
    'a mistyped kind',
    { apiVersion: 'projectcalico.org/v3', kind: 'GlobalNetworkPolcy' },
    [['kind', 'unknown or unsupported kind, did you mean "GlobalNetworkPolicy"?']],
  ],
  [
    'a kind that has a successor',
    { apiVersion: 'policy.networking.k8s.io/v1alpha1', kind: 'BaselineAdminNetworkPolicy' },
    [['kind', 'unknown or unsupported kind: write a ClusterNetworkPolicy (policy.networking.k8s.io/v1alpha2), which has taken its place']],
  ],
  [
    'a service, whose slices are known',
    { apiVersion: 'v1', kind: 'Service' },
    [['kind', 'unknown or unsupported kind: what is behind a service, its EndpointSlices (discovery.k8s.io/v1) say']],
  ],
  ['a kind of nobody', { apiVersion: 'v1', kind: 'ConfigMap' }, [['kind', 'unknown or unsupported kind']]],
  [
    'the wrong version',
    { apiVersion: 'projectcalico.org/v1', kind: 'NetworkPolicy' },
    [['apiVersion', 'NetworkPolicy is of projectcalico.org/v3 or networking.k8s.io/v1, did you mean "projectcalico.org/v3"?']],
  ],
  [
    'a kind only by prototype',
    JSON.parse('{"__proto__": {"apiVersion": "v1", "kind": "Namespace"}}'),
    [
      ['apiVersion', 'is required'],
      ['kind', 'is required'],
    ],
  ],
]
for (const [title, document, problems] of unknown) t.test(`no kind: ${title}`, async (t) => t.strictSame(problemsOf(document), problems))

/** Valid resources of the smaller kinds and what is stored as their metadata and spec. */
const accepted: [title: string, resource: Readonly<Record<string, unknown>>, metadata: object, spec: unknown][] = [
  ['a tier denies by default (§6.12)', calico('Tier', { order: 5 }), { name: 'sample' }, { order: 5, defaultAction: 'Deny' }],
  ['a built-in tier as it is', calico('Tier', {}, { name: 'kube-admin' }), { name: 'kube-admin' }, { order: 1_000, defaultAction: 'Pass' }],
  [
    'a built-in tier, its values repeated',
    calico('Tier', { order: 1_000_000, defaultAction: 'Deny' }, { name: 'default' }),
    { name: 'default' },
    { order: 1_000_000, defaultAction: 'Deny' },
  ],
  [
    'a network set is masked and may mix families (§6.4)',
    calico('NetworkSet', { nets: ['10.1.2.3/8', 'FD00::1', '0.0.0.0/0'] }, { namespace: 'shop', labels: { role: 'x' } }),
    { name: 'sample', namespace: 'shop', labels: { role: 'x' } },
    { nets: ['10.0.0.0/8', 'fd00::1/128', '0.0.0.0/0'] },
  ],
  ['a global network set', calico('GlobalNetworkSet', {}), { name: 'sample' }, {}],
  [
    'a profile (§6.6)',
    calico('Profile', { ingress: [{ action: 'Allow', protocol: 'tcp' }], labelsToApply: { a: 'b' } }),
    { name: 'sample' },
    { ingress: [{ action: 'Allow', protocol: 'TCP' }], labelsToApply: { a: 'b' } },
  ],
  [
    'a node (§6.10)',
    calico('Node', {
      bgp: { asNumber: '1.10', ipv4Address: '192.0.2.10/24', ipv4IPIPTunnelAddr: '10.0.0.1' },
      addresses: [{ address: '192.0.2.10/24', type: 'InternalIP' }],
      orchRefs: [{ orchestrator: 'k8s', nodeName: 'node-a' }],
      vxlanTunnelMACAddr: 'AA-bb-cc-dd-ee-ff',
    }),
    { name: 'sample' },
    {
      bgp: { asNumber: 65_546, ipv4Address: '192.0.2.10/24', ipv4IPIPTunnelAddr: '10.0.0.1' },
      addresses: [{ address: '192.0.2.10/24', type: 'InternalIP' }],
      orchRefs: [{ orchestrator: 'k8s', nodeName: 'node-a' }],
      vxlanTunnelMACAddr: 'aa:bb:cc:dd:ee:ff',
    },
  ],
  [
    'a namespace: labels only, whatever else Kubernetes wrote',
    {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'shop', labels: { team: 'a' }, uid: 'x' },
      spec: { finalizers: ['kubernetes'] },
      status: { phase: 'Active' },
    },
    { name: 'shop', labels: { team: 'a' }, uid: 'x' },
    {},
  ],
  [
    'a service account: labels only',
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'web' }, secrets: [{ name: 'x' }], automountServiceAccountToken: false },
    { name: 'web', namespace: 'default' },
    {},
  ],
]
for (const [title, resource, metadata, spec] of accepted) {
  t.test(`taken: ${title}`, async (t) => {
    const first = stored(resource)
    t.strictSame(first, { apiVersion: resource.apiVersion, kind: resource.kind, metadata, spec })
    t.strictSame(stored(first), first, 'and taken again')
  })
}

const builtIn = 'this profile is built in and cannot be written'
const refused: [title: string, resource: object, problems: readonly (readonly [path: string, reason: string])[]][] = [
  [
    '§6.17.3 no 23: a tier name with a dot',
    calico('Tier', {}, { name: 'a.b' }),
    [['metadata.name', 'must be a DNS-1123 label: at most 63 of a-z, 0-9 and "-", no dots']],
  ],
  [
    '§6.17.3 no 24: order and action of a built-in tier changed',
    calico('Tier', { order: 1, defaultAction: 'Pass' }, { name: 'default' }),
    [
      ['spec.order', 'of the built-in tier default is always 1000000'],
      ['spec.defaultAction', 'of the built-in tier default is always Deny'],
    ],
  ],
  [
    '§6.17.3 no 25: a network set with the reserved label',
    calico('GlobalNetworkSet', {}, { labels: { 'projectcalico.org/namespace': 'shop' } }),
    [['metadata.labels["projectcalico.org/namespace"]', 'is set by the agent']],
  ],
  ['a set with something that is no net', calico('NetworkSet', { nets: ['web'] }), [['spec.nets[0]', 'must be a CIDR or an address']]],
  [
    '§6.6 Pass in a profile',
    calico('Profile', { egress: [{ action: 'Pass' }] }),
    [['spec.egress[0].action', 'Pass has no meaning in a profile: there is no next tier']],
  ],
  ['a profile that every namespace has', calico('Profile', {}, { name: 'kns.shop' }), [['metadata.name', builtIn]]],
  ['a profile that every service account has', calico('Profile', {}, { name: 'ksa.shop.web' }), [['metadata.name', builtIn]]],
  [
    'a label value that no endpoint may have',
    calico('Profile', { labelsToApply: { a: '-' } }),
    [['spec.labelsToApply.a', 'a label value has at most 63 of A-Z, a-z, 0-9, "-", "_" and ".", the ends alphanumeric']],
  ],
  [
    '§6.17.3 no 42: a node with empty bgp',
    calico('Node', { bgp: {} }),
    [['spec.bgp', 'must not be empty: leave it out or give it a field']],
  ],
  [
    'a node with an IPv6 address as its IPv4 one',
    calico('Node', { bgp: { ipv4Address: 'fd00::1/64' } }),
    [['spec.bgp.ipv4Address', 'must be an IPv4 address with its prefix length, as in 192.0.2.10/24']],
  ],
  [
    'an unknown field beside spec',
    { ...kubernetesPolicy({ podSelector: {} }), spce: {} },
    [['spce', 'unknown field, did you mean "spec"?']],
  ],
  ['a resource without metadata', { apiVersion: 'v1', kind: 'Namespace' }, [['metadata', 'is required']]],
  [
    'a namespace whose name no URL could carry',
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'a.b' } },
    [['metadata.name', 'must be a DNS-1123 label: at most 63 of a-z, 0-9 and "-", no dots']],
  ],
]
for (const [title, resource, problems] of refused) t.test(`refused: ${title}`, async (t) => t.strictSame(problemsOf(resource), problems))

t.test('noise in any field of any kind never throws: it has a resource or problems', async () => {
  fc.assert(
    fc.property(fc.constantFrom(...kinds), fc.anything(), fc.anything(), (kind, metadata, spec) => {
      const document = { apiVersion: apiVersionOf(kind), kind: kind.kind, metadata, spec }
      const { resource, problems } = checkResource(document, context)
      return (resource === undefined) === (problems !== undefined && problems.length > 0)
    }),
    { numRuns: 500 },
  )
})
