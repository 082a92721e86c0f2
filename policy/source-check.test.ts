/** Who may send from which address (resource reference §6.9), and what else is asked of packets before policy (§6.13). */
import t from 'tap'
import type { IpAddress } from '../src/net/address.ts'
import type { Cidr } from '../src/net/prefix.ts'
import { type Packet, walk } from './chain-walk.ts'
import { PolicyGraph } from './graph.ts'
import { defaultChecks, type PacketChecks } from './packet-checks.ts'
import { defaultActions } from './policy-actions.ts'
import { endpoint, globalPolicy } from './test-resources.ts'
import { noTunnels } from './workload-tunnels.ts'

const spec = { interfaceName: 'torta', ipNetworks: ['10.0.0.1/32', 'fd00::1/128', 'fd00::2/128'] }
const spoofer = { ...spec, allowSpoofedSourcePrefixes: ['192.0.2.0/24', '2001:db8::/32'] }

function graphOf(own: object, checks: Partial<PacketChecks> = {}): PolicyGraph {
  const actions = { ...defaultActions, toHost: 'accept' as const }
  const graph = new PolicyGraph({ nodeName: 'n1', interfacePrefix: 'tort', ipv6: true, actions, checks: { ...defaultChecks, ...checks } })
  graph.put(endpoint('a', own))
  graph.put(endpoint('b', { interfaceName: 'tortb', ipNetworks: ['10.0.0.2/32'] }))
  return graph
}

function sent(source: string, changes: Partial<Packet> = {}): Packet {
  const destination = (source.includes(':') ? '2001:db8:1::9' : '198.51.100.9') as IpAddress
  const ports = { sourcePort: 1000, destinationPort: 80 }
  return {
    ...ports,
    inInterface: 'torta',
    outInterface: 'eth0',
    source: source as IpAddress,
    destination,
    protocol: 6,
    state: 'NEW',
    mark: 0,
    ...changes,
  }
}

/** Forwarded, to its host, and what the reverse path makes of it where no answer would come back this way. */
function fates(graph: PolicyGraph, source: string, changes: Partial<Packet> = {}): readonly string[] {
  const ruleset = graph.compile()
  const packet = sent(source, changes)
  return [
    walk(ruleset, 'filter', 'FORWARD', packet).verdict,
    walk(ruleset, 'filter', 'INPUT', { ...packet, outInterface: '' }).verdict,
    walk(ruleset, 'raw', 'PREROUTING', { ...packet, outInterface: '', reversePathFails: true }).verdict,
  ]
}

const free = ['accept', 'accept', 'drop']
const caught = ['drop', 'drop', 'drop']
const excused = ['accept', 'accept', 'end']
const table: [title: string, own: object, checks: Partial<PacketChecks>, source: string, expected: readonly string[]][] = [
  ['its own address', spec, {}, '10.0.0.1', free],
  ['one of its own, IPv6', spec, {}, 'fd00::2', free],
  ['link-local: what is not forwarded is between it and its host', spec, {}, 'fe80::1', free],
  ['another workload’s, though a route to it leads there', spec, {}, '10.0.0.2', caught],
  ['a stranger’s', spec, {}, '192.0.2.7', caught],
  ['a stranger’s, IPv6', spec, {}, '2001:db8::7', caught],
  ['any, without an address of the family', { ...spec, ipNetworks: ['10.0.0.1/32'] }, {}, 'fd00::1', caught],
  ['any, without an address at all', { ...spec, ipNetworks: [] }, {}, '10.0.0.1', caught],
  ['a prefix it lists, while that is not allowed', spoofer, {}, '192.0.2.7', caught],
  ['a prefix it lists', spoofer, { allowSpoofing: true }, '192.0.2.7', excused],
  ['a prefix it lists, IPv6', spoofer, { allowSpoofing: true }, '2001:db8::7', excused],
  ['outside what it lists', spoofer, { allowSpoofing: true }, '203.0.113.1', caught],
  ['its own address, while it may spoof', spoofer, { allowSpoofing: true }, '10.0.0.1', free],
  [
    'everything, if that is what it lists',
    { ...spec, allowSpoofedSourcePrefixes: ['0.0.0.0/0'] },
    { allowSpoofing: true },
    '203.0.113.1',
    excused,
  ],
  [
    'the other family is another matter',
    { ...spec, allowSpoofedSourcePrefixes: ['0.0.0.0/0'] },
    { allowSpoofing: true },
    '2001:db8::7',
    caught,
  ],
]
for (const [title, own, checks, source, expected] of table)
  t.test(`a workload sends from ${title}`, async (t) => t.strictSame(fates(graphOf(own, checks), source), expected))

