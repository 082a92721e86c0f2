/** Ports of a rule: lists, ranges, names, exclusions, of either side (resource reference §6.1, §6.1.1). */
import { np, type Scenario } from './scenario.ts'
import { pod } from './world.ts'

const toWeb = (...rules: readonly string[]) =>
  np('shop/web', `selector: app == 'web'\ningress:\n${rules.map((rule) => `  - ${rule}`).join('\n')}`)
const odd = '1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31, 33'

export const rulePorts: readonly Scenario[] = [
  {
    title: '§6.1 several ports are alternatives; a string of digits is a number',
    resources: toWeb('{ action: Allow, protocol: TCP, destination: { ports: [80, "8081", 9000] } }'),
    probes: 'tcp 8081 9000 9001',
    expect: ['web <- all: tcp 80 8081 9000'],
  },
  {
    title: '§6.1 a range has both its ends',
    resources: toWeb('{ action: Allow, protocol: UDP, destination: { ports: ["8000:8080"] } }'),
    probes: 'udp 7999 8000 8081',
    expect: ['web <- all: udp 8000-8080'],
  },
  {
    title: '§6.1 ports 1 and 65535, and the range of everything',
    resources: toWeb(
      '{ action: Allow, protocol: TCP, destination: { ports: [1, 65535] } }',
      '{ action: Allow, protocol: UDP, destination: { ports: ["1:65535"] } }',
    ),
    probes: 'tcp 1 2 65534 65535, udp 1 65535',
    expect: ['web <- all: tcp 1 65535, udp'],
  },
  {
    title: '§6.1 more ports than one match of the kernel holds (15 slots): the first, one in the middle, the last',
    resources: toWeb(`{ action: Allow, protocol: TCP, destination: { ports: [${odd}, "8070:8080"] } }`),
    probes: 'tcp 1 2 17 31 33 35 8070 8081',
    expect: ['web <- all: tcp 1 17 31 33 8070-8080'],
  },
  {
    title: '§6.1 ten ranges take two slots each',
    resources: toWeb(
      `{ action: Allow, protocol: TCP, destination: { ports: [${[...Array(10).keys()].map((i) => `"${i + 1}001:${i + 1}010"`).join(', ')}] } }`,
    ),
    probes: 'tcp 1001 1010 1011 8001 8010 9005 10001 10010 10011',
    expect: ['web <- all: tcp 1001-1010 8001-8010 9001-9010 10001-10010'],
  },
  {
    title: '§6.1 notPorts: none of them',
    resources: toWeb('{ action: Allow, protocol: TCP, destination: { notPorts: [80, "9000:9001"] } }'),
    probes: 'tcp 8999 9000 9001 9002',
    expect: ['web <- all: tcp 8080 8999 9002'],
  },
  {
    title: '§6.1 more notPorts than one match holds: none of them still',
    resources: toWeb(`{ action: Allow, protocol: TCP, destination: { notPorts: [${odd}, "8070:8080"] } }`),
    probes: 'tcp 1 2 33 8069',
    expect: ['web <- all: tcp 2 80 8069'],
  },
  {
    title: '§6.1 ports and notPorts in one entity: the range without its hole',
    resources: toWeb('{ action: Allow, protocol: TCP, destination: { ports: ["8000:9000"], notPorts: [8080] } }'),
    probes: 'tcp 8000 8079 8081 9000',
    expect: ['web <- all: tcp 8000-8079 8081-9000'],
  },
  {
    title: '§6.1 source ports: those of the sender',
    resources: toWeb(
      '{ action: Allow, protocol: TCP, source: { ports: ["1024:65535"] } }',
      '{ action: Allow, protocol: UDP, source: { ports: ["1:1023"] } }',
    ),
    expect: ['web <- all: tcp'],
  },
  {
    title: '§6.1 source notPorts',
    resources: toWeb(
      '{ action: Allow, protocol: TCP, source: { notPorts: ["1024:65535"] } }',
      '{ action: Allow, protocol: UDP, source: { notPorts: [53] } }',
    ),
    expect: ['web <- all: udp'],
  },
  {
    title: '§6.1 ports of both sides must hold: more than 15 slots on each',
    resources: toWeb(
      `{ action: Allow, protocol: TCP, source: { ports: [${odd}, "20000:61000"] }, destination: { ports: [${odd}, 8080] } }`,
    ),
    expect: ['web <- all: tcp 8080'],
  },
  {
    title: '§6.1 a named port is that of each pod selected, with its own protocol',
    resources: np('shop/named', 'ingress:\n  - { action: Allow, protocol: TCP, destination: { ports: [http] } }'),
    expect: ['web <- all: tcp 8080', 'db <- all: tcp 80', 'client other <- nothing'],
  },
  {
    title: '§6.1 rule 3: a rule without protocol may name ports: of whatever protocol they have',
    resources: toWeb('{ action: Allow, destination: { ports: [http, dns, signal] } }'),
    probes: 'udp 8080, tcp 53',
    expect: ['web <- all: tcp 8080, udp 53, sctp 3868'],
  },
  {
    title: '§6.1 named and numeric ports mixed, also beyond 15 slots',
    resources: toWeb(`{ action: Allow, protocol: TCP, destination: { ports: [http, ${odd}, 443] } }`),
    probes: 'tcp 1 33 443 444',
    expect: ['web <- all: tcp 1 33 443 8080'],
  },
  {
    title: '§6.1 a rule of one protocol does not open the same name of another',
    resources: toWeb(
      '{ action: Allow, protocol: TCP, destination: { ports: [dns] } }',
      '{ action: Allow, protocol: UDP, destination: { ports: [dns] } }',
    ),
    probes: 'tcp 53',
    expect: ['web <- all: udp 53'],
  },
  {
    title: '§6.1 notPorts by name: the pod’s own port is excluded',
    resources: toWeb('{ action: Allow, protocol: TCP, destination: { notPorts: [http, 81] } }'),
    probes: 'tcp 81',
    expect: ['web <- all: tcp 80'],
  },
  {
    title: '§6.1 a named port in egress is looked up at the destination, in any namespace',
    resources: np(
      'shop/out',
      "selector: role == 'client'\ntypes: [Egress]\negress:\n  - { action: Allow, protocol: TCP, destination: { ports: [http], namespaceSelector: all() } }",
    ),
    expect: ['client -> web: tcp 8080; db: tcp 80'],
  },
  {
    title: '§6.1 a named port nobody has opens nothing, in a Deny rule it closes nothing',
    resources: toWeb(
      '{ action: Deny, protocol: TCP, destination: { ports: [nowhere] } }',
      '{ action: Allow, protocol: UDP, destination: { ports: [nowhere] } }',
      '{ action: Allow, protocol: TCP }',
    ),
    expect: ['web <- all: tcp'],
  },
  {
    title: '§6.9 a pod’s named port gets another number while it runs, then goes',
    resources: toWeb('{ action: Allow, protocol: TCP, destination: { ports: [http] } }'),
    expect: ['web <- all: tcp 8080'],
    later: [
      { apply: pod('web', { ports: [{ name: 'http', protocol: 'TCP', port: 80 }] }), expect: ['web <- all: tcp 80'] },
      { apply: pod('web', { ports: [{ name: 'http', protocol: 'UDP', port: 80 }] }), expect: ['web <- nothing'] },
    ],
  },
]
