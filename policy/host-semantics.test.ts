/** What HostEndpoints do to packets (resource reference §6.3, §6.5), walked through all of a compiled graph. */
import t from 'tap'
import type { PolicyRule } from '../src/model/policy-rule.ts'
import type { Resource } from '../src/model/resource.ts'
import type { IpAddress } from '../src/net/address.ts'
import type { Packet, Ruleset } from './chain-walk.ts'
import { PolicyGraph, type PolicyGraphOptions } from './graph.ts'
import { arrives, leaves } from './packet-path.fixture.ts'
import { defaultActions } from './policy-actions.ts'
import { endpoint, globalPolicy, hostEndpoint, networkPolicy, networkSet, profile, tier } from './test-resources.ts'

const allow: PolicyRule = { action: 'Allow' }
const deny: PolicyRule = { action: 'Deny' }
const toPort = (action: PolicyRule['action'], ...ports: number[]): PolicyRule => ({ action, protocol: 'TCP', destination: { ports } })
const fromPort = (action: PolicyRule['action'], ...ports: number[]): PolicyRule => ({ action, protocol: 'TCP', source: { ports } })

const pods = [
  endpoint('a', { interfaceName: 'torta', ipNetworks: ['10.0.0.1/32', 'fd00::1/128'] }),
  endpoint('b', { interfaceName: 'tortb', ipNetworks: ['10.0.0.2/32', 'fd00::2/128'] }),
]

type Addresses = Readonly<Record<string, readonly string[]>>

function rulesetOf(resources: readonly Resource[], options: Partial<PolicyGraphOptions> = {}, addresses: Addresses = {}): Ruleset {
  const graph = new PolicyGraph({ nodeName: 'n1', interfacePrefix: 'tort', ipv6: true, ...options })
  graph.setAddresses(new Map(Object.entries(addresses).map(([name, own]) => [name, new Set(own)])))
  for (const one of [...pods, ...resources]) graph.put(one)
  return graph.compile()
}

const v4 = {
  inInterface: '',
  outInterface: '',
  source: '192.0.2.9' as IpAddress,
  destination: '192.0.2.1' as IpAddress,
  protocol: 6,
  sourcePort: 40_000,
  destinationPort: 80,
  state: 'NEW',
  mark: 0,
} as const satisfies Packet
const v6 = { ...v4, source: '2001:db8::9' as IpAddress, destination: '2001:db8::1' as IpAddress }

/** "eth0 > host 22", "host > eth0 80", "eth0 > eth1 80", "torta > eth0", with "6: " before it for IPv6, "reply" behind it for one of a known connection. */
function fate(ruleset: Ruleset, text: string, changes: Partial<Packet> = {}): string {
  const [, six, from = '', to = '', port = '80', reply] = /^(6: )?(\S+) > (\S+) ?(\d*) ?(reply)?$/.exec(text) ?? []
  const base = six === undefined ? v4 : v6
  const packet: Packet = {
    ...base,
    inInterface: from === 'host' ? '' : from,
    outInterface: to === 'host' ? '' : to,
    destinationPort: Number(port || 80),
    ...(reply !== undefined && { state: 'ESTABLISHED' }),
    ...changes,
  }
  const { verdict, at } = from === 'host' ? leaves(ruleset, packet) : arrives(ruleset, packet)
  return verdict === 'drop' ? `drop in ${at}` : verdict
}

type Case = readonly [
  title: string,
  resources: readonly Resource[],
  packets: Readonly<Record<string, string>>,
  options?: Partial<PolicyGraphOptions>,
]

const closed = hostEndpoint('eth0')
const noDefault = { failsafe: { ingress: [], egress: [] } }
const forwarding = { applyOnForward: true, selector: 'has(host)' }

