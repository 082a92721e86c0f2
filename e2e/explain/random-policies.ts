/** Random policies of every kind for the world of the conformance lab: narrow enough to differ, wide enough to meet its packets. */
import fc from 'fast-check'
import { podAddresses, podNames } from '../conformance/world.ts'

type Fields = Readonly<Record<string, unknown>>
export type Document = {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Readonly<Record<string, string>> }
  readonly spec: Fields
  readonly [field: string]: unknown
}

const calico = 'projectcalico.org/v3'
const namespaces = ['shop', 'bank', 'ops', 'default'] as const

/** As often as the weight says. */
function weighted<T>(...choices: readonly (readonly [weight: number, value: T])[]): fc.Arbitrary<T> {
  return fc.oneof(...choices.map(([weight, value]) => ({ weight, arbitrary: fc.constant(value) })))
}

const selector = fc.constantFrom(
  'all()',
  "app == 'web'",
  "app == 'db'",
  "app starts with 'web'",
  "role == 'client'",
  "role in {'client','admin'}",
  'has(role)',
  '!has(app)',
  "tier != 'back'",
  "kind == 'listed'",
  "role == 'client' || tier == 'back'",
)
const subject = weighted(
  [3, 'all()'],
  [2, 'has(app)'],
  [2, 'has(role)'],
  [1, "app == 'web'"],
  [1, "app == 'db'"],
  [1, "tier == 'back'"],
  [1, '!has(role)'],
)
const namespaceSelector = fc.constantFrom(
  "team == 'a'",
  "env == 'prod'",
  "team in {'b','ops'}",
  'all()',
  "projectcalico.org/name == 'bank'",
)
const nets = {
  4: fc.uniqueArray(fc.constantFrom('10.244.1.0/24', '10.244.1.8/29', '10.244.1.12/32', '10.99.0.0/24', '10.99.0.9/32', '0.0.0.0/0'), {
    minLength: 1,
    maxLength: 3,
  }),
  6: fc.uniqueArray(fc.constantFrom('fd00:244:1::/64', 'fd00:244:1::10/126', 'fd00:99::/64', 'fd00:99::9/128', '::/0'), {
    minLength: 1,
    maxLength: 2,
  }),
}
const notNets = {
  4: fc.constantFrom(['10.244.1.8/29'], ['10.99.0.9/32', '10.244.1.10/32']),
  6: fc.constantFrom(['fd00:99::9/128'], ['fd00:244:1::10/128', 'fd00:244:1::11/128']),
}
const serviceAccounts = fc.constantFrom(
  { names: ['buyer'] },
  { names: ['server', 'store', 'root'] },
  { selector: "trusted == 'yes'" },
  { names: ['buyer'], selector: 'has(trusted)' },
)

/** One or two conditions on who is at an end, with nets of one family. */
function entity(family: 4 | 6): fc.Arbitrary<Fields> {
  const other = fc.oneof(
    fc.record({ nets: nets[family] }),
    fc.record({ notNets: notNets[family] }),
    fc.record({ nets: nets[family], notNets: notNets[family] }),
  )
  return fc.oneof(
    { weight: 4, arbitrary: fc.constant({}) },
    { weight: 3, arbitrary: fc.record({ selector }) },
    { weight: 1, arbitrary: fc.record({ notSelector: selector }) },
    { weight: 1, arbitrary: fc.record({ namespaceSelector }) },
    { weight: 1, arbitrary: fc.record({ selector, namespaceSelector }) },
    { weight: 1, arbitrary: fc.record({ selector, nets: nets[family] }) },
    { weight: 1, arbitrary: fc.record({ serviceAccounts }) },
    { weight: 1, arbitrary: fc.constant({ selector: "kind == 'listed'", namespaceSelector: 'global()' }) },
    { weight: 2, arbitrary: other },
  )
}

const many = [...Array(20).keys()].map((i) => 60 + 2 * i)
const port = fc.constantFrom<(number | string)[]>(80, 8080, 53, 3868, '1:1024', '8000:9000', 'http', 'dns', 'signal')
const ports = fc.oneof(
  { weight: 4, arbitrary: fc.uniqueArray(port, { minLength: 1, maxLength: 3 }) },
  { weight: 1, arbitrary: fc.constant(many) },
)
const named = fc.subarray(['http', 'dns', 'signal'], { minLength: 1 })

