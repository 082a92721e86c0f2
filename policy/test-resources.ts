/** Short ways to write resources, and random ones, for the tests of this folder. */
import fc from 'fast-check'
import type { HostEndpointSpec } from '../src/model/host-endpoint.ts'
import type { KubernetesNetworkPolicySpec } from '../src/model/kubernetes-network-policy.ts'
import type { GlobalPolicySpec, PolicySpec } from '../src/model/policy-rule.ts'
import type { Resource } from '../src/model/resource.ts'
import type { PolicyRule } from '../src/model/rule-shape.ts'
import type { WorkloadEndpoint, WorkloadEndpointSpec } from '../src/model/workload-endpoint.ts'
import type { IpAddress } from '../src/net/address.ts'
import type { Flow } from './explain/flow.ts'
import { slice } from './test-slices.ts'

type LabelRecord = Readonly<Record<string, string>>

export const calico = 'projectcalico.org/v3'

export function endpoint(
  name: string,
  spec: Partial<WorkloadEndpointSpec>,
  labels: LabelRecord = {},
  namespace = 'shop',
): WorkloadEndpoint {
  return { apiVersion: calico, kind: 'WorkloadEndpoint', metadata: { name, namespace, labels }, spec: { node: 'n1', ...spec } }
}

/** @param name of the HostEndpoint and, unless `spec` says otherwise, of its interface */
export function hostEndpoint(name: string, spec: Partial<HostEndpointSpec> = {}, labels: LabelRecord = { host: name }): Resource {
  const found = spec.expectedIPs === undefined || spec.interfaceName !== undefined ? { interfaceName: name } : {}
  return { apiVersion: calico, kind: 'HostEndpoint', metadata: { name, labels }, spec: { node: 'n1', ...found, ...spec } }
}

export function networkPolicy(name: string, spec: Partial<PolicySpec>, namespace = 'shop'): Resource {
  return { apiVersion: calico, kind: 'NetworkPolicy', metadata: { name, namespace }, spec: withDefaults(spec) }
}

export function globalPolicy(name: string, spec: Partial<GlobalPolicySpec>): Resource {
  return { apiVersion: calico, kind: 'GlobalNetworkPolicy', metadata: { name }, spec: withDefaults(spec) }
}

type K8sDraft = Omit<KubernetesNetworkPolicySpec, 'policyTypes'> & Partial<Pick<KubernetesNetworkPolicySpec, 'policyTypes'>>

export function k8sPolicy(name: string, draft: K8sDraft, namespace = 'shop'): Resource {
  const spec: KubernetesNetworkPolicySpec = { policyTypes: ['Ingress'], ...draft }
  return { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name, namespace }, spec }
}

export function networkSet(name: string, nets: readonly string[], labels: LabelRecord, namespace?: string): Resource {
  const kind = namespace === undefined ? 'GlobalNetworkSet' : 'NetworkSet'
  return { apiVersion: calico, kind, metadata: { name, labels, ...(namespace !== undefined && { namespace }) }, spec: { nets } }
}

export function namespace(name: string, labels: LabelRecord): Resource {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels }, spec: {} }
}

export function serviceAccount(name: string, labels: LabelRecord, inNamespace = 'shop'): Resource {
  return { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace: inNamespace, labels }, spec: {} }
}

export function tier(name: string, spec: { readonly order?: number; readonly defaultAction?: 'Deny' | 'Pass' }): Resource {
  return { apiVersion: calico, kind: 'Tier', metadata: { name }, spec }
}

export function profile(
  name: string,
  spec: { readonly ingress?: readonly PolicyRule[]; readonly egress?: readonly PolicyRule[]; readonly labelsToApply?: LabelRecord },
): Resource {
  return { apiVersion: calico, kind: 'Profile', metadata: { name }, spec }
}

function withDefaults(spec: Partial<GlobalPolicySpec>): GlobalPolicySpec {
  const types = spec.types ?? (spec.egress === undefined ? ['Ingress'] : spec.ingress === undefined ? ['Egress'] : ['Ingress', 'Egress'])
  return { tier: 'default', ...spec, types }
}

