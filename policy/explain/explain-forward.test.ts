/** What host endpoints say to forwarded traffic, explained; packets through all chains of the same graph agree (resource reference §6.3). */
import fc from 'fast-check'
import t from 'tap'
import type { Resource } from '../../src/model/resource.ts'
import type { PolicyRule } from '../../src/model/rule-shape.ts'
import type { IpAddress } from '../../src/net/address.ts'
import type { Packet } from '../chain-walk.ts'
import { PolicyGraph } from '../graph.ts'
import { arrives } from '../host/packet-path.fixture.ts'
import { endpoint, globalPolicy, hostEndpoint, tier } from '../test-resources.ts'
import { stepsOf } from './explanation.ts'
import type { Flow } from './flow.ts'

const own = '192.0.2.1' as IpAddress
/** Where each address is: behind an interface of the node, or the node itself. */
const interfaces: ReadonlyMap<string, string> = new Map([
  ['10.0.0.1', 'torta'],
  ['10.0.0.2', 'tortb'],
  ['198.51.100.7', 'eth0'],
  ['203.0.113.7', 'eth1'],
  [own, ''],
])
const places: Readonly<Record<string, IpAddress>> = Object.fromEntries(
  [...interfaces].map(([address, name]) => [name === '' ? 'host' : name, address as IpAddress]),
)
const pods = [
  endpoint('a', { interfaceName: 'torta', ipNetworks: ['10.0.0.1/32'] }, { pod: 'a' }),
  endpoint('b', { interfaceName: 'tortb', ipNetworks: ['10.0.0.2/32'] }, { pod: 'b' }),
]

/** "eth0 > torta 80", "torta > host 22", with "from 179" behind it for a source port. */
function flowOf(text: string): Flow {
  const [, from = '', to = '', port, sourcePort = '40000'] = /^(\S+) > (\S+) (\d+)(?: from (\d+))?$/.exec(text) ?? []
  const [source, destination] = [places[from] ?? own, places[to] ?? own]
  return { source, destination, protocol: 6, sourcePort: Number(sourcePort), destinationPort: Number(port) }
}

function graphOf(resources: readonly Resource[]): PolicyGraph {
  const graph = new PolicyGraph({ nodeName: 'n1', interfacePrefix: 'tort', ipv6: true })
  graph.setAddresses(new Map([['eth0', new Set([own])]]))
  for (const resource of [...pods, ...resources]) graph.put(resource)
  return graph
}

function isDropped(graph: PolicyGraph, flow: Flow): boolean {
  const at = (address: string) => interfaces.get(address) ?? ''
  const packet: Packet = { ...flow, inInterface: at(flow.source), outInterface: at(flow.destination), state: 'NEW', mark: 0 }
  return arrives(graph.compile(), packet).verdict === 'drop'
}

const explain = (graph: PolicyGraph, flow: Flow) =>
  graph.explain(flow, { nodeAddresses: [own], interfaceTo: (address) => interfaces.get(address) })

function explained(graph: PolicyGraph, flow: Flow): readonly string[] {
  const explanation = explain(graph, flow)
  return [
    ...stepsOf(explanation).map(({ direction, subject, rule, outcome }) => `${direction} ${subject} ${rule ?? '-'}: ${outcome}`),
    explanation.verdict,
  ]
}

const eth0 = hostEndpoint('eth0')
const wildcard = hostEndpoint('all', { interfaceName: '*' })
const toPort = (action: PolicyRule['action'], ...ports: number[]): PolicyRule => ({ action, protocol: 'TCP', destination: { ports } })
const forward = { selector: 'has(host)', applyOnForward: true }
const podIn = 'ingress Profile kns.shop 0: Allow'
const podOut = 'egress Profile kns.shop 0: Allow'