/** What a rule asks of the packet, and of the ports at its destination. */
const packet: fc.Arbitrary<readonly [conditions: Fields, ports: Fields]> = fc.oneof(
  { weight: 4, arbitrary: fc.constant([{}, {}] as const) },
  { weight: 3, arbitrary: fc.constantFrom('TCP', 'UDP', 'SCTP', 6).map((protocol) => [{ protocol }, {}] as const) },
  {
    weight: 4,
    arbitrary: fc
      .tuple(fc.constantFrom('TCP', 'TCP', 'UDP', 'SCTP', 17), ports)
      .map(([protocol, list]) => [{ protocol }, { ports: list }] as const),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constantFrom('TCP', 'UDP'), ports).map(([protocol, list]) => [{ protocol }, { notPorts: list }] as const),
  },
  { weight: 1, arbitrary: named.map((list) => [{}, { ports: list }] as const) },
  { weight: 1, arbitrary: fc.constantFrom('TCP', 'UDP', 'ICMP', 132).map((notProtocol) => [{ notProtocol }, {}] as const) },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom(
        { protocol: 'ICMP', icmp: { type: 8 } },
        { protocol: 'ICMPv6', icmp: { type: 128, code: 0 } },
        { protocol: 'ICMP', icmp: { type: 3 } },
        { protocol: 'ICMP', notICMP: { type: 8 } },
        { protocol: 'ICMPv6', notICMP: { type: 129 } },
        { protocol: 'ICMP' },
      )
      .map((conditions) => [conditions, {}] as const),
  },
)

const action = weighted([6, 'Allow'], [3, 'Deny'], [2, 'Pass'], [3, 'Log'], [2, 'Reject'])

function rule(actions: fc.Arbitrary<string>): fc.Arbitrary<Fields> {
  return fc.constantFrom(4 as const, 6 as const).chain((family) =>
    fc
      .tuple(actions, packet, entity(family), entity(family), fc.boolean())
      .map(([chosen, [conditions, list], source, destination, isV]) => {
        const hasNets = [source, destination].some((end) => 'nets' in end || 'notNets' in end)
        const isIcmp = JSON.stringify(conditions).includes('ICMP')
        // ICMP and nets say their family themselves, and may contradict each other: then the rule would be refused.
        const ends = isIcmp && hasNets ? {} : { source, destination: { ...destination, ...list } }
        return { action: chosen, ...conditions, ...ends, ...(isV && hasNets && !isIcmp && { ipVersion: family }) }
      }),
  )
}

/** The one end by a service, the other by anything. */
function serviceRule(side: 'source' | 'destination'): fc.Arbitrary<Fields> {
  const other = side === 'source' ? 'destination' : 'source'
  const conditions = fc.constantFrom({}, {}, { protocol: 'TCP' }, { protocol: 'UDP' })
  return fc
    .tuple(action, conditions, fc.constantFrom('servers', 'nobody'), fc.oneof(fc.constant({}), fc.record({ selector })))
    .map(([chosen, protocol, name, entity]) => ({
      action: chosen,
      ...protocol,
      [side]: { services: { name, namespace: 'shop' } },
      [other]: entity,
    }))
}

const rules = (side: 'source' | 'destination') =>
  fc.array(fc.oneof({ weight: 5, arbitrary: rule(action) }, { weight: 1, arbitrary: serviceRule(side) }), { minLength: 1, maxLength: 5 })
const types = fc.constantFrom<string[][]>(['Ingress'], ['Egress'], ['Ingress', 'Egress'])
const order = fc.constantFrom(10, 20, 30)

const spec = fc
  .record({
    tier: weighted([3, 'default'], [2, 'first']),
    order,
    selector: subject,
    types,
    ingress: rules('source'),
    egress: rules('destination'),
  })
  .map(({ ingress, egress, ...rest }) => ({
    ...rest,
    ...(rest.types.includes('Ingress') && { ingress }),
    ...(rest.types.includes('Egress') && { egress }),
  }))