/** A small world, so that random rules and random packets meet: two namespaces, six endpoints of which four are local. */
const namespaces = ['shop', 'bank']
const label = fc.constantFrom('x', 'y')
const labels = fc.record({ a: label, b: label }, { requiredKeys: [] }) as fc.Arbitrary<LabelRecord>
/** Some of an endpoint's own labels are also inherited: its own must win, but for those that say whose it is. */
const ownLabels = fc.record(
  {
    a: label,
    b: label,
    'pcns.a': label,
    applied: label,
    'pcns.projectcalico.org/name': fc.constant('bank'),
    'projectcalico.org/serviceaccount': fc.constant('robot'),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<LabelRecord>
const portSpec = fc.constantFrom<(number | string)[]>(80, 443, '8000:8010', 'http', 'dns', '79:81')
const portNumber = fc.constantFrom(80, 81, 443, 8005, 53)
const v4Net = fc.constantFrom('10.0.0.1/32', '10.0.0.0/30', '10.0.0.4/32', '192.0.2.0/24', '0.0.0.0/0', '10.0.0.2/32')
const v6Net = fc.constantFrom('fd00::1/128', 'fd00::/126', 'fd00::4/128', '2001:db8::/32', '::/0')
const manyPorts = fc.constant([...Array(20).keys()].map((i) => 80 + 2 * i))

const selectorText = fc.constantFrom(
  '',
  'all()',
  "a == 'x'",
  "a != 'x'",
  "b in {'x','y'}",
  '!has(a)',
  "has(b) && a == 'y'",
  "a == 'x' || b == 'y'",
  "projectcalico.org/namespace == 'bank'",
  "applied == 'yes'",
)
const namespaceSelectorText = fc.constantFrom('', 'all()', "a == 'x'", "a != 'x'", "projectcalico.org/name == 'bank'")

const endpoints = fc.tuple(...[1, 2, 3, 4, 5, 6].map(anyEndpoint))

function anyEndpoint(number: number): fc.Arbitrary<WorkloadEndpoint> {
  const ports = fc.subarray([
    { name: 'http', protocol: 'TCP', port: 80 },
    { name: 'http', protocol: 'TCP', port: 8005 },
    { name: 'dns', protocol: 'UDP', port: 53 },
  ])
  const profiles = fc.constantFrom(undefined, undefined, undefined, [], ['custom'], ['custom', 'kns.shop'], ['missing'])
  const serviceAccountName = fc.constantFrom(undefined, 'robot')
  return fc
    .tuple(fc.constantFrom(...namespaces), ownLabels, ports, profiles, serviceAccountName)
    .map(([where, own, named, listed, account]) =>
      endpoint(
        `e${number}`,
        {
          node: number <= 4 ? 'n1' : 'n2',
          interfaceName: `tort${number}`,
          ipNetworks: [`10.0.0.${number}/32`, `fd00::${number}/128`],
          ports: named,
          ...(listed !== undefined && { profiles: listed }),
          ...(account !== undefined && { serviceAccountName: account }),
        },
        own,
        where,
      ),
    )
}

const anyEntity = fc.record(
  {
    nets: fc.oneof(fc.uniqueArray(v4Net, { maxLength: 3 }), fc.uniqueArray(v6Net, { maxLength: 3 })),
    notNets: fc.oneof(fc.subarray(['10.0.0.1/32', '10.0.0.2/32']), fc.subarray(['fd00::1/128', 'fd00::2/128'])),
    selector: selectorText,
    notSelector: selectorText,
    namespaceSelector: fc.oneof(namespaceSelectorText, fc.constant('global()')),
    serviceAccounts: fc.record({ names: fc.subarray(['robot', 'other']), selector: namespaceSelectorText }, { requiredKeys: [] }),
  },
  { requiredKeys: [] },
)
/** One field at a time more often than all at once: a rule that demands much matches nothing. */
const entity = fc.oneof(
  { weight: 2, arbitrary: fc.constant({}) },
  { weight: 2, arbitrary: fewFields() },
  { weight: 1, arbitrary: anyEntity },
  {
    weight: 1,
    arbitrary: fc.constantFrom('one', 'two', 'gone').chain((name) => fc.constantFrom(...namespaces).map((at) => service(name, at))),
  },
)

function service(name: string, at: string) {
  return { services: { name, namespace: at } }
}

function fewFields() {
  return fc
    .tuple(anyEntity, fc.nat(5))
    .map(([whole, pick]) => Object.fromEntries(Object.entries(whole).filter((_, i) => i % 6 === pick % 6)))
}

const icmp = fc.record({ type: fc.constantFrom(8, 128, 3), code: fc.constantFrom(0, 1) }, { requiredKeys: ['type'] })
const conditions = fc.oneof(
  { weight: 8, arbitrary: fc.constant({}) },
  fc.record({ protocol: fc.constantFrom<(string | number)[]>('TCP', 'UDP', 17, 'SCTP', 'ICMP', 'ICMPv6', 'UDPLite', 47) }),
  fc.record({ notProtocol: fc.constantFrom<(string | number)[]>('TCP', 'udp', 'ICMP') }),
  fc.record({ protocol: fc.constantFrom('ICMP', 'ICMPv6'), icmp, notICMP: icmp }, { requiredKeys: ['protocol'] }),
  fc.record({ protocol: fc.constantFrom('TCP', 'UDP'), notProtocol: fc.constantFrom('TCP', 'SCTP') }),
  fc.record({ ipVersion: fc.constantFrom(4 as const, 6 as const) }),
)
const numbered = fc.oneof(fc.array(portSpec, { minLength: 1, maxLength: 4 }), manyPorts)
const named = fc.subarray(['http', 'dns'], { minLength: 1 })

function withPorts(rule: PolicyRule): fc.Arbitrary<PolicyRule> {
  const ports = ['TCP', 'UDP', 'SCTP', 17].includes(rule.protocol ?? '') ? numbered : rule.protocol === undefined ? named : undefined
  if (ports === undefined) return fc.constant(rule)
  const fields = fc.record({ ports, notPorts: ports }, { requiredKeys: [] })
  const few = fc.oneof({ weight: 2, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: fields })
  return fc.tuple(few, few).map(([source, destination]) => ({
    ...rule,
    source: { ...rule.source, ...source },
    destination: { ...rule.destination, ...(rule.destination?.services === undefined && destination) },
  }))
}

const action = fc.constantFrom('Allow' as const, 'Allow' as const, 'Deny' as const, 'Pass' as const, 'Log' as const)
const rule: fc.Arbitrary<PolicyRule> = fc
  .tuple(action, conditions, entity, entity)
  .map(([type, condition, source, destination]) => ({ action: type, ...condition, source, destination }) as PolicyRule)
  .chain(withPorts)
const rules = fc.array(rule, { minLength: 1, maxLength: 4 })
/** Pass in a profile is refused (§6.6). */
const profileRules = rules.map((list) => list.filter((one) => one.action !== 'Pass'))

const subject = fc.oneof({ weight: 2, arbitrary: fc.constant('all()') }, { weight: 1, arbitrary: selectorText })
const policySpec = fc.record(
  {
    tier: fc.constantFrom('default', 'default', 'default', 'first', 'gone'),
    order: fc.constantFrom(1, 5, 1000),
    selector: subject,
    serviceAccountSelector: namespaceSelectorText,
    types: fc.subarray(['Ingress' as const, 'Egress' as const], { minLength: 1 }),
    ingress: rules,
    egress: rules,
  },
  { requiredKeys: ['tier', 'types', 'ingress', 'egress'] },
) as fc.Arbitrary<PolicySpec>

const calicoPolicy = fc.oneof(
  fc
    .tuple(policySpec, fc.constantFrom('p1', 'p2', 'p3'), fc.constantFrom(...namespaces))
    .map(([spec, name, where]) => networkPolicy(name, spec, where)),
  fc
    .tuple(policySpec, fc.constantFrom('p1', 'p2', 'p3'), fc.option(namespaceSelectorText, { nil: undefined }))
    .map(([spec, name, selector]) => globalPolicy(name, { ...spec, ...(selector !== undefined && { namespaceSelector: selector }) })),
)

const matchExpression = fc.constantFrom(
  { key: 'a', operator: 'In' as const, values: ['x', 'z'] },
  { key: 'a', operator: 'NotIn' as const, values: ['x'] },
  { key: 'b', operator: 'Exists' as const },
  { key: 'b', operator: 'DoesNotExist' as const },
)
const labelSelector = fc.oneof(
  fc.constant({}),
  fc.record({ matchLabels: labels }),
  fc.record({ matchExpressions: fc.array(matchExpression, { maxLength: 2 }) }),
)
const k8sPeer = fc.oneof(
  fc.record({ podSelector: labelSelector }),
  fc.record({ namespaceSelector: labelSelector }),
  fc.record({ podSelector: labelSelector, namespaceSelector: labelSelector }),
  fc.constantFrom(
    { ipBlock: { cidr: '10.0.0.0/29', except: ['10.0.0.2/32', '10.0.0.4/32'] } },
    { ipBlock: { cidr: '0.0.0.0/0' } },
    { ipBlock: { cidr: 'fd00::/64' } },
  ),
)
const k8sPort = fc.constantFrom(
  {},
  { protocol: 'UDP' },
  { port: 80 },
  { port: 'http' },
  { protocol: 'UDP', port: 'dns' },
  { port: 8000, endPort: 8010 },
  { protocol: 'SCTP', port: 80 },
)
const k8sPeers = fc.array(k8sPeer, { maxLength: 2 })
const k8sPorts = fc.array(k8sPort, { maxLength: 3 })
const kubernetesPolicy = fc
  .record(
    {
      podSelector: labelSelector,
      policyTypes: fc.subarray(['Ingress' as const, 'Egress' as const], { minLength: 1 }),
      ingress: fc.array(fc.record({ from: k8sPeers, ports: k8sPorts }, { requiredKeys: [] }), { maxLength: 2 }),
      egress: fc.array(fc.record({ to: k8sPeers, ports: k8sPorts }, { requiredKeys: [] }), { maxLength: 2 }),
    },
    { requiredKeys: ['podSelector'] },
  )
  .chain((spec) => fc.constantFrom(...namespaces).map((where) => k8sPolicy('k1', spec, where)))

const others: fc.Arbitrary<Resource> = fc.oneof(
  fc.tuple(fc.constantFrom(...namespaces), labels).map(([name, own]) => namespace(name, own)),
  fc.tuple(labels, fc.constantFrom(...namespaces)).map(([own, where]) => serviceAccount('robot', own, where)),
  fc.tuple(fc.uniqueArray(fc.oneof(v4Net, v6Net), { maxLength: 3 }), labels).map(([nets, own]) => networkSet('global', nets, own)),
  fc
    .tuple(fc.uniqueArray(fc.oneof(v4Net, v6Net), { maxLength: 3 }), labels, fc.constantFrom(...namespaces))
    .map(([nets, own, where]) => networkSet('local', nets, own, where)),
  slice,
  slice,
  fc.record({ order: fc.constantFrom(1, 2_000_000), defaultAction: fc.constantFrom('Deny', 'Pass') }).map((spec) => tier('first', spec)),
  fc
    .tuple(profileRules, profileRules)
    .map(([ingress, egress]) => profile('custom', { ingress, egress, labelsToApply: { applied: 'yes' } })),
)

/** Resources of a small cluster, no two with one name. */
export const cluster: fc.Arbitrary<readonly Resource[]> = fc
  .tuple(endpoints, fc.array(fc.oneof(calicoPolicy, calicoPolicy, kubernetesPolicy), { maxLength: 8 }), fc.array(others, { maxLength: 8 }))
  .map(([pods, policies, rest]) => {
    const all = [...pods, ...policies, ...rest]
    return [...new Map(all.map((one) => [`${one.apiVersion} ${one.kind} ${one.metadata.namespace} ${one.metadata.name}`, one])).values()]
  })

const transport = fc.oneof(
  fc.record({ protocol: fc.constantFrom(6, 6, 17, 132), sourcePort: portNumber, destinationPort: portNumber }),
  fc.record({ protocol: fc.constantFrom(47, 136) }),
)
const v4Address = fc.constantFrom(...[1, 2, 3, 4, 5, 6, 7].map((i) => `10.0.0.${i}` as IpAddress), '192.0.2.9' as IpAddress)
const v6Address = fc.constantFrom(...[1, 2, 3, 4, 5, 6, 7].map((i) => `fd00::${i}` as IpAddress), '2001:db8::9' as IpAddress)

function flowOf(address: fc.Arbitrary<IpAddress>, icmpProtocol: number): fc.Arbitrary<Flow> {
  const ping = fc.record({ icmpType: fc.constantFrom(8, 128, 3), icmpCode: fc.constantFrom(0, 1) })
  const upper = fc.oneof(
    { weight: 3, arbitrary: transport },
    { weight: 1, arbitrary: ping.map((one) => ({ protocol: icmpProtocol, ...one })) },
  )
  return fc.tuple(address, address, upper).map(([source, destination, rest]) => ({ source, destination, ...rest }))
}

export const flow: fc.Arbitrary<Flow> = fc.oneof(
  { weight: 2, arbitrary: flowOf(v4Address, 1) },
  { weight: 1, arbitrary: flowOf(v6Address, 58) },
)
