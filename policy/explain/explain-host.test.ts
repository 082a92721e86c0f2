import t from 'tap'
import type { Resource } from '../../src/model/resource.ts'
import type { IpAddress } from '../../src/net/address.ts'
import type { Packet } from '../chain-walk.ts'
import { PolicyGraph } from '../graph.ts'
import { arrives, leaves } from '../host/packet-path.fixture.ts'
import { endpoint, globalPolicy, hostEndpoint, profile } from '../test-resources.ts'
import { stepsOf } from './explanation.ts'
import type { Flow } from './flow.ts'

const own = '192.0.2.1' as IpAddress
const away = '198.51.100.7' as IpAddress
const pod = endpoint('pod', { interfaceName: 'tortpod', ipNetworks: ['10.0.0.1/32'] })

/** "in 80": a connection to that port of the host; "out 80": one that the host opens; "6: …": over IPv6. */
function flowOf(text: string): Flow {
  const [way, port] = text.split(' ')
  const ports = { protocol: 6, sourcePort: 40_000, destinationPort: Number(port) }
  return way === 'in' ? { source: away, destination: own, ...ports } : { source: own, destination: away, ...ports }
}

function graphOf(resources: readonly Resource[]): PolicyGraph {
  const graph = new PolicyGraph({ nodeName: 'n1', interfacePrefix: 'tort', ipv6: true })
  graph.setAddresses(new Map([['eth0', new Set([own])]]))
  for (const resource of [pod, ...resources]) graph.put(resource)
  return graph
}

/** Whether the chains drop it on its way between eth0 and the host. */
function isDropped(resources: readonly Resource[], flow: Flow): boolean {
  const [inInterface, outInterface] = flow.destination === own ? ['eth0', ''] : ['', 'eth0']
  const packet: Packet = { ...flow, inInterface, outInterface, state: 'NEW', mark: 0 }
  const ruleset = graphOf(resources).compile()
  return (inInterface === '' ? leaves(ruleset, packet) : arrives(ruleset, packet)).verdict === 'drop'
}

function explained(resources: readonly Resource[], flow: Flow): readonly string[] {
  const explanation = graphOf(resources).explain(flow, { nodeAddresses: [own] })
  return [
    ...stepsOf(explanation).map(({ direction, subject, rule, outcome }) => `${direction} ${subject} ${rule ?? '-'}: ${outcome}`),
    explanation.verdict,
  ]
}

const eth0 = hostEndpoint('eth0', { interfaceName: 'eth0' })
const toPort = (action: 'Allow' | 'Deny', port: number) => ({ action, protocol: 'TCP', destination: { ports: [port] } })

const table: [title: string, resources: readonly Resource[], flow: string, expected: readonly string[]][] = [
  ['no host endpoint: nobody is asked', [], 'in 80', ['Allow']],
  ['one of another node is none here', [hostEndpoint('eth0', { interfaceName: 'eth0', node: 'n2' })], 'in 80', ['Allow']],
  ['without a policy or profile it denies', [eth0], 'in 80', ['ingress HostEndpoint eth0 -: Deny', 'Deny']],
  ['also what the host sends', [eth0], 'out 80', ['egress HostEndpoint eth0 -: Deny', 'Deny']],
  ['failsafe ports are open', [eth0], 'in 22', ['ingress FelixConfiguration failsafeInboundHostPorts -: Allow', 'Allow']],
  ['each direction has its own', [eth0], 'out 53', ['egress HostEndpoint eth0 -: Deny', 'Deny']],
  [
    'the wildcard governs what no other one does',
    [hostEndpoint('all', { interfaceName: '*' })],
    'out 179',
    ['egress FelixConfiguration failsafeOutboundHostPorts -: Allow', 'Allow'],
  ],
  [
    'its policies, then the end of the tier',
    [eth0, globalPolicy('p', { ingress: [toPort('Allow', 80)] })],
    'in 81',
    ['ingress GlobalNetworkPolicy p 0: no match', 'ingress GlobalNetworkPolicy p -: no match', 'ingress Tier default -: Deny', 'Deny'],
  ],
  [
    'then its profiles',
    [hostEndpoint('eth0', { interfaceName: 'eth0', profiles: ['open'] }), profile('open', { ingress: [{ action: 'Allow' }] })],
    'in 80',
    ['ingress Profile open 0: Allow', 'Allow'],
  ],
  [
    'untracked policies come first, and what they allow nobody else is asked about',
    [
      eth0,
      globalPolicy('raw', { doNotTrack: true, applyOnForward: true, ingress: [toPort('Allow', 80)] }),
      globalPolicy('p', { ingress: [{ action: 'Deny' }] }),
    ],
    'in 80',
    ['ingress GlobalNetworkPolicy raw 0: Allow', 'Allow'],
  ],
  [
    'those before DNAT deny only by a rule: their tier has no end there',
    [
      eth0,
      globalPolicy('early', { preDNAT: true, applyOnForward: true, ingress: [toPort('Deny', 81)] }),
      globalPolicy('p', { ingress: [{ action: 'Allow' }] }),
    ],
    'in 80',
    [
      'ingress GlobalNetworkPolicy early 0: no match',
      'ingress GlobalNetworkPolicy early -: no match',
      'ingress GlobalNetworkPolicy p 0: Allow',
      'Allow',
    ],
  ],
]
for (const [title, resources, flow, expected] of table)
  t.test(`§6.5 host endpoints explained, and the chains agree: ${title}`, async (t) => {
    t.strictSame(explained(resources, flowOf(flow)), expected)
    t.equal(isDropped(resources, flowOf(flow)), expected.at(-1) === 'Deny')
  })

