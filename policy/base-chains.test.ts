/** What the fixed chains do to packets, walked through all of a compiled graph. */
import t from 'tap'
import type { TableName } from '../felix/kernel.ts'
import type { IpAddress } from '../src/net/address.ts'
import { type Packet, walk } from './chain-walk.ts'
import { PolicyGraph } from './graph.ts'
import { defaultActions, type PolicyActions } from './policy-actions.ts'
import { endpoint, globalPolicy } from './test-resources.ts'
import { noTunnels } from './workload-tunnels.ts'

function filled(actions: PolicyActions): PolicyGraph {
  const graph = new PolicyGraph({ nodeName: 'n1', interfacePrefix: 'tort', ipv6: true, actions })
  graph.put(endpoint('a', { interfaceName: 'torta', ipNetworks: ['10.0.0.1/32', 'fd00::1/128'] }))
  graph.put(endpoint('b', { interfaceName: 'tortb', ipNetworks: ['10.0.0.2/32', 'fd00::2/128'] }, { closed: 'in' }))
  graph.put(endpoint('c', { interfaceName: 'tortc', ipNetworks: ['10.0.0.3/32', 'fd00::3/128'] }, { closed: 'out' }))
  graph.put(globalPolicy('no-ingress', { selector: "closed == 'in'", types: ['Ingress'] }))
  graph.put(globalPolicy('no-egress', { selector: "closed == 'out'", types: ['Egress'] }))
  return graph
}

const graph = filled(defaultActions)
const ruleset = graph.compile()

const v4 = {
  source: '10.0.0.1' as IpAddress,
  destination: '10.0.0.2' as IpAddress,
  protocol: 6,
  sourcePort: 1000,
  destinationPort: 80,
  state: 'NEW' as const,
  mark: 0,
}
const v6 = { ...v4, source: 'fe80::1' as IpAddress, destination: 'ff02::1' as IpAddress, protocol: 58, icmpCode: 0 }
const addresses: Readonly<Record<string, string>> = { torta: '10.0.0.1', tortb: '10.0.0.2', tortc: '10.0.0.3', calib: '10.0.0.2' }
const between = (inInterface: string, outInterface: string) => {
  return { ...v4, inInterface, outInterface, source: (addresses[inInterface] ?? '192.0.2.9') as IpAddress }
}
const toHost = { ...v4, inInterface: 'torta', outInterface: '' }

type Row = readonly [title: string, where: readonly [TableName, string], packet: Packet, expected: 'accept' | 'drop' | 'end']
const forward = ['filter', 'FORWARD'] as const
const input = ['filter', 'INPUT'] as const
const output = ['filter', 'OUTPUT'] as const
const raw = ['raw', 'PREROUTING'] as const

