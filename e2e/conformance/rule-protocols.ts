/** Protocols, ICMP types and families of a rule (resource reference §6.1). */
import { gnp, np, type Scenario } from './scenario.ts'

/** A policy of namespace shop for pod web alone. @param rules one a line, flow YAML */
const toWeb = (...rules: readonly string[]) =>
  np('shop/web', `selector: app == 'web'\ningress:\n${rules.map((rule) => `  - ${rule}`).join('\n')}`)

export const ruleProtocols: readonly Scenario[] = [
  {
    title: '§6.1 a rule without any condition matches everything, whoever sends it',
    resources: toWeb('{ action: Allow }'),
    probes: 'other 253, udplite 9',
    expect: [],
  },
  {
    title: '§6.2.1 rules in order: the first that matches decides',
    resources: toWeb(
      '{ action: Deny, protocol: TCP, destination: { ports: [8080] } }',
      '{ action: Allow, protocol: TCP }',
      '{ action: Deny, protocol: UDP }',
      '{ action: Allow, protocol: UDP, destination: { ports: [53] } }',
    ),
    expect: ['web <- all: tcp 80'],
  },
  {
    title: '§6.1 protocol by name: TCP is not UDP, SCTP or ICMP',
    resources: toWeb('{ action: Allow, protocol: TCP }'),
    expect: ['web <- all: tcp'],
  },
  {
    title: '§6.1 protocol by number: 17 is UDP, with ports; 132 is SCTP',
    resources: toWeb('{ action: Allow, protocol: 17, destination: { ports: [53] } }', '{ action: Allow, protocol: 132 }'),
    expect: ['web <- all: udp 53, sctp'],
  },
  {
    title: '§6.1 a protocol number without a name here: 253, and 47 for GRE',
    resources: toWeb('{ action: Allow, protocol: 253 }', '{ action: Deny, protocol: 47 }', '{ action: Allow, protocol: UDP }'),
    probes: 'other 47 253',
    expect: ['web <- all: other 253, udp'],
  },
  {
    title: '§6.1 protocol UDPLite is not UDP',
    resources: toWeb('{ action: Allow, protocol: UDPLite }'),
    probes: 'udplite 53',
    expect: ['web <- all: udplite'],
  },
  {
    title: '§6.1 protocol SCTP with ports',
    resources: toWeb('{ action: Allow, protocol: SCTP, destination: { ports: [3868, "4000:4001"] } }'),
    probes: 'sctp 3867 4000 4001 4002',
    expect: ['web <- all: sctp 3868 4000-4001'],
  },
  {
    title: '§6.1 protocol 255 is the largest number',
    resources: toWeb('{ action: Deny, protocol: 255 }', '{ action: Allow, protocol: ICMP }', '{ action: Allow, protocol: ICMPv6 }'),
    expect: ['web <- all: icmp'],
  },
  {
    title: '§6.1 notProtocol: everything else, by name',
    resources: toWeb('{ action: Allow, notProtocol: TCP }'),
    probes: 'other 253',
    expect: ['web <- all: all -tcp'],
  },
  {
    title: '§6.1 notProtocol by number, in a Deny rule',
    resources: toWeb('{ action: Deny, notProtocol: 17 }', '{ action: Allow }'),
    expect: ['web <- all: udp'],
  },
  {
    title: '§6.1 protocol and notProtocol must both hold: another changes nothing, the same leaves nothing',
    resources: toWeb('{ action: Allow, protocol: TCP, notProtocol: UDP }', '{ action: Allow, protocol: SCTP, notProtocol: SCTP }'),
    expect: ['web <- all: tcp'],
  },
  {
    title: '§6.1 notProtocol ICMP leaves ICMPv6 alone',
    resources: toWeb('{ action: Allow, notProtocol: ICMP }'),
    expect: ['web <- all: all -icmp4'],
  },
  {
    title: '§6.1 ipVersion 4: the rule is for IPv4 only',
    resources: toWeb('{ action: Allow, ipVersion: 4 }'),
    expect: ['web <- all: v4 all'],
  },
  {
    title: '§6.1 ipVersion 6 in a Deny rule',
    resources: toWeb('{ action: Deny, ipVersion: 6, protocol: TCP }', '{ action: Allow, protocol: TCP }'),
    expect: ['web <- all: v4 tcp'],
  },
  {
    title: '§6.1 protocol ICMP is of IPv4, ICMPv6 of IPv6',
    resources: toWeb('{ action: Allow, protocol: ICMP }') + np('bank/six', 'ingress:\n  - { action: Allow, protocol: ICMPv6 }'),
    expect: ['web <- all: icmp4', 'bank <- all: icmp6'],
  },
  {
    title: '§6.1 ICMP by protocol number: 1 and 58',
    resources: toWeb('{ action: Allow, protocol: 1, icmp: { type: 8 } }', '{ action: Allow, protocol: 58 }'),
    probes: 'icmp 13',
    expect: ['web <- all: icmp4 8, icmp6'],
  },
  {
    title: '§6.1 icmp.type: that type only',
    resources: toWeb('{ action: Allow, protocol: ICMP, icmp: { type: 13 } }', '{ action: Allow, protocol: ICMPv6, icmp: { type: 139 } }'),
    probes: 'icmp 13, icmp6 139',
    expect: ['web <- all: icmp4 13, icmp6 139'],
  },
  {
    title: '§6.1 icmp.code: type and code, another code is not meant',
    resources: toWeb(
      '{ action: Allow, protocol: ICMP, icmp: { type: 8, code: 0 } }',
      '{ action: Allow, protocol: ICMPv6, icmp: { type: 128, code: 1 } }',
    ),
    expect: ['web <- all: icmp4'],
  },
  {
    title: '§6.1 notICMP.type: every other ICMP type of the family',
    resources: toWeb(
      '{ action: Allow, protocol: ICMP, notICMP: { type: 8 } }',
      '{ action: Allow, protocol: ICMPv6, notICMP: { type: 139 } }',
    ),
    probes: 'icmp 13, icmp6 139',
    expect: ['web <- all: icmp4 13, icmp6 128'],
  },
  {
    title: '§6.1 notICMP with a code excludes that code only',
    resources: toWeb(
      '{ action: Allow, protocol: ICMP, notICMP: { type: 8, code: 1 } }',
      '{ action: Allow, protocol: ICMPv6, notICMP: { type: 128, code: 0 } }',
    ),
    probes: 'icmp6 139',
    expect: ['web <- all: icmp4, icmp6 139'],
  },
  {
    title: '§6.1 icmp and notICMP in one rule: the type, without the code',
    resources: toWeb(
      '{ action: Allow, protocol: ICMP, icmp: { type: 8 }, notICMP: { type: 8, code: 0 } }',
      '{ action: Allow, protocol: ICMP, icmp: { type: 13 }, notICMP: { type: 8 } }',
    ),
    probes: 'icmp 13',
    expect: ['web <- all: icmp4 13'],
  },
  {
    title: '§6.1 a protocol in egress, all of a global policy’s pods',
    resources: gnp('udp-only', 'selector: has(app)\ntypes: [Egress]\negress:\n  - { action: Allow, protocol: UDP }'),
    expect: ['web db vault admin -> all: udp'],
  },
]
