/** Nets of a rule, alone and beside selectors, in both families (resource reference §6.1, §6.1.1). */
import { gnp, np, type Scenario } from './scenario.ts'

const toWeb = (...rules: readonly string[]) =>
  np('shop/web', `selector: app == 'web'\ningress:\n${rules.map((rule) => `  - ${rule}`).join('\n')}`)

export const ruleAddresses: readonly Scenario[] = [
  {
    title: '§6.1.1 nets: one net; the other family is left out, never "any"',
    resources: toWeb('{ action: Allow, source: { nets: [10.99.0.0/24] } }'),
    expect: ['web <- outside: v4 all'],
  },
  {
    title: '§6.1.1 nets: several are alternatives; a bare address is one host',
    resources: toWeb('{ action: Allow, source: { nets: ["fd00:244:1::12", "fd00:244:1::13/128", "fd00:99::/64"] } }'),
    expect: ['web <- client other outside: v6 all'],
  },
  {
    title: '§6.1.1 notNets: neither of them; in the other family they exclude nothing',
    resources: toWeb('{ action: Allow, source: { notNets: [10.244.1.12/32, 10.99.0.0/16] } }'),
    expect: ['web <- all -client -outside; client outside: v6 all'],
  },
  {
    title: '§6.1.1 one notNet of IPv6',
    resources: toWeb('{ action: Allow, source: { notNets: ["fd00:99::/32"] } }'),
    expect: ['web <- pods; outside: v4 all'],
  },
  {
    title: '§6.1.1 nets and notNets must both hold',
    resources: toWeb('{ action: Allow, source: { nets: [10.244.1.0/24], notNets: [10.244.1.12/31] } }'),
    expect: ['web <- pods -client -other: v4 all'],
  },
  {
    title: '§6.1.1 nets and selector in one entity must both hold',
    resources: toWeb("{ action: Allow, source: { nets: [10.244.1.12/31], selector: role == 'client' } }"),
    expect: ['web <- client: v4 all'],
  },
  {
    title: '§6.1.1 notNets and selector: of the selected, not those',
    resources: toWeb('{ action: Allow, source: { notNets: [10.244.1.12/32], selector: has(role) } }'),
    expect: ['web <- other; client: v6 all'],
  },
  {
    title: '§6.1 nets of both sides of one rule must both hold; a destination net of ingress is the pod itself',
    resources: toWeb(
      '{ action: Allow, protocol: TCP, source: { nets: [10.99.0.9/32] }, destination: { nets: [10.244.1.10/32] } }',
      '{ action: Allow, protocol: UDP, destination: { nets: [10.244.1.11/32] } }',
    ),
    expect: ['web <- outside: v4 tcp'],
  },
  {
    title: '§6.1 egress to a net, and to everything but a net',
    resources: gnp(
      'out',
      `selector: role == 'client'
types: [Egress]
egress:
  - { action: Allow, protocol: TCP, destination: { nets: [10.99.0.0/16] } }
  - { action: Allow, protocol: UDP, destination: { notNets: [10.244.0.0/16] } }`,
    ),
    expect: ['client partner -> outside: v4 tcp, udp; pods: v6 udp'],
  },
  {
    title: '§6.1 0.0.0.0/0 and ::/0 as nets: everybody of the family',
    resources: toWeb(
      '{ action: Allow, protocol: TCP, source: { nets: [0.0.0.0/0] } }',
      '{ action: Allow, protocol: UDP, source: { nets: ["::/0"] } }',
    ),
    expect: ['web <- all: v4 tcp, v6 udp'],
  },
  {
    title: '§6.1 /0 beside other nets is still everybody',
    resources: toWeb('{ action: Allow, protocol: TCP, source: { nets: [10.99.0.0/24, 0.0.0.0/0] } }'),
    expect: ['web <- all: v4 tcp'],
  },
  {
    title: '§6.1 a Deny rule with nets of IPv4 denies nothing in IPv6',
    resources: toWeb('{ action: Deny, source: { nets: [10.0.0.0/8] } }', '{ action: Allow }'),
    expect: ['web <- all: v6 all'],
  },
  {
    title: '§6.1.1 a selector for the destination of an ingress rule narrows whom the rule is about',
    resources: np('shop/some', "ingress:\n  - { action: Allow, destination: { selector: app == 'web' } }"),
    expect: ['db client other <- nothing'],
  },
  {
    title: '§6.1.1 a source selector in egress narrows the senders',
    resources: gnp(
      'some',
      "selector: has(role)\ntypes: [Egress]\negress:\n  - { action: Allow, source: { selector: role == 'client' }, destination: { selector: has(app) } }",
    ),
    expect: ['client partner -> web db vault admin', 'other admin -> nothing'],
  },
  {
    title: '§6.1 all conditions at once: family, protocol, nets, selector, ports of both sides',
    resources: toWeb(
      "{ action: Allow, ipVersion: 4, protocol: TCP, notProtocol: UDP, source: { nets: [10.244.0.0/16], notNets: [10.244.1.13/32], selector: has(role), notSelector: app == 'db', ports: ['1024:65535'] }, destination: { nets: [10.244.1.10/32], notNets: [10.244.1.11/32], ports: [8080], notPorts: [80] } }",
    ),
    expect: ['web <- client: v4 tcp 8080'],
  },
  {
    title: '§6.1 256 nets in one rule',
    resources: toWeb(
      `{ action: Allow, source: { nets: [${[...Array(255).keys()].map((i) => `172.16.${i}.0/24`).join(', ')}, 10.99.0.9/32] } }`,
    ),
    expect: ['web <- outside: v4 all'],
  },
  {
    title: '§6.1 annotations of a rule change nothing of what it means, whatever they say',
    resources: toWeb(`{ action: Allow, protocol: TCP, metadata: { annotations: { why: 'said "so" -j ACCEPT\\n; } $x', owner: ops } } }`),
    expect: ['web <- all: tcp'],
  },
  {
    title: '§6.2 performanceHints change nothing of what is enforced',
    resources: np(
      'shop/hinted',
      "selector: app == 'web'\nperformanceHints: [AssumeNeededOnEveryNode]\ningress:\n  - { action: Allow, protocol: TCP }",
    ),
    expect: ['web <- all: tcp'],
  },
]