const table: readonly Row[] = [
  ['an open workload reaches the world', forward, between('torta', 'eth0'), 'accept'],
  ['the world reaches an open workload', forward, between('eth0', 'torta'), 'accept'],
  ['a sender that may does not get past a receiver that may not', forward, between('torta', 'tortb'), 'drop'],
  ['a receiver that may does not help a sender that may not', forward, between('tortc', 'torta'), 'drop'],
  ['a sender that may and a receiver that may', forward, between('tortb', 'torta'), 'accept'],
  ['replies pass both ends', forward, { ...between('torta', 'tortb'), state: 'ESTABLISHED' }, 'accept'],
  ['errors about a connection pass too', forward, { ...between('tortc', 'eth0'), state: 'RELATED' }, 'accept'],
  ['packets that belong to nothing are dropped', forward, { ...between('torta', 'eth0'), state: 'INVALID' }, 'drop'],
  ['an unknown interface with our prefix cannot send', forward, between('tortx', 'eth0'), 'drop'],
  ['nor with a connection from before', forward, { ...between('tortx', 'eth0'), state: 'ESTABLISHED' }, 'drop'],
  ['an unknown interface with our prefix gets nothing', forward, between('eth0', 'tortx'), 'drop'],
  ['what does not concern workloads is left to others', forward, between('eth0', 'eth1'), 'end'],
  ['a mark from elsewhere is no permission', forward, { ...between('eth0', 'eth1'), mark: 0xffff_ffff }, 'end'],
  ['nor past a policy', forward, { ...between('eth0', 'tortb'), mark: 0xffff_ffff }, 'drop'],
  ['a workload makes no VXLAN of its own', forward, { ...between('torta', 'eth0'), protocol: 17, destinationPort: 4789 }, 'drop'],
  ['and no IP-in-IP', forward, { ...between('torta', 'eth0'), protocol: 4 }, 'drop'],
  ['in IPv6 neither', forward, { ...v6, inInterface: 'torta', outInterface: 'eth0', protocol: 4 }, 'drop'],
  ['also not where it has begun', forward, { ...between('torta', 'eth0'), protocol: 4, state: 'ESTABLISHED' }, 'drop'],
  ['and not to its host', input, { ...toHost, protocol: 4, state: 'ESTABLISHED' }, 'drop'],
  ['a tunnel through this node that no workload made is left to others', forward, { ...between('eth0', 'eth1'), protocol: 4 }, 'end'],
  ['a workload may answer from the port of VXLAN', forward, { ...between('torta', 'eth0'), protocol: 17, sourcePort: 4789 }, 'accept'],
  ['a workload does not reach its host, open as it may be', input, toHost, 'drop'],
  ['but answers it', input, { ...toHost, state: 'ESTABLISHED' }, 'accept'],
  ['DHCP reaches the host', input, { ...toHost, protocol: 17, sourcePort: 68, destinationPort: 67 }, 'accept'],
  ['neighbour solicitation reaches the host', input, { ...v6, inInterface: 'torta', outInterface: '', icmpType: 135 }, 'accept'],
  ['a router advertisement of a workload does not', input, { ...v6, inInterface: 'torta', outInterface: '', icmpType: 134 }, 'drop'],
  ['nor an echo request', input, { ...v6, inInterface: 'torta', outInterface: '', icmpType: 128 }, 'drop'],
  ['an unknown interface does not reach the host', input, { ...toHost, inInterface: 'tortx' }, 'drop'],
  ['others reach the host as before', input, { ...toHost, inInterface: 'eth0' }, 'end'],
  ['§6.2.1 rule 9: the host reaches a workload that lets nobody in', output, { ...v4, inInterface: '', outInterface: 'tortb' }, 'accept'],
  ['the host reaches others as before', output, { ...v4, inInterface: '', outInterface: 'eth0' }, 'end'],
  ['a spoofed source is dropped before anything else', raw, { ...between('torta', ''), reversePathFails: true }, 'drop'],
  ['an honest one passes', raw, between('torta', ''), 'end'],
  ['the reverse path of other interfaces is not ours to check', raw, { ...between('eth0', ''), reversePathFails: true }, 'end'],
]
for (const [title, [tableName, kernelChain], packet, expected] of table)
  t.test(`${kernelChain}: ${title}`, async (t) => t.equal(walk(ruleset, tableName, kernelChain, packet).verdict, expected))

const choices: [title: string, actions: Partial<PolicyActions>, where: readonly [TableName, string], packet: Packet, expected: string][] = [
  ['defaultEndpointToHostAction Accept', { toHost: 'accept' }, input, toHost, 'accept'],
  ['defaultEndpointToHostAction Return leaves it to the host’s own rules', { toHost: 'return' }, input, toHost, 'end'],
  [
    'defaultEndpointToHostAction Accept helps nobody whose policy denies',
    { toHost: 'accept' },
    input,
    { ...toHost, inInterface: 'tortc' },
    'drop',
  ],
  [
    'defaultEndpointToHostAction Accept helps no unknown interface',
    { toHost: 'accept' },
    input,
    { ...toHost, inInterface: 'tortx' },
    'drop',
  ],
  ['iptablesFilterAllowAction Return leaves what is allowed to others', { allowed: 'return' }, forward, between('torta', 'eth0'), 'end'],
  ['iptablesFilterAllowAction Return: denied stays denied', { allowed: 'return' }, forward, between('tortc', 'eth0'), 'drop'],
  ['iptablesFilterDenyAction Reject: still nothing gets through', { denied: 'reject' }, forward, between('tortc', 'eth0'), 'drop'],
]
for (const [title, actions, [tableName, kernelChain], packet, expected] of choices)
  t.test(`§6.13 ${title}`, async (t) => {
    const chosen = filled({ ...defaultActions, ...actions })
    t.equal(walk(chosen.compile(), tableName, kernelChain, packet).verdict, expected)
  })

