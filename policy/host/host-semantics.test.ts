/** Which host endpoint is asked about which packets, and what its policies, profiles and failsafe ports say (resource reference §6.5). */
import t from 'tap'
import { PolicyGraph } from '../graph.ts'
import { defaultActions } from '../policy-actions.ts'
import { globalPolicy, hostEndpoint, networkPolicy, profile, tier } from '../test-resources.ts'
import { type Addresses, allow, type Case, closed, deny, fate, fatesOf, forwarding, toPort } from './host-fate.fixture.ts'

const noDefault = { failsafe: { ingress: [], egress: [] } }

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
]
for (const one of cases) t.test(one[0], async (t) => t.strictSame(fatesOf(one), one[2]))

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

t.test('tunnels between nodes have rules of their own: host endpoints are asked about what is inside', async (t) => {
  const graph = new PolicyGraph({ nodeName: 'n1', interfacePrefix: 'tort', ipv6: true })
  graph.put(closed)
  const fates = () => {
    const ruleset = graph.compile()
    return ['eth0 > host', 'host > eth0', '6: eth0 > host'].map((text) => fate(ruleset, text, { protocol: 4 }))
  }
  t.strictSame(fates(), ['drop in filter INPUT', 'drop in filter OUTPUT', 'drop in filter INPUT'])
  graph.setTunnelled(true)
  t.strictSame(fates(), ['end', 'end', 'drop in filter INPUT'])
  graph.setTunnelled(false)
  t.strictSame(fates(), ['drop in filter INPUT', 'drop in filter OUTPUT', 'drop in filter INPUT'])
})
