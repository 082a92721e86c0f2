/** Where the fuzz starts from: resources that are right, and texts that have broken parsers. */

const calico = 'projectcalico.org/v3'

export type Sample = {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Readonly<Record<string, string>> }
  readonly spec?: object
  readonly addressType?: string
  readonly endpoints?: readonly object[]
  readonly ports?: readonly object[]
}

export const sampleResources: readonly Sample[] = [
  {
    apiVersion: calico,
    kind: 'NetworkPolicy',
    metadata: { name: 'web', namespace: 'shop' },
    spec: {
      selector: "app == 'web'",
      types: ['Ingress', 'Egress'],
      ingress: [
        {
          action: 'Allow',
          protocol: 'TCP',
          source: { selector: "role == 'client'", nets: ['10.0.0.0/8'] },
          destination: { ports: [80, '90:99'] },
        },
      ],
      egress: [{ action: 'Deny', protocol: 'ICMP', icmp: { type: 8 } }],
    },
  },
  {
    apiVersion: calico,
    kind: 'GlobalNetworkPolicy',
    metadata: { name: 'all' },
    spec: { order: 10, selector: 'all()', ingress: [{ action: 'Allow' }] },
  },
  {
    apiVersion: calico,
    kind: 'NetworkSet',
    metadata: { name: 'a', namespace: 'shop', labels: { kind: 'office' } },
    spec: { nets: ['192.0.2.0/24'] },
  },
  { apiVersion: calico, kind: 'GlobalNetworkSet', metadata: { name: 'a' }, spec: { nets: ['198.51.100.0/24', '2001:db8::/32'] } },
  { apiVersion: calico, kind: 'Tier', metadata: { name: 'a' }, spec: { order: 1 } },
  {
    apiVersion: calico,
    kind: 'WorkloadEndpoint',
    metadata: { name: 'db', namespace: 'shop', labels: { app: 'web' } },
    spec: { node: 'node-n', interfaceName: 'tortdb', ipNetworks: ['10.244.1.9/32'], ports: [{ name: 'http', protocol: 'TCP', port: 80 }] },
  },
  {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'k', namespace: 'shop' },
    spec: {
      podSelector: { matchLabels: { app: 'web' } },
      ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } }], ports: [{ port: 80 }] }],
    },
  },
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', labels: { team: 'a' } } },
  { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'a', namespace: 'shop' } },
  {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'web-a', namespace: 'shop', labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.244.1.9'], conditions: { ready: true } }],
    ports: [{ name: 'http', protocol: 'TCP', port: 80 }],
  },
]

const bomb = [
  'a: &a [x, x, x, x, x, x, x, x, x]',
  ...'bcdefgh'.split('').map((name, i) => `${name}: &${name} [${Array(9).fill(`*${'abcdefg'[i]}`).join(', ')}]`),
]

export const hostileTexts: readonly string[] = [
  '',
  '\0',
  '__proto__',
  'constructor',
  '../../etc/passwd',
  '$(reboot)',
  '`id`',
  "'; DROP TABLE resource; --",
  '%s%n',
  '\u202e',
  '\ud800',
  'x'.repeat(300),
  '9'.repeat(400),
  '1e999',
  '{"kind":"Tier","kind":"Tier"}',
  '{"a":'.repeat(500),
  '['.repeat(5_000),
  '{"__proto__": {"x": 1}, "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a"}}',
  '{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"a"},"spec":1e400}',
  bomb.join('\n'),
  '- &a [*a]',
  '!!js/function "x"',
  '? [a]: b',
  '--- \n--- \n---',
  `${'a: {'.repeat(200)}`,
  '%YAML 9.9\n---\na: 1',
  '\ufeffkind: Tier',
  'kind: Tier\nkind: Tier',
]