const networkPolicy = (name: string) =>
  fc
    .tuple(spec, fc.constantFrom(...namespaces))
    .map(([body, namespace]): Document => document(calico, 'NetworkPolicy', { name, namespace }, body))

const globalPolicy = (name: string, kind = 'GlobalNetworkPolicy', more: Fields = {}) =>
  fc
    .tuple(spec, fc.option(namespaceSelector, { nil: undefined }))
    .map(([body, within]) =>
      document(calico, kind, { name }, { ...body, ...(within !== undefined && { namespaceSelector: within }), ...more }),
    )

const labelSelector = fc.constantFrom<Fields[]>(
  {},
  { matchLabels: { app: 'db' } },
  { matchLabels: { role: 'client' } },
  { matchExpressions: [{ key: 'app', operator: 'Exists' }] },
  { matchExpressions: [{ key: 'role', operator: 'NotIn', values: ['client'] }] },
)
const namespaceLabels = fc.constantFrom<Fields[]>(
  {},
  { matchLabels: { team: 'a' } },
  { matchExpressions: [{ key: 'env', operator: 'DoesNotExist' }] },
)
const k8sPeer = fc.oneof(
  fc.record({ podSelector: labelSelector }),
  fc.record({ namespaceSelector: namespaceLabels }),
  fc.record({ podSelector: labelSelector, namespaceSelector: namespaceLabels }),
  fc.constantFrom(
    { ipBlock: { cidr: '10.0.0.0/8', except: ['10.244.1.12/30'] } },
    { ipBlock: { cidr: 'fd00:244:1::/64' } },
    { ipBlock: { cidr: '10.99.0.9/32' } },
  ),
)
const k8sPort = fc.constantFrom(
  { protocol: 'TCP' },
  { protocol: 'TCP', port: 80 },
  { protocol: 'TCP', port: 'http' },
  { protocol: 'UDP', port: 'dns' },
  { protocol: 'TCP', port: 8000, endPort: 8999 },
  { protocol: 'SCTP', port: 3868 },
)
const k8sRule = (peers: 'from' | 'to') =>
  fc.record(
    { [peers]: fc.array(k8sPeer, { minLength: 1, maxLength: 2 }), ports: fc.array(k8sPort, { minLength: 1, maxLength: 2 }) },
    { requiredKeys: [] },
  )
const kubernetesPolicy = (name: string) =>
  fc
    .tuple(
      fc.constantFrom(...namespaces),
      labelSelector,
      types,
      fc.array(k8sRule('from'), { maxLength: 3 }),
      fc.array(k8sRule('to'), { maxLength: 3 }),
    )
    .map(([namespace, podSelector, policyTypes, ingress, egress]) =>
      document(
        'networking.k8s.io/v1',
        'NetworkPolicy',
        { name, namespace },
        {
          podSelector,
          policyTypes,
          ...(policyTypes.includes('Ingress') && { ingress }),
          ...(policyTypes.includes('Egress') && { egress }),
        },
      ),
    )

const clusterPeer = fc.oneof(
  fc.record({ namespaces: namespaceLabels }),
  fc.record({ pods: fc.record({ namespaceSelector: namespaceLabels, podSelector: labelSelector }) }),
)
const clusterProtocols = fc.uniqueArray(
  fc.constantFrom(
    { tcp: {} },
    { tcp: { destinationPort: { number: 80 } } },
    { udp: { destinationPort: { range: { start: 1, end: 1024 } } } },
    { destinationNamedPort: 'http' },
    { sctp: {} },
  ),
  { minLength: 1, maxLength: 2 },
)
const clusterRule = (peers: 'from' | 'to') =>
  fc.record(
    {
      action: weighted([3, 'Accept'], [3, 'Deny'], [1, 'Pass']),
      [peers]: fc.array(clusterPeer, { minLength: 1, maxLength: 2 }),
      protocols: clusterProtocols,
    },
    { requiredKeys: ['action', peers] },
  )
