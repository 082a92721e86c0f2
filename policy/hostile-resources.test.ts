/** Whatever the model takes can be compiled and written: a text that could not would end the agent, and again at each start. */
import fc from 'fast-check'
import t from 'tap'
import { ruleText } from '../felix/iptables/rule-text.ts'
import { encodeRule } from '../felix/nft/rule-expressions.ts'
import { checkResource } from '../src/model/kinds.ts'
import { PolicyGraph } from './graph.ts'
import { endpoint, hostEndpoint } from './test-resources.ts'

type Fields = Readonly<Record<string, unknown>>
const calico = 'projectcalico.org/v3'
const metadata = { name: 'a', namespace: 'shop', labels: { app: 'web' }, annotations: { note: 'x' } }

const who = {
  selector: "a == 'x'",
  notSelector: "b in {'y'}",
  namespaceSelector: "team == 'a'",
  serviceAccounts: { names: ['robot'], selector: "trusted == 'yes'" },
  nets: ['10.0.0.0/8'],
  notNets: ['10.1.0.0/16'],
  ports: [80, '90:99', 'http'],
  notPorts: ['dns'],
}
const rules = [
  {
    action: 'Allow',
    ipVersion: 4,
    protocol: 'TCP',
    notProtocol: 'UDP',
    source: who,
    destination: who,
    metadata: { annotations: { why: 'x' } },
  },
  { action: 'Log', protocol: 'ICMP', icmp: { type: 8, code: 0 }, notICMP: { type: 3 } },
]
const policy = { tier: 'default', order: 1, selector: "app == 'web'", serviceAccountSelector: 'has(a)', ingress: rules, egress: rules }
const pods = { matchLabels: { app: 'web' }, matchExpressions: [{ key: 'a', operator: 'In', values: ['x', 'y'] }] }
const port = { protocol: 'TCP', port: 80, endPort: 90 }

const samples: readonly Fields[] = [
  { apiVersion: calico, kind: 'NetworkPolicy', metadata, spec: policy },
  {
    apiVersion: calico,
    kind: 'NetworkPolicy',
    metadata,
    spec: {
      ingress: [{ action: 'Allow', source: { services: { name: 'db', namespace: 'shop' } } }],
      egress: [{ action: 'Allow', destination: { services: { name: 'db' } } }],
    },
  },
  {
    apiVersion: calico,
    kind: 'GlobalNetworkPolicy',
    metadata: { ...metadata, namespace: undefined },
    spec: { ...policy, namespaceSelector: "team == 'a'", applyOnForward: true, doNotTrack: true },
  },
  {
    apiVersion: calico,
    kind: 'Profile',
    metadata: { ...metadata, namespace: undefined },
    spec: { ingress: rules, labelsToApply: { a: 'x' } },
  },
  { apiVersion: calico, kind: 'Tier', metadata: { name: 'a' }, spec: { order: 5, defaultAction: 'Pass' } },
  { apiVersion: calico, kind: 'NetworkSet', metadata, spec: { nets: ['10.0.0.0/8', 'fd00::/64'] } },
  {
    apiVersion: calico,
    kind: 'WorkloadEndpoint',
    metadata,
    spec: {
      node: 'n1',
      orchestrator: 'k8s',
      pod: 'web',
      interfaceName: 'tort2',
      serviceAccountName: 'robot',
      ipNetworks: ['10.0.0.2/32', 'fd00::2/128'],
      profiles: ['custom'],
      ports: [{ name: 'http', protocol: 'TCP', port: 80 }],
    },
  },
  {
    apiVersion: calico,
    kind: 'HostEndpoint',
    metadata: { ...metadata, namespace: undefined },
    spec: {
      node: 'n1',
      interfaceName: 'eth0',
      expectedIPs: ['192.0.2.1'],
      profiles: ['custom'],
      ports: [{ name: 'ssh', protocol: 'TCP', port: 22 }],
    },
  },
  {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata,
    spec: {
      podSelector: pods,
      ingress: [
        {
          from: [{ podSelector: pods, namespaceSelector: pods }, { ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } }],
          ports: [port],
        },
      ],
      egress: [{ to: [{ podSelector: pods }], ports: [{ port: 'http' }] }],
    },
  },
  {
    apiVersion: 'policy.networking.k8s.io/v1alpha2',
    kind: 'ClusterNetworkPolicy',
    metadata: { name: 'a' },
    spec: {
      tier: 'Admin',
      priority: 5,
      subject: { pods: { namespaceSelector: pods, podSelector: pods } },
      ingress: [
        {
          name: 'in',
          action: 'Accept',
          from: [{ namespaces: pods }],
          protocols: [{ tcp: { destinationPort: { number: 80 } } }, { destinationNamedPort: 'http' }],
        },
      ],
      egress: [{ name: 'out', action: 'Deny', to: [{ nodes: pods }, { networks: ['10.0.0.0/8'] }] }],
    },
  },
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', labels: { team: 'a' } } },
  { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'robot', namespace: 'shop', labels: { trusted: 'yes' } } },
  { apiVersion: calico, kind: 'Node', metadata: { name: 'n1', labels: { a: 'x' } }, spec: { bgp: { ipv4Address: '192.0.2.1/24' } } },
  {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'db-1', namespace: 'shop', labels: { 'kubernetes.io/service-name': 'db' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.0.0.2'] }],
    ports: [{ name: 'sql', protocol: 'TCP', port: 5432 }],
  },
].map((sample) => JSON.parse(JSON.stringify(sample)) as Fields)