const table: [title: string, resources: readonly Resource[], flow: string, expected: readonly string[]][] = [
  [
    'without applyOnForward the host endpoint is not asked',
    [eth0, globalPolicy('p', { selector: 'has(host)', ingress: [{ action: 'Deny' }] })],
    'eth0 > torta 80',
    [podIn, 'Allow'],
  ],
  [
    'where it comes in: before the workload',
    [eth0, globalPolicy('p', { ...forward, ingress: [toPort('Allow', 80)] })],
    'eth0 > torta 80',
    ['ingress GlobalNetworkPolicy p 0: Allow', podIn, 'Allow'],
  ],
  [
    'no rule of the tier: denied, and the workload is not reached',
    [eth0, globalPolicy('p', { ...forward, ingress: [toPort('Allow', 80)] })],
    'eth0 > torta 81',
    ['ingress GlobalNetworkPolicy p 0: no match', 'ingress GlobalNetworkPolicy p -: no match', 'ingress Tier default -: Deny', 'Deny'],
  ],
  [
    'where it leaves: after the workload',
    [eth0, globalPolicy('p', { ...forward, egress: [toPort('Deny', 80)] })],
    'torta > eth0 80',
    [podOut, 'egress GlobalNetworkPolicy p 0: Deny', 'Deny'],
  ],
  [
    'another interface is not governed by it',
    [eth0, globalPolicy('p', { ...forward, egress: [{ action: 'Deny' }] })],
    'torta > eth1 80',
    [podOut, 'Allow'],
  ],
  [
    'passed by every tier: left alone, profiles are not asked',
    [eth0, tier('soft', { defaultAction: 'Pass' }), globalPolicy('p', { ...forward, tier: 'soft', ingress: [toPort('Deny', 81)] })],
    'eth0 > torta 80',
    [
      'ingress GlobalNetworkPolicy p 0: no match',
      'ingress GlobalNetworkPolicy p -: no match',
      'ingress Tier soft -: Pass',
      'ingress HostEndpoint eth0 -: Allow',
      podIn,
      'Allow',
    ],
  ],
  [
    'failsafe ports are open before DNAT, not in forwarding',
    [
      eth0,
      globalPolicy('early', { ...forward, preDNAT: true, ingress: [{ action: 'Deny' }] }),
      globalPolicy('p', { ...forward, ingress: [toPort('Allow', 80)] }),
    ],
    'eth0 > torta 22',
    [
      'ingress FelixConfiguration failsafeInboundHostPorts -: Pass',
      'ingress GlobalNetworkPolicy p 0: no match',
      'ingress GlobalNetworkPolicy p -: no match',
      'ingress Tier default -: Deny',
      'Deny',
    ],
  ],
  [
    'what may answer a failsafe port is not asked about before conntrack',
    [eth0, globalPolicy('raw', { ...forward, doNotTrack: true, ingress: [{ action: 'Deny' }] })],
    'eth0 > torta 80 from 179',
    ['ingress HostEndpoint eth0 -: Allow', podIn, 'Allow'],
  ],
  [
    'what is allowed before conntrack is not asked about in forwarding; the workload is',
    [
      eth0,
      globalPolicy('raw', { ...forward, doNotTrack: true, ingress: [toPort('Allow', 80)] }),
      globalPolicy('p', { ...forward, ingress: [{ action: 'Deny' }] }),
      globalPolicy('pod', { selector: "pod == 'a'", ingress: [{ action: 'Deny' }] }),
    ],
    'eth0 > torta 80',
    ['ingress GlobalNetworkPolicy raw 0: Allow', 'ingress GlobalNetworkPolicy pod 0: Deny', 'Deny'],
  ],
  [
    'the wildcard is asked at the interfaces of workloads, on both sides',
    [wildcard, globalPolicy('p', { ...forward, ingress: [toPort('Allow', 80)], egress: [toPort('Allow', 80)] })],
    'torta > tortb 80',
    ['ingress GlobalNetworkPolicy p 0: Allow', podOut, podIn, 'egress GlobalNetworkPolicy p 0: Allow', 'Allow'],
  ],
  [
    'before DNAT also for what a workload sends to its host',
    [wildcard, globalPolicy('early', { ...forward, preDNAT: true, ingress: [toPort('Deny', 80)] })],
    'torta > host 80',
    ['ingress GlobalNetworkPolicy early 0: Deny', 'Deny'],
  ],
]
for (const [title, resources, flow, expected] of table)
  t.test(`§6.3 forwarding explained, and the chains agree: ${title}`, async (t) => {
    const graph = graphOf(resources)
    t.strictSame(explained(graph, flowOf(flow)), expected)
    t.equal(isDropped(graph, flowOf(flow)), expected.at(-1) === 'Deny')
  })