const stages: [title: string, flags: Readonly<Record<string, boolean>>, outcome: string, action: string][] = [
  ['in the filter table', {}, 'Reject', 'reject'],
  ['before DNAT', { preDNAT: true, applyOnForward: true }, 'Deny', 'drop'],
  ['untracked', { doNotTrack: true, applyOnForward: true }, 'Deny', 'drop'],
]
for (const [title, flags, outcome, action] of stages)
  t.test(`a rule that rejects, ${title}: explained as ${outcome}, as the chain does`, async (t) => {
    const resources = [eth0, globalPolicy('p', { ...flags, ingress: [{ action: 'Reject' }] })]
    t.strictSame(explained(resources, flowOf('in 80')), [`ingress GlobalNetworkPolicy p 0: ${outcome}`, 'Deny'])
    const chains = graphOf(resources)
      .compile()
      .chains.filter(({ name, family }) => name === 'tort-pi-gnp/p' && family === 4)
    t.strictSame(
      chains.map(({ rules }) => rules.map((rule) => rule.action.type)),
      [[action]],
    )
  })

t.test('§6.5 between the node and its own workloads no host endpoint is asked', async (t) => {
  const flow: Flow = { source: own, destination: '10.0.0.1' as IpAddress, protocol: 6, sourcePort: 1, destinationPort: 80 }
  t.strictSame(explained([eth0], flow), ['ingress Node n1 -: Allow', 'Allow'])
  const back: Flow = { ...flow, source: flow.destination, destination: own }
  t.strictSame(explained([eth0], back).slice(-2), ['egress FelixConfiguration defaultEndpointToHostAction -: Deny', 'Deny'])
})

const tunnels: [title: string, packet: Partial<Flow>, subject: string][] = [
  ['IP-in-IP', { protocol: 4 }, 'FelixConfiguration allowIPIPPacketsFromWorkloads'],
  ['VXLAN', { protocol: 17, destinationPort: 4789 }, 'FelixConfiguration allowVXLANPacketsFromWorkloads'],
]
for (const [title, packet, subject] of tunnels) {
  t.test(`${title} that a workload makes is denied before any policy, unless it is allowed`, async (t) => {
    const flow = { source: '10.0.0.1' as IpAddress, destination: away, protocol: 6, ...packet }
    t.strictSame(explained([], flow), [`egress ${subject} -: Deny`, 'Deny'])
    const graph = new PolicyGraph({ nodeName: 'n1', interfacePrefix: 'tort', ipv6: true })
    graph.allowTunnels({ ipip: true, vxlan: true, vxlanPort: 4789 })
    graph.put(pod)
    t.equal(graph.explain(flow).verdict, 'Allow')
  })
}