/** Places of texts and numbers, keys too. */
type Place = readonly string[]
function places(value: unknown, path: Place = []): readonly Place[] {
  if (typeof value !== 'object' || value === null) return [path]
  return Object.entries(value).flatMap(([key, field]) => places(field, [...path, key]))
}

function withValue(value: unknown, [step, ...rest]: Place, change: unknown, asKey: boolean): unknown {
  if (step === undefined) return change
  if (Array.isArray(value)) return value.map((item, i) => (String(i) === step ? withValue(item, rest, change, asKey) : (item as unknown)))
  const entries = Object.entries(value as Fields)
  return Object.fromEntries(
    entries.map(([key, field]): [string, unknown] => {
      if (key !== step) return [key, field]
      return asKey && rest.length === 0 ? [String(change), field] : [key, withValue(field, rest, change, asKey)]
    }),
  )
}

const nasty = [
  '"',
  "'",
  `'"`,
  '\n',
  '\0',
  '\\',
  ' ',
  '$(x)',
  '-j ACCEPT',
  '%d',
  '+',
  '*',
  '_',
  '..',
  '::',
  'é',
  '\ud800',
  '٣',
  'A'.repeat(70),
  'a'.repeat(253),
]
const hostile = fc.oneof(
  fc.constantFrom<unknown[]>(
    ...nasty,
    ...nasty.map((text) => `a${text}b`),
    ...nasty.map((text) => `a == "${text}"`),
    ...nasty.map((text) => `a == '${text}'`),
  ),
  fc.constantFrom<unknown[]>(0, -0, -1, 1e21, 65_535, 65_536, 255, 256, 1.5, 5e-324, '0', '0x10', '1e3', '010', true, null),
  fc.constantFrom('::ffff:10.0.0.0/104', '::10.0.0.1', '0.0.0.0/0', '::/0', '255.255.255.255', 'fe80::1', '224.0.0.1/32', '0.0.0.0', '::'),
  fc.string({ unit: 'binary', maxLength: 6 }),
)

function compile(resource: NonNullable<ReturnType<typeof checkResource>['resource']>): void {
  const graph = new PolicyGraph({ nodeName: 'n1', interfacePrefix: 'tort', ipv6: true })
  graph.put(endpoint('e', { interfaceName: 'tort1', ipNetworks: ['10.0.0.1/32'], profiles: ['a'] }, { app: 'web' }))
  graph.put(hostEndpoint('eth1'))
  graph.put(resource)
  const { chains, hooks } = graph.compile()
  const here = [...chains.flatMap(({ family, table, rules: list }) => list.map((rule) => ({ family, table, rule }))), ...hooks]
  for (const { family, table, rule } of here) {
    ruleText(rule, family)
    encodeRule(rule, { family, table, nextSetId: 1 })
  }
}

t.test('hostile texts and numbers in any place of a resource: what is not refused is compiled and written', async (t) => {
  let taken = 0
  const anywhere = fc
    .constantFrom(...samples)
    .chain((sample) => fc.tuple(fc.constant(sample), fc.constantFrom(...places(sample)), hostile, fc.boolean()))
  fc.assert(
    fc.property(anywhere, ([sample, place, change, asKey]) => {
      const { resource } = checkResource(withValue(sample, place, change, asKey), { nodeName: 'n1', interfacePrefix: 'tort' })
      if (resource === undefined) return
      taken++
      compile(resource)
    }),
    { numRuns: Number(process.env.FUZZ_RUNS ?? 2_000) },
  )
  t.ok(taken > 50, `${taken} were taken`)
})

t.test('the samples themselves are taken', async (t) => {
  for (const sample of samples) {
    const { resource, problems } = checkResource(sample, { nodeName: 'n1', interfacePrefix: 'tort' })
    t.strictSame(problems, undefined, String(sample.kind))
    if (resource !== undefined) compile(resource)
  }
})
