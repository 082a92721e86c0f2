/** networking.k8s.io/v1 NetworkPolicy: peers and ports (resource reference §6.15). */
import { knp, type Scenario } from './scenario.ts'
import { namespace } from './world.ts'

/** A policy for pod web alone. */
const toWeb = (ingress: string) => knp('shop/web', `podSelector: { matchLabels: { app: web } }\ningress:\n${ingress}`)
const fromClient = (egress: string) =>
  knp('shop/client', `podSelector: { matchLabels: { role: client } }\npolicyTypes: [Egress]\negress:\n${egress}`)

export const k8sRules: readonly Scenario[] = [
  {
    title: '§6.15 a peer podSelector alone means pods of the policy namespace only',
    resources: toWeb('  - from: [{ podSelector: { matchLabels: { role: client } } }]'),
    expect: ['web <- client'],
  },
  {
    title: '§6.15 a peer podSelector {} means every pod of the policy namespace, nobody outside it',
    resources: toWeb('  - from: [{ podSelector: {} }]'),
    expect: ['web <- shop'],
  },
  {
    title: '§6.15 a peer namespaceSelector alone means all pods of those namespaces',
    resources: toWeb('  - from: [{ namespaceSelector: { matchLabels: { team: b } } }]'),
    expect: ['web <- bank'],
  },
  {
    title: '§6.15 a peer namespaceSelector {} means all pods of all namespaces, but no machine outside',
    resources: toWeb('  - from: [{ namespaceSelector: {} }]'),
    expect: ['web <- pods'],
  },
  {
    title: '§6.15 namespaceSelector and podSelector in one peer must both hold',
    resources: toWeb('  - from: [{ namespaceSelector: { matchLabels: { env: prod } }, podSelector: { matchLabels: { role: client } } }]'),
    expect: ['web <- client partner'],
  },
  {
    title: '§6.15 several peers are alternatives',
    resources: toWeb(
      '  - from: [{ podSelector: { matchLabels: { role: other } } }, { namespaceSelector: { matchLabels: { team: ops } } }, { ipBlock: { cidr: 10.99.0.0/24 } }]',
    ),
    expect: ['web <- other ops; outside: v4 all'],
  },
  {
    title: '§6.15 a namespace is found by its name label, kubernetes.io/metadata.name',
    resources: toWeb(
      '  - from: [{ namespaceSelector: { matchExpressions: [{ key: kubernetes.io/metadata.name, operator: In, values: [bank] }] } }]',
    ),
    expect: ['web <- bank'],
  },
  {
    title: '§6.15 namespaceSelector NotIn also means namespaces without the label',
    resources: toWeb('  - from: [{ namespaceSelector: { matchExpressions: [{ key: env, operator: NotIn, values: [prod] }] } }]'),
    expect: ['web <- ops plain'],
  },
  {
    title: '§6.15 from: [] is from absent: all sources',
    resources: toWeb('  - { from: [], ports: [{ port: 80 }] }'),
    expect: ['web <- all: tcp 80'],
  },
  {
    title: '§6.15 a port without protocol is of TCP',
    resources: toWeb('  - ports: [{ port: 8080 }]'),
    expect: ['web <- all: tcp 8080'],
  },
  {
    title: '§6.15 a protocol without port means all its ports',
    resources: toWeb('  - ports: [{ protocol: UDP }]'),
    expect: ['web <- all: udp'],
  },
  {
    title: '§6.15 protocol SCTP with a port, and SCTP alone',
    resources: toWeb(
      '  - { from: [{ podSelector: {} }], ports: [{ protocol: SCTP, port: 3868 }] }\n  - { from: [{ namespaceSelector: { matchLabels: { team: b } } }], ports: [{ protocol: SCTP }] }',
    ),
    probes: 'sctp 3869',
    expect: ['web <- shop: sctp 3868; bank: sctp'],
  },
  {
    title: '§6.15 ports of several protocols in one rule',
    resources: toWeb('  - ports: [{ port: 80 }, { protocol: UDP, port: 53 }, { protocol: SCTP, port: 3868 }]'),
    expect: ['web <- all: tcp 80, udp 53, sctp 3868'],
  },
  {
    title: '§6.15 endPort: the range with both its ends, not one beyond',
    resources: toWeb('  - ports: [{ port: 8000, endPort: 8010 }, { protocol: UDP, port: 8080, endPort: 8080 }]'),
    probes: 'tcp 7999 8000 8005 8010 8011, udp 8079 8081',
    expect: ['web <- all: tcp 8000-8010, udp 8080'],
  },
  {
    title: '§6.15 endPort 65535, and ranges that overlap',
    resources: toWeb('  - ports: [{ port: 65000, endPort: 65535 }, { port: 64000, endPort: 65100 }, { port: 64500 }]'),
    probes: 'tcp 63999 64000 65050 65535',
    expect: ['web <- all: tcp 64000-65535'],
  },
  {
    title: '§6.15 rule 9: a rule without ports allows ICMP and any protocol, one with ports does not',
    resources: toWeb(
      '  - from: [{ podSelector: {} }]\n  - { from: [{ namespaceSelector: { matchLabels: { team: b } } }], ports: [{ protocol: TCP }, { protocol: UDP }, { protocol: SCTP }] }',
    ),
    probes: 'other 253',
    expect: ['web <- shop; bank: tcp, udp, sctp'],
  },
  {
    title: '§6.15 a named port is the number that each selected pod gives it',
    resources: knp(
      'shop/http',
      'podSelector: { matchExpressions: [{ key: app, operator: Exists }] }\ningress: [{ ports: [{ port: http }] }]',
    ),
    expect: ['web <- all: tcp 8080', 'db <- all: tcp 80'],
  },
  {
    title: '§6.15 a named port counts with its own protocol only',
    resources: toWeb('  - ports: [{ port: dns, protocol: TCP }, { port: signal, protocol: SCTP }, { port: http, protocol: UDP }]'),
    probes: 'tcp 53 3868, sctp 8080',
    expect: ['web <- all: sctp 3868'],
  },
  {
    title: '§6.15 a named port that the pod does not have opens nothing; a number beside it counts',
    resources: toWeb('  - ports: [{ port: metrics }, { port: 80 }]'),
    expect: ['web <- all: tcp 80'],
  },
  {
    title: '§6.15 egress to pods of the own namespace by label',
    resources: fromClient('  - to: [{ podSelector: { matchLabels: { tier: front } } }]'),
    expect: ['client -> web'],
  },
  {
    title: '§6.15 egress to another namespace, one port',
    resources: fromClient(
      '  - { to: [{ namespaceSelector: { matchLabels: { team: b } }, podSelector: { matchLabels: { app: db } } }], ports: [{ port: 80 }] }',
    ),
    expect: ['client -> vault: tcp 80'],
  },
  {
    title: '§6.15 rule 11: a named port of egress is looked up at each destination',
    resources: fromClient('  - { to: [{ podSelector: {} }], ports: [{ port: http }] }'),
    expect: ['client -> web: tcp 8080; db: tcp 80'],
  },
  {
    title: '§6.15 rule 11: a named port of egress to an ipBlock matches nothing; the number beside it does',
    resources: fromClient('  - { to: [{ ipBlock: { cidr: 10.0.0.0/8 } }], ports: [{ port: http }, { protocol: UDP, port: 53 }] }'),
    expect: ['client -> all: v4 udp 53'],
  },
  {
    title: '§6.15 ipBlock with except: pods and machines alike, by address',
    resources: toWeb('  - from: [{ ipBlock: { cidr: 10.0.0.0/8, except: [10.244.1.12/32, 10.244.1.14/31] } }]'),
    expect: ['web <- all -client -partner -vault: v4 all'],
  },
  {
    title: '§6.15 ipBlock of IPv6 with except; IPv4 stays closed',
    resources: toWeb('  - from: [{ ipBlock: { cidr: "fd00::/16", except: ["fd00:99::/64"] } }]'),
    expect: ['web <- pods: v6 all'],
  },
  {
    title: '§6.15 ipBlock 0.0.0.0/0 is everybody in IPv4 and nobody in IPv6',
    resources: toWeb('  - from: [{ ipBlock: { cidr: 0.0.0.0/0 } }]'),
    expect: ['web <- all: v4 all'],
  },
  {
    title: '§6.15 egress ipBlock: only the machine outside',
    resources: fromClient('  - to: [{ ipBlock: { cidr: 10.99.0.9/32 } }, { ipBlock: { cidr: "fd00:99::9/128" } }]'),
    expect: ['client -> outside'],
  },
  {
    title: '§6.15 a namespace gets a label while it runs: its pods are let in; the label goes: they are not',
    resources: toWeb('  - from: [{ namespaceSelector: { matchLabels: { trusted: "yes" } } }]'),
    expect: ['web <- nothing'],
    later: [
      { apply: namespace('ops', '{ team: ops, trusted: "yes" }'), expect: ['web <- ops'] },
      { apply: namespace('ops', '{ team: ops, trusted: "no" }'), expect: ['web <- nothing'] },
    ],
  },
]