t.test('§6.13 iptablesFilterDenyAction Reject: whoever is denied by policy is told', async (t) => {
  const actions = (denied: PolicyActions['denied']) => {
    const { chains } = filled({ ...defaultActions, denied }).compile()
    return chains.filter(({ name }) => name === 'tort-fw-tortc').flatMap(({ rules }) => rules.map(({ action }) => action.type))
  }
  t.strictSame(
    actions('reject').map((type) => (type === 'reject' ? 'drop' : type)),
    actions('drop'),
  )
  t.equal(actions('reject').filter((type) => type === 'reject').length, 4, 'the end of the tier and that of the profiles, in both families')
})

t.test('§6.13 chainInsertMode Append: our jumps come after what others put there, what policy accepted last of all', async (t) => {
  const { hooks } = filled({ ...defaultActions, jumpsAt: 'append' }).compile()
  const ofForward = hooks.filter(({ family, kernelChain }) => family === 4 && kernelChain === 'FORWARD')
  t.strictSame(
    ofForward.map(({ at, rule }) => [at, rule.action.type]),
    [
      ['append', 'jump'],
      ['append', 'accept'],
    ],
  )
  t.ok(hooks.every(({ at }) => at === 'append'))
})

t.test(
  '§6.13 allowIPIPPacketsFromWorkloads, allowVXLANPacketsFromWorkloads: each is allowed by itself, live, and taken back',
  async (t) => {
    const packets = {
      ipip: { ...between('torta', 'eth0'), protocol: 4 },
      vxlan: { ...between('torta', 'eth0'), protocol: 17, destinationPort: 4789 },
    }
    const verdicts = () => Object.values(packets).map((packet) => walk(graph.compile(), ...forward, packet).verdict)
    t.strictSame(verdicts(), ['drop', 'drop'])
    graph.allowTunnels({ ...noTunnels, ipip: true })
    t.strictSame(verdicts(), ['accept', 'drop'])
    graph.allowTunnels({ ...noTunnels, vxlan: true })
    t.strictSame(verdicts(), ['drop', 'accept'])
    graph.allowTunnels(noTunnels)
    t.strictSame(verdicts(), ['drop', 'drop'])
  },
)

t.test('an interface from the time of another prefix is policed all the same', async (t) => {
  const renamed = new PolicyGraph({ nodeName: 'n1', interfacePrefix: 'cali', ipv6: true })
  renamed.put(endpoint('a', { interfaceName: 'torta', ipNetworks: ['10.0.0.1/32'] }, { closed: 'out' }))
  renamed.put(endpoint('b', { interfaceName: 'calib', ipNetworks: ['10.0.0.2/32'] }))
  renamed.put(globalPolicy('no-egress', { selector: "closed == 'out'", types: ['Egress'] }))
  const compiled = renamed.compile()
  t.strictSame(
    [
      walk(compiled, 'filter', 'FORWARD', between('torta', 'calib')),
      walk(compiled, 'filter', 'FORWARD', between('calib', 'torta')),
      walk(compiled, 'filter', 'INPUT', toHost),
    ].map(({ verdict }) => verdict),
    ['drop', 'accept', 'drop'],
  )
})