t.test('where the interface is not known no host endpoint is asked', async (t) => {
  const graph = graphOf([eth0, globalPolicy('p', { ...forward, ingress: [{ action: 'Deny' }] })])
  t.equal(graph.explain(flowOf('eth0 > torta 80'), { nodeAddresses: [own] }).verdict, 'Allow')
})

const action = fc.constantFrom('Allow', 'Deny', 'Pass')
const rule: fc.Arbitrary<PolicyRule> = fc
  .record({ action, port: fc.option(fc.constantFrom(22, 80, 81, 179)) })
  .map(({ action: chosen, port }) => {
    return port === null ? { action: chosen } : toPort(chosen, port)
  })
const rules = fc.array(rule, { maxLength: 2 })
const stage = fc.constantFrom(
  {},
  { applyOnForward: true },
  { applyOnForward: true, doNotTrack: true },
  { applyOnForward: true, preDNAT: true },
)
const policy = fc
  .record({
    stage,
    ingress: fc.option(rules, { nil: undefined }),
    egress: fc.option(rules, { nil: undefined }),
    selector: fc.constantFrom('has(host)', "host == 'eth0'", "host == 'all'", 'has(pod)', "pod == 'a'"),
    tier: fc.constantFrom('default', 'soft'),
    order: fc.nat(3),
  })
  .map(({ stage: flags, ingress, egress, selector, tier: name, order }) => ({
    ...flags,
    selector,
    tier: name,
    order,
    ...(ingress !== undefined && { ingress }),
    ...(egress !== undefined && !('preDNAT' in flags) && { egress }),
  }))
const hosts = fc.subarray([eth0, hostEndpoint('eth1'), wildcard], { minLength: 1 })
const flow = fc
  .tuple(
    fc.constantFrom('eth0', 'eth1', 'torta', 'tortb'),
    fc.constantFrom('eth0', 'eth1', 'torta', 'tortb'),
    fc.constantFrom(22, 80, 81, 179),
    fc.constantFrom('', ' from 179'),
  )
  .filter(([from, to]) => from !== to && (from.startsWith('tort') || to.startsWith('tort')))
  .map(([from, to, port, more]) => `${from} > ${to} ${port}${more}`)

t.test('§6.3 whatever is forwarded: explanation and chains agree', async (t) => {
  const counts = { Allow: 0, Deny: 0, hosts: 0 }
  fc.assert(
    fc.property(hosts, fc.array(policy, { maxLength: 5 }), fc.array(flow, { minLength: 3, maxLength: 6 }), (endpoints, policies, flows) => {
      const graph = graphOf([
        ...endpoints,
        tier('soft', { order: 1, defaultAction: 'Pass' }),
        ...policies.map((spec, i) => globalPolicy(`p${i}`, spec)),
      ])
      for (const one of flows.map(flowOf)) {
        const { verdict, ends } = explain(graph, one)
        counts[verdict] += 1
        counts.hosts += ends.some(({ endpoint: { kind }, verdict: said }) => kind === 'HostEndpoint' && said === 'Deny') ? 1 : 0
        if (isDropped(graph, one) !== (verdict === 'Deny')) return false
      }
      return true
    }),
    { numRuns: 300 },
  )
  t.ok(counts.Allow > 50 && counts.Deny > 50 && counts.hosts > 20, JSON.stringify(counts))
})
