/** The stages of host endpoint policy: untracked, before DNAT, after routing, after DNAT (resource reference §6.3). */
import t from 'tap'
import type { Packet } from '../chain-walk.ts'
import { globalPolicy, hostEndpoint, networkPolicy, networkSet } from '../test-resources.ts'
import { allow, type Case, closed, deny, fate, fatesOf, forwarding, fromPort, rulesetOf, toPort, v4 } from './host-fate.fixture.ts'
import { arrives, leaves } from './packet-path.fixture.ts'

const cases: readonly Case[] = [
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
    'network sets in rules of host endpoints, in every table',
    [
      closed,
      networkSet('bad', ['192.0.2.8/29'], { bad: '' }),
      globalPolicy('raw', { ...forwarding, doNotTrack: true, ingress: [{ action: 'Deny', source: { selector: 'has(bad)' } }] }),
    ],
    { 'eth0 > eth1 80': 'drop in raw PREROUTING', '6: eth0 > eth1 80': 'end' },
  ],
]
for (const one of cases) t.test(one[0], async (t) => t.strictSame(fatesOf(one), one[2]))

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

t.test('§5.3 untracked policy that denies everything leaves failsafe conversations both their directions', async (t) => {
  const ruleset = rulesetOf([
    closed,
    globalPolicy('raw', { ...forwarding, doNotTrack: true, types: ['Ingress', 'Egress'], ingress: [deny], egress: [deny] }),
  ])
  const answer = (sourcePort: number) => ({ ...v4, sourcePort, destinationPort: 40_000, state: 'ESTABLISHED' as const })
  const at = (sourcePort: number) => [
    arrives(ruleset, { ...answer(sourcePort), inInterface: 'eth0' }).at,
    leaves(ruleset, { ...answer(sourcePort), outInterface: 'eth0' }).at,
  ]
  t.strictSame(at(22), ['raw PREROUTING', undefined], 'answers of the host, which was called')
  t.strictSame(at(179), [undefined, undefined], 'and of others, which it called')
  t.strictSame(at(80), ['raw PREROUTING', 'raw OUTPUT'])
})