const cases: readonly Case[] = [
  ['no host endpoint: the host is left alone', [], { 'eth0 > host 80': 'end', 'host > eth0 80': 'end', 'eth0 > eth1 80': 'end' }],
  ['one of another node is none here', [hostEndpoint('eth0', { node: 'n2' })], { 'eth0 > host 80': 'end', 'host > eth0 80': 'end' }],
  [
    '§6.5 without a policy or profile local traffic is dropped, forwarded traffic is left alone, failsafe ports stay open',
    [closed],
    {
      'eth0 > host 80': 'drop in filter INPUT',
      'host > eth0 80': 'drop in filter OUTPUT',
      '6: eth0 > host 80': 'drop in filter INPUT',
      '6: host > eth0 80': 'drop in filter OUTPUT',
      'eth0 > host 22': 'accept',
      '6: eth0 > host 22': 'accept',
      'host > eth0 22': 'drop in filter OUTPUT',
      'host > eth0 179': 'accept',
      'eth0 > host 179': 'accept',
      'eth0 > host 80 reply': 'accept',
      'host > eth0 80 reply': 'accept',
      'eth1 > host 80': 'end',
      'host > eth1 80': 'end',
      'eth0 > eth1 80': 'end',
      'lo > host 80': 'end',
      'host > lo 80': 'end',
    },
  ],
  [
    '§6.13 an empty list of failsafe ports means none',
    [closed],
    { 'eth0 > host 22': 'drop in filter INPUT', 'host > eth0 179': 'drop in filter OUTPUT', 'eth0 > host 22 reply': 'accept' },
    noDefault,
  ],
  [
    '§6.13 a failsafe port with a net is open for that net only, and in its family only',
    [closed],
    {
      'eth0 > host 22': 'accept',
      '6: eth0 > host 22': 'drop in filter INPUT',
      'host > eth0 80': 'drop in filter OUTPUT',
      '6: host > eth0 80': 'accept',
    },
    {
      failsafe: {
        ingress: [{ protocol: 'TCP', port: 22, net: '192.0.2.8/29' }],
        egress: [{ protocol: 'TCP', port: 80, net: '2001:db8::/32' }],
      },
    },
  ],
  [
    '§6.3 a policy without flags: local traffic both ways, nothing forwarded',
    [closed, globalPolicy('p', { selector: "host == 'eth0'", ingress: [toPort('Allow', 80)], egress: [toPort('Allow', 443)] })],
    {
      'eth0 > host 80': 'accept',
      'eth0 > host 81': 'drop in filter INPUT',
      'host > eth0 443': 'accept',
      'host > eth0 80': 'drop in filter OUTPUT',
      'eth0 > eth1 81': 'end',
      'eth0 > torta 81': 'accept',
    },
  ],
  [
    '§6.3 applyOnForward: also what is forwarded, each direction where a policy has it; failsafe ports are no excuse there',
    [closed, globalPolicy('p', { ...forwarding, ingress: [toPort('Allow', 80)] })],
    {
      'eth0 > host 80': 'accept',
      'eth0 > eth1 80': 'accept',
      'eth0 > eth1 81': 'drop in filter FORWARD',
      'eth0 > eth1 22': 'drop in filter FORWARD',
      'eth0 > torta 80': 'accept',
      'eth0 > torta 81': 'drop in filter FORWARD',
      'eth1 > eth0 81': 'end',
      'torta > eth0 81': 'accept',
      'eth0 > eth1 81 reply': 'accept',
      'eth0 > tortx 80': 'drop in filter FORWARD',
      'eth0 > tortx 80 reply': 'drop in filter FORWARD',
    },
  ],
  [
    '§6.3 applyOnForward on egress: what leaves by the host endpoint, from workloads too',
    [closed, globalPolicy('p', { ...forwarding, types: ['Egress'], egress: [toPort('Allow', 80)] })],
    {
      'torta > eth0 80': 'accept',
      'torta > eth0 81': 'drop in filter FORWARD',
      'eth1 > eth0 80': 'accept',
      'eth1 > eth0 81': 'drop in filter FORWARD',
      'torta > tortb 81': 'accept',
      'tortx > eth0 80': 'drop in filter FORWARD',
      'eth0 > host 80': 'drop in filter INPUT',
    },
  ],
  [
    '§6.2.1 a tier that passes, and profiles after the tiers: local traffic asks them, forwarded traffic does not',
    [
      hostEndpoint('eth0', { profiles: ['open'] }),
      profile('open', { ingress: [allow], egress: [toPort('Allow', 80)] }),
      tier('soft', { order: 1, defaultAction: 'Pass' }),
      globalPolicy('p', { ...forwarding, tier: 'soft', ingress: [toPort('Deny', 81)] }),
    ],
    {
      'eth0 > host 80': 'accept',
      'eth0 > host 81': 'drop in filter INPUT',
      'eth0 > eth1 80': 'accept',
      'eth0 > eth1 81': 'drop in filter FORWARD',
      'host > eth0 80': 'accept',
      'host > eth0 81': 'drop in filter OUTPUT',
    },
  ],
  [
    '§6.6 a profile that does not exist drops',
    [hostEndpoint('eth0', { profiles: ['gone'] })],
    { 'eth0 > host 80': 'drop in filter INPUT' },
  ],
  [
    'projectcalico-default-allow leaves the host open',
    [hostEndpoint('eth0', { profiles: ['projectcalico-default-allow'] })],
    { 'eth0 > host 80': 'accept', 'host > eth0 80': 'accept' },
  ],
  [
    '§6.3 preDNAT denies before DNAT, whoever it is for; what it does not name goes on; failsafe ports are open',
    [
      closed,
      globalPolicy('open', { selector: 'has(host)', ingress: [allow] }),
      globalPolicy('pre', { ...forwarding, preDNAT: true, order: 1, ingress: [toPort('Deny', 22, 80)] }),
    ],
    {
      'eth0 > host 80': 'drop in mangle PREROUTING',
      'eth0 > torta 80': 'drop in mangle PREROUTING',
      '6: eth0 > eth1 80': 'drop in mangle PREROUTING',
      'eth0 > host 22': 'accept',
      'eth0 > host 81': 'accept',
      'eth0 > eth1 81': 'end',
      'eth1 > host 80': 'end',
      'eth0 > host 80 reply': 'accept',
    },
  ],
  [
    '§6.3 preDNAT allows: neither normal nor forward policy of the host endpoint is asked again, a workload’s own is',
    [
      closed,
      globalPolicy('pre', { ...forwarding, preDNAT: true, ingress: [toPort('Allow', 80)] }),
      globalPolicy('shut', { ...forwarding, ingress: [deny] }),
      networkPolicy('b', { selector: "projectcalico.org/namespace == 'shop'", ingress: [toPort('Allow', 81)] }),
    ],
    {
      'eth0 > host 80': 'accept',
      'eth0 > host 81': 'drop in filter INPUT',
      'eth0 > eth1 80': 'accept',
      'eth0 > eth1 81': 'drop in filter FORWARD',
      'eth0 > torta 80': 'drop in filter FORWARD',
    },
  ],
  [
    '§6.3 doNotTrack: both ways must be allowed; what is allowed is not tracked and passes everything else',
    [closed, globalPolicy('raw', { ...forwarding, doNotTrack: true, ingress: [toPort('Allow', 80)], egress: [fromPort('Allow', 80)] })],
    {
      'eth0 > host 80': 'accept',
      'eth0 > host 81': 'drop in filter INPUT',
      'host > eth0 81': 'drop in filter OUTPUT',
      'eth0 > eth1 80': 'accept',
    },
  ],
  [
    '§6.3 doNotTrack denies, and still has no default drop; failsafe ports stay open in both directions of their conversation',
    [
      closed,
      globalPolicy('open', { selector: 'has(host)', ingress: [allow], egress: [allow] }),
      globalPolicy('raw', {
        ...forwarding,
        doNotTrack: true,
        ingress: [toPort('Deny', 22, 80)],
        egress: [toPort('Deny', 80, 179, 40_000)],
      }),
    ],
    {
      'eth0 > host 80': 'drop in raw PREROUTING',
      'eth0 > host 81': 'accept',
      'eth0 > host 22': 'accept',
      'host > eth0 80': 'drop in raw OUTPUT',
      'host > eth0 179': 'accept',
      'host > eth0 81': 'accept',
      'torta > eth0 80': 'accept',
    },
  ],
  [
    '§6.3 order: doNotTrack before preDNAT before the rest',
    [
      closed,
      globalPolicy('raw', { ...forwarding, doNotTrack: true, ingress: [toPort('Allow', 80)] }),
      globalPolicy('pre', { ...forwarding, preDNAT: true, ingress: [toPort('Deny', 80, 81)] }),
      globalPolicy('rest', { selector: 'has(host)', ingress: [deny] }),
    ],
    { 'eth0 > host 80': 'accept', 'eth0 > host 81': 'drop in mangle PREROUTING', 'eth0 > host 82': 'drop in filter INPUT' },
  ],
  [
    '§6.5 the wildcard covers all interfaces but loopback; not what host and workloads say to each other',
    [hostEndpoint('all', { interfaceName: '*' })],
    {
      'eth0 > host 80': 'drop in filter INPUT',
      'eth7 > host 80': 'drop in filter INPUT',
      'host > eth7 80': 'drop in filter OUTPUT',
      'host > lo 80': 'end',
      'lo > host 80': 'end',
      'host > torta 80': 'accept',
      'torta > host 80': 'drop in filter INPUT',
      'torta > eth0 80': 'accept',
      'eth0 > torta 80': 'accept',
    },
  ],
  [
    '§6.5 the wildcard and a workload allowed to reach its host: the host endpoint is not asked as well',
    [hostEndpoint('all', { interfaceName: '*' })],
    { 'torta > host 80': 'accept', 'tortx > host 80': 'drop in filter INPUT' },
    { actions: { ...defaultActions, toHost: 'accept' } },
  ],
  [
    '§6.5 a named host endpoint wins over the wildcard, also where it has less to say',
    [
      hostEndpoint('all', { interfaceName: '*' }, { host: 'all', any: '' }),
      hostEndpoint('eth1', {}, { host: 'eth1' }),
      globalPolicy('all', { selector: 'has(any)', applyOnForward: true, ingress: [toPort('Allow', 80)] }),
      globalPolicy('pre', { selector: 'has(any)', applyOnForward: true, preDNAT: true, ingress: [toPort('Deny', 82)] }),
      globalPolicy('raw', { selector: 'has(any)', applyOnForward: true, doNotTrack: true, ingress: [toPort('Deny', 83)] }),
      globalPolicy('one', { selector: "host == 'eth1'", ingress: [toPort('Allow', 81, 82, 83)] }),
    ],
    {
      'eth0 > host 80': 'accept',
      'eth0 > host 81': 'drop in filter INPUT',
      'eth0 > host 82': 'drop in mangle PREROUTING',
      'eth0 > host 83': 'drop in raw PREROUTING',
      'eth1 > host 80': 'drop in filter INPUT',
      'eth1 > host 81': 'accept',
      'eth1 > host 82': 'accept',
      'eth1 > host 83': 'accept',
      'eth0 > eth1 81': 'drop in filter FORWARD',
      'eth1 > eth0 81': 'end',
    },
  ],
  [
    'labels and addresses of host endpoints fill sets: of those of all nodes',
    [
      closed,
      hostEndpoint(
        'far',
        { node: 'n2', expectedIPs: ['192.0.2.9', '2001:db8::9'], ports: [{ name: 'web', protocol: 'TCP', port: 81 }] },
        { role: 'db' },
      ),
      globalPolicy('p', {
        selector: "host == 'eth0'",
        ingress: [{ ...toPort('Allow', 80), source: { selector: "role == 'db'" } }],
        egress: [{ action: 'Allow', destination: { ports: ['web'] } }],
      }),
    ],
    { 'eth0 > host 80': 'accept', '6: eth0 > host 80': 'accept', 'eth0 > host 81': 'drop in filter INPUT' },
  ],
  [
    'policies of a namespace never select a host, whatever its labels; global ones without namespaceSelector do, with all() they do not',
    [
      hostEndpoint('eth0', { profiles: ['open'] }, { app: 'x', 'projectcalico.org/namespace': 'shop' }),
      profile('open', { ingress: [allow], egress: [allow] }),
      networkPolicy('np', { selector: "app == 'x'", ingress: [deny] }),
      globalPolicy('ns', { selector: "app == 'x'", namespaceSelector: 'all()', ingress: [deny] }),
      globalPolicy('global', { selector: "app == 'x'", types: ['Egress'], egress: [deny] }),
    ],
    { 'eth0 > host 80': 'accept', 'host > eth0 80': 'drop in filter OUTPUT' },
  ],
  [
    'network sets in rules of host endpoints, in every table',
    [
      closed,
      networkSet('bad', ['192.0.2.8/29'], { bad: '' }),
      globalPolicy('raw', { ...forwarding, doNotTrack: true, ingress: [{ action: 'Deny', source: { selector: 'has(bad)' } }] }),
    ],
    { 'eth0 > eth1 80': 'drop in raw PREROUTING', '6: eth0 > eth1 80': 'end' },
  ],
]
for (const [title, resources, packets, options = {}] of cases)
  t.test(title, async (t) => {
    const ruleset = rulesetOf(resources, options)
    const fates = Object.keys(packets).map((text) => [text, fate(ruleset, text)])
    t.strictSame(Object.fromEntries(fates), packets)
  })

