/** What the tunnel's chains do to packets, beside those of policy. */
import t from 'tap'
import { ruleText } from '../felix/iptables/rule-text.ts'
import { type Packet, walk } from '../policy/chain-walk.ts'
import { PolicyGraph } from '../policy/graph.ts'
import type { IpAddress } from '../src/net/address.ts'
import type { Cidr } from '../src/net/prefix.ts'
import { tunnelChains } from './tunnel-chains.ts'

const tunnel = tunnelChains({
  nodes: new Set(['10.99.0.2', '10.98.0.7'] as IpAddress[]),
  externalNodes: ['192.0.2.0/24', '198.51.100.1/32'] as Cidr[],
  pools: ['10.244.0.0/16'] as Cidr[],
  own: ['10.244.1.0/24', 'fd00:1::/64'] as Cidr[],
})

t.test('the rules as iptables takes them', async (t) => {
  const lines = tunnel.chains.flatMap(({ table, name, rules }) => rules.map((rule) => `${table} ${name} ${ruleText(rule, 4)}`))
  t.strictSame(lines, [
    'filter tort-ipip-in -p 4 -m set --match-set tort4i:nodes src -m addrtype --dst-type LOCAL -j ACCEPT',
    'filter tort-ipip-in -p 4 -j DROP',
    'filter tort-ipip-out -p 4 -m set --match-set tort4i:nodes dst -m addrtype --src-type LOCAL -j ACCEPT',
    'raw tort-ipip-inner -m set --match-set tort4i:own src -j DROP',
    'raw tort-ipip-inner -m set --match-set tort4i:inner src -j RETURN',
    'raw tort-ipip-inner -m rpfilter --validmark --invert -j DROP',
  ])
  t.strictSame(
    tunnel.hooks.map(({ table, kernelChain, at, rule }) => `${table} ${kernelChain} ${at} ${ruleText(rule, 4)}`),
    [
      'raw PREROUTING insert -i tunl0 -j tort-ipip-inner',
      'filter INPUT insert -p 4 -j tort-ipip-in',
      'filter OUTPUT insert -p 4 -j tort-ipip-out',
    ],
  )
})

t.test('the sets hold ranges, and single addresses with their length', async (t) => {
  t.strictSame(
    tunnel.ipSets.map(({ name, type, members }) => [name, type, [...members]]),
    [
      ['tort4i:nodes', 'hash:net', ['10.98.0.7/32', '10.99.0.2/32', '192.0.2.0/24', '198.51.100.1/32']],
      ['tort4i:inner', 'hash:net', ['10.244.0.0/16', '10.98.0.7/32', '10.99.0.2/32']],
      ['tort4i:own', 'hash:net', ['10.244.1.0/24']],
    ],
  )
})

const policy = new PolicyGraph({ nodeName: 'n1', interfacePrefix: 'tort', ipv6: false }).compile()
const ruleset = {
  chains: [...policy.chains, ...tunnel.chains],
  hooks: [...policy.hooks, ...tunnel.hooks],
  ipSets: [...policy.ipSets, ...tunnel.ipSets],
}
const packet = (fields: Omit<Partial<Packet>, 'source' | 'destination'> & { source: string; destination?: string }): Packet => ({
  inInterface: 'eth0',
  outInterface: '',
  protocol: 4,
  state: 'NEW',
  mark: 0,
  local: ['destination'],
  ...fields,
  source: fields.source as IpAddress,
  destination: (fields.destination ?? '10.99.0.1') as IpAddress,
})

const outer: [title: string, chain: 'INPUT' | 'OUTPUT', packet: Packet, verdict: string][] = [
  ['a known node may send us tunnelled packets', 'INPUT', packet({ source: '10.99.0.2' }), 'accept'],
  ['also from behind a router', 'INPUT', packet({ source: '10.98.0.7' }), 'accept'],
  ['and an external node (§6.13 externalNodesList)', 'INPUT', packet({ source: '192.0.2.200' }), 'accept'],
  ['a forged outer source is dropped', 'INPUT', packet({ source: '10.99.0.66' }), 'drop'],
  ['a known node to somebody else', 'INPUT', packet({ source: '10.99.0.2', local: [] }), 'drop'],
  ['a workload that claims to be a known node', 'INPUT', packet({ source: '10.99.0.2', inInterface: 'tort1' }), 'drop'],
  ['other protocols are left to others', 'INPUT', packet({ source: '10.99.0.66', protocol: 6 }), 'end'],
  ['GRE is no IP-in-IP', 'INPUT', packet({ source: '10.99.0.66', protocol: 47 }), 'end'],
  [
    'we may send to known nodes whatever comes behind in OUTPUT',
    'OUTPUT',
    packet({ source: '10.99.0.1', destination: '10.99.0.2', inInterface: '', outInterface: 'eth0', local: ['source'] }),
    'accept',
  ],
  [
    'what goes to others is left to others',
    'OUTPUT',
    packet({ source: '10.99.0.1', destination: '10.99.0.66', inInterface: '', outInterface: 'eth0', local: ['source'] }),
    'end',
  ],
]
for (const [title, chain, sent, verdict] of outer)
  t.test(`${chain}: ${title}`, async (t) => t.equal(walk(ruleset, 'filter', chain, sent).verdict, verdict))

const inner: [title: string, source: string, reversePathFails: boolean, verdict: string][] = [
  ['a pod of another node', '10.244.2.9', false, 'end'],
  ['a pod of a node we send to directly, because it sees our subnets otherwise or its mode changed first', '10.244.3.9', true, 'end'],
  ['a node that answers from its own address, which we reach outside the tunnel', '10.99.0.2', true, 'end'],
  ['something else that is routed through the tunnel', '10.9.9.9', false, 'end'],
  ['a forged source that the tunnel does not lead to', '203.0.113.5', true, 'drop'],
  ['a neighbour on the underlay that is no node', '10.99.0.66', true, 'drop'],
  ['one of our own pods', '10.244.1.9', true, 'drop'],
  ['one of our own pods, were its route lost', '10.244.1.9', false, 'drop'],
]
for (const [title, source, reversePathFails, verdict] of inner) {
  t.test(`inner source: ${title}: ${verdict}`, async (t) => {
    const sent = packet({ source, destination: '10.244.1.7', inInterface: 'tunl0', protocol: 6, reversePathFails })
    t.equal(walk(ruleset, 'raw', 'PREROUTING', sent).verdict, verdict)
  })
}