t.test('an established connection makes a forged sender no better', async (t) => {
  t.strictSame(fates(graphOf(spec), '10.0.0.2', { state: 'ESTABLISHED' }), caught)
})

t.test('what an endpoint may spoof changes live, and goes with it', async (t) => {
  const plain = (graph: PolicyGraph) => JSON.stringify(graph.compile().chains)
  const graph = graphOf(spec, { allowSpoofing: true })
  const before = plain(graph)
  graph.put(endpoint('a', spoofer))
  t.strictSame(fates(graph, '192.0.2.7'), excused)
  graph.put(endpoint('a', { ...spoofer, allowSpoofedSourcePrefixes: ['203.0.113.0/24'] }))
  t.strictSame([fates(graph, '192.0.2.7'), fates(graph, '203.0.113.7')], [caught, excused])
  graph.put(endpoint('a', spec))
  t.equal(plain(graph), before)
  graph.put(endpoint('a', { ...spoofer, node: 'n2' }))
  t.notMatch(plain(graph), /Allowed to be spoofed/)
})

t.test('§6.13 disableConntrackInvalidCheck leaves INVALID to policy', async (t) => {
  const invalid = { state: 'INVALID' as const }
  t.strictSame(fates(graphOf(spec), '10.0.0.1', invalid).slice(0, 2), ['drop', 'drop'])
  const graph = graphOf(spec, { dropInvalid: false })
  t.strictSame(fates(graph, '10.0.0.1', invalid).slice(0, 2), ['accept', 'accept'])
  graph.put(globalPolicy('shut', { types: ['Egress'] }))
  t.strictSame(fates(graph, '10.0.0.1', invalid).slice(0, 2), ['drop', 'drop'])
})

t.test('§6.13 vxlanPort: VXLAN is known by the port that is configured', async (t) => {
  const graph = graphOf(spec)
  const to = (destinationPort: number) => fates(graph, '10.0.0.1', { protocol: 17, destinationPort })[0]
  t.strictSame([to(4789), to(8472)], ['drop', 'accept'])
  graph.allowTunnels({ ...noTunnels, vxlanPort: 8472 })
  t.strictSame([to(4789), to(8472)], ['accept', 'drop'])
})

t.test('§6.13 serviceLoopPrevention: what is still for a service when everything was asked goes no further', async (t) => {
  const services = ['198.51.100.0/24', '2001:db8:1::/64'] as Cidr[]
  const verdicts = (action: PacketChecks['serviceLoops']['action']) => {
    const ruleset = graphOf(spec, { serviceLoops: { action, services } }).compile()
    const elsewhere = sent('10.0.0.1', { destination: '203.0.113.1' as IpAddress })
    const passing = sent('203.0.113.1', { inInterface: 'eth1' })
    return [sent('10.0.0.1'), sent('fd00::1'), passing, elsewhere].map((packet) => walk(ruleset, 'filter', 'FORWARD', packet).verdict)
  }
  t.strictSame(verdicts('drop'), ['drop', 'drop', 'drop', 'accept'])
  t.strictSame(verdicts('reject'), ['drop', 'drop', 'drop', 'accept'])
  t.strictSame(verdicts(undefined), ['accept', 'accept', 'end', 'accept'])
})