t.test('§6.5 expectedIPs find the interface, in either family, live as addresses come and go', async (t) => {
  const graph = new PolicyGraph({ nodeName: 'n1', interfacePrefix: 'tort', ipv6: true })
  graph.put(hostEndpoint('by-address', { expectedIPs: ['192.0.2.1', '2001:db8::1'] }))
  const seen = (addresses: Addresses) => {
    graph.setAddresses(new Map(Object.entries(addresses).map(([name, own]) => [name, new Set(own)])))
    const ruleset = graph.compile()
    return ['eth0 > host 80', 'eth1 > host 80'].map((text) => fate(ruleset, text).slice(0, 4))
  }
  t.strictSame(seen({}), ['end', 'end'])
  t.match(graph.hostProblems, [{ severity: 'warning', subject: 'hostendpoint/by-address', message: /192.0.2.1 or 2001:db8::1/ }])
  t.strictSame(seen({ eth0: ['192.0.2.1'], eth1: ['198.51.100.1'] }), ['drop', 'end'])
  t.strictSame(graph.hostProblems, [])
  t.strictSame(seen({ eth0: ['192.0.2.1'], eth1: ['2001:db8::1'] }), ['drop', 'drop'])
  t.strictSame(seen({ eth1: ['192.0.2.1'] }), ['end', 'drop'])
  graph.delete({ group: 'projectcalico.org', kind: 'HostEndpoint', namespace: '', name: 'by-address' })
  t.strictSame(seen({ eth1: ['192.0.2.1'] }), ['end', 'end'])
})