const clusterPolicy = (name: string, tier: 'Admin' | 'Baseline') =>
  fc
    .record({
      tier: fc.constant(tier),
      priority: fc.constantFrom(1, 2, 3),
      subject: fc.oneof(
        fc.record({ namespaces: namespaceLabels }),
        fc.record({ pods: fc.record({ namespaceSelector: namespaceLabels, podSelector: labelSelector }) }),
      ),
      ingress: fc.array(clusterRule('from'), { minLength: 1, maxLength: 2 }),
      egress: fc.array(clusterRule('to'), { minLength: 1, maxLength: 2 }),
    })
    .map((body) => document('policy.networking.k8s.io/v1alpha2', 'ClusterNetworkPolicy', { name }, body))

const profileRules = fc.array(rule(weighted([3, 'Allow'], [1, 'Deny'], [1, 'Log'])), { maxLength: 2 })
const listed = fc.subarray(['10.99.0.9/32', '10.244.1.8/30', 'fd00:99::/64', ...podNames.map((name) => podAddresses(name)[6])], {
  minLength: 2,
})

const slicePort = fc.constantFrom<Fields[]>(
  { port: 80 },
  { protocol: 'TCP', port: 8080 },
  { protocol: 'UDP', port: 53 },
  { protocol: 'SCTP', port: 3868 },
)
const endpointSlice = (name: string, family: 4 | 6) =>
  fc
    .tuple(fc.subarray(podNames.slice(), { minLength: 2 }), fc.uniqueArray(slicePort, { minLength: 1, maxLength: 3 }), fc.boolean())
    .map(([names, ports, ready]): Document => {
      const metadata = { name, namespace: 'shop', labels: { 'kubernetes.io/service-name': 'servers' } }
      const endpoints = names.map((pod) => ({ addresses: [podAddresses(pod)[family]], conditions: { ready } }))
      const content = { addressType: `IPv${family}`, endpoints, ports }
      return { ...document('discovery.k8s.io/v1', 'EndpointSlice', metadata, {}), ...content }
    })

const others: readonly fc.Arbitrary<Document>[] = [
  fc
    .record({ order: fc.constantFrom(1, 2_000_000), defaultAction: weighted([1, 'Deny'], [2, 'Pass']) })
    .map((body) => document(calico, 'Tier', { name: 'first' }, body)),
  fc.record({ ingress: profileRules, egress: profileRules }).map((body) => document(calico, 'Profile', { name: 'custom' }, body)),
  listed.map((list) => document(calico, 'GlobalNetworkSet', { name: 'listed', labels: { kind: 'listed' } }, { nets: list })),
  listed.map((list) => document(calico, 'NetworkSet', { name: 'listed', namespace: 'shop', labels: { kind: 'listed' } }, { nets: list })),
  endpointSlice('servers-4', 4),
  endpointSlice('servers-6', 6),
]

/** The resources of one round, each of another name. Tiers, profiles and sets are always there. */
export const round: fc.Arbitrary<readonly Document[]> = fc
  .tuple(
    fc.tuple(...others),
    fc.subarray([networkPolicy('np-a'), networkPolicy('np-b'), networkPolicy('np-c')], { minLength: 1 }).chain((some) => fc.tuple(...some)),
    fc
      .subarray([globalPolicy('gnp-a'), globalPolicy('gnp-b'), globalPolicy('gnp-c'), globalPolicy('gnp-d')], { minLength: 1 })
      .chain((some) => fc.tuple(...some)),
    fc.subarray([kubernetesPolicy('knp-a'), kubernetesPolicy('knp-b')]).chain((some) => fc.tuple(...some)),
    fc
      .subarray([clusterPolicy('admin', 'Admin'), clusterPolicy('baseline', 'Baseline')], { minLength: 1 })
      .chain((some) => fc.tuple(...some)),
    globalPolicy('gnp-a', 'StagedGlobalNetworkPolicy', { stagedAction: 'Set' }),
  )
  .map(([fixed, ...policies]) => [...fixed, ...policies.flat()])

function document(apiVersion: string, kind: string, metadata: Document['metadata'], body: Fields): Document {
  return { apiVersion, kind, metadata, spec: body }
}