t.test('§2.9 egress of what a DNAT has changed is asked about where it really leaves', async (t) => {
  const ruleset = rulesetOf([closed, globalPolicy('p', { selector: 'has(host)', types: ['Egress'], egress: [toPort('Allow', 8080)] })])
  const toService: Packet = { ...v4, outInterface: 'eth0', destinationPort: 80 }
  const changedTo = (outInterface: string, destinationPort: number) => leaves(ruleset, toService, { outInterface, destinationPort })
  t.strictSame(changedTo('eth0', 8080), { verdict: 'end', untracked: false })
  t.strictSame(changedTo('eth0', 81), { verdict: 'drop', at: 'mangle POSTROUTING', untracked: false })
  t.strictSame(changedTo('eth1', 81), { verdict: 'end', untracked: false }, 'it leaves by an interface that nobody governs')
  t.strictSame(changedTo('torta', 81), { verdict: 'end', untracked: false }, 'or goes to a workload of this node')
  const forwardedOn = arrives(ruleset, { ...v4, inInterface: 'eth1', outInterface: 'eth0', local: [] }, { destinationPort: 81 })
  t.strictSame(forwardedOn, { verdict: 'end', untracked: false }, 'what is only forwarded is not the host’s')
})

t.test('doNotTrack: only what a policy allows is untracked', async (t) => {
  const ruleset = rulesetOf([
    closed,
    globalPolicy('raw', { ...forwarding, doNotTrack: true, ingress: [toPort('Allow', 80)], egress: [fromPort('Allow', 80)] }),
  ])
  const ingress = { ...v4, inInterface: 'eth0' }
  t.strictSame(arrives(ruleset, ingress), { verdict: 'accept', untracked: true })
  t.strictSame(leaves(ruleset, { ...v4, outInterface: 'eth0', sourcePort: 80, destinationPort: 40_000 }), {
    verdict: 'accept',
    untracked: true,
  })
  t.strictSame(arrives(ruleset, { ...ingress, destinationPort: 22 }), { verdict: 'accept', untracked: false }, 'a failsafe port is tracked')
  t.strictSame(arrives(ruleset, { ...ingress, destinationPort: 81 }), { verdict: 'drop', at: 'filter INPUT', untracked: false })
  t.strictSame(arrives(ruleset, { ...ingress, inInterface: 'eth1' }), { verdict: 'end', untracked: false })
})

t.test('a mark from elsewhere is no permission at a host endpoint, whatever is in force', async (t) => {
  const mark = 0xffff_ffff
  const pre = globalPolicy('pre', { ...forwarding, preDNAT: true, ingress: [toPort('Allow', 81)] })
  const raw = globalPolicy('raw', { ...forwarding, doNotTrack: true, ingress: [toPort('Allow', 82)], egress: [toPort('Allow', 82)] })
  const shut = globalPolicy('shut', { ...forwarding, ingress: [deny], egress: [deny] })
  for (const resources of [
    [closed, shut],
    [closed, shut, pre],
    [closed, shut, raw],
    [closed, shut, pre, raw],
  ]) {
    const ruleset = rulesetOf(resources)
    t.strictSame(
      ['eth0 > host 80', 'host > eth0 80', 'eth0 > eth1 80', 'eth1 > eth0 80', 'torta > eth0 80'].map((text) =>
        fate(ruleset, text, { mark }),
      ),
      ['drop in filter INPUT', 'drop in filter OUTPUT', ...Array(3).fill('drop in filter FORWARD')],
    )
  }
})

t.test('RFC 4861: neighbour discovery passes under policies that deny everything, at every stage', async (t) => {
  const ruleset = rulesetOf([
    hostEndpoint('all', { interfaceName: '*' }),
    globalPolicy('raw', { ...forwarding, doNotTrack: true, ingress: [deny], egress: [deny] }),
    globalPolicy('pre', { ...forwarding, preDNAT: true, ingress: [deny] }),
    globalPolicy('rest', { ...forwarding, ingress: [deny], egress: [deny] }),
  ])
  const icmp = (icmpType: number) => ({ protocol: 58, icmpType, icmpCode: 0, state: 'UNTRACKED' as const })
  for (const icmpType of [133, 134, 135, 136]) {
    t.equal(fate(ruleset, '6: eth0 > host', icmp(icmpType)), 'end')
    t.equal(fate(ruleset, '6: host > eth0', icmp(icmpType)), 'end')
  }
  t.equal(fate(ruleset, '6: eth0 > host', icmp(128)), 'drop in raw PREROUTING')
  t.equal(fate(ruleset, '6: host > eth0', icmp(137)), 'drop in raw OUTPUT')
})
