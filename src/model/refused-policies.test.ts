/** Resource reference §6.17.3, what is about policies and about every kind: each mistake in YAML, with document:line, path and reason. */
import t from 'tap'
import { kubernetes, refusals, rule, yaml } from './refused.fixture.ts'

const calico = 'projectcalico.org/v3'
const port =
  'must be a port 1 to 65535, a range "a:b" with a <= b, or a port name of at most 128 of A-Z, a-z, 0-9, "_", "." and "-", with a letter'
const list = (count: number, item: (i: number) => string | number) => Array.from({ length: count }, (_, i) => item(i)).join(', ')

type Row = readonly [number: number, title: string, text: string, problems: readonly string[], before?: string]

const rows: readonly Row[] = [
  [
    1,
    'unmasked net in nets',
    rule('action: Allow\nsource:\n  nets:\n  - 192.0.2.0/24\n  - 10.0.0.5/8'),
    ['0:10 spec.ingress[0].source.nets[1]: must be a CIDR whose host bits are zero, or an address, did you mean 10.0.0.0/8?'],
  ],
  [
    2,
    'mixed families in one rule',
    rule("action: Allow\nsource: { nets: [10.0.0.0/8] }\ndestination:\n  notNets: ['fd00::/8']"),
    ['0:9 spec.ingress[0].destination.notNets[0]: a rule has nets of one family only: the first is IPv4'],
  ],
  [
    3,
    'family against ipVersion',
    rule('action: Allow\nipVersion: 6\nsource: { nets: [10.0.0.0/8] }'),
    ['0:8 spec.ingress[0].source.nets[0]: is not of ipVersion 6'],
  ],
  [
    4,
    'every address in notNets',
    rule('action: Deny\nsource: { notNets: [0.0.0.0/0] }\n'),
    ['0:7 spec.ingress[0].source.notNets[0]: excludes every address: the rule would match nothing'],
  ],
  [
    4,
    'every address in notNets, IPv6',
    rule("action: Deny\nsource: { notNets: ['::/0'] }"),
    ['0:7 spec.ingress[0].source.notNets[0]: excludes every address: the rule would match nothing'],
  ],
  [
    5,
    'port 0, 65536, 90:80',
    rule('action: Allow\nprotocol: TCP\ndestination:\n  ports:\n  - 0\n  - 65536\n  - 90:80'),
    [
      `0:10 spec.ingress[0].destination.ports[0]: ${port}`,
      `0:11 spec.ingress[0].destination.ports[1]: ${port}`,
      `0:12 spec.ingress[0].destination.ports[2]: ${port}, did you mean "80:90"?`,
    ],
  ],
  [
    6,
    'numeric port without protocol',
    rule('action: Allow\ndestination:\n  ports: [http, 80]'),
    ['0:8 spec.ingress[0].destination.ports[1]: a port number needs a protocol: TCP, UDP or SCTP'],
  ],
  [
    7,
    'port with ICMP',
    rule('action: Allow\nprotocol: ICMP\ndestination: { ports: [8] }'),
    ['0:8 spec.ingress[0].destination.ports: protocol ICMP has no ports here: only TCP, UDP and SCTP'],
  ],
  [
    8,
    'port with UDPLite',
    rule('action: Allow\nprotocol: 136\nsource: { ports: [8] }'),
    ['0:8 spec.ingress[0].source.ports: protocol 136 has no ports here: only TCP, UDP and SCTP'],
  ],
  [9, 'ICMP type without protocol', rule('action: Allow\nicmp: { type: 8 }'), ['0:7 spec.ingress[0].icmp: needs protocol ICMP or ICMPv6']],
  [10, 'code without type', rule('action: Allow\nprotocol: ICMP\nicmp:\n  code: 8'), ['0:9 spec.ingress[0].icmp.code: needs a type']],
  [
    11,
    'type 255, code 256',
    rule('action: Allow\nprotocol: ICMPv6\nnotICMP:\n  type: 255\n  code: 256'),
    ['0:9 spec.ingress[0].notICMP.type: must be <= 254', '0:10 spec.ingress[0].notICMP.code: must be <= 255'],
  ],
  [
    12,
    'ICMPv6 with ipVersion: 4',
    rule('action: Allow\nipVersion: 4\nprotocol: ICMPv6'),
    ['0:8 spec.ingress[0].protocol: ICMPv6 needs ipVersion 6'],
  ],
  [
    13,
    'selector syntax error',
    rule('action: Allow\nsource:\n  selector: app == web && has(tier)'),
    [
      '0:8 spec.ingress[0].source.selector: is not a selector: expected an operator after the label, at character 12 (app == web ▸&& has(tier)): put the value in quotes',
    ],
  ],
  [
    14,
    'global() in selector',
    rule('action: Allow\nsource:\n  selector: global()'),
    ['0:8 spec.ingress[0].source.selector: global() has no meaning here'],
  ],
  [
    14,
    'the text global( in a string',
    rule(`action: Allow\nsource:\n  notSelector: app == "global("`),
    ['0:8 spec.ingress[0].source.notSelector: global() has no meaning here'],
  ],
  [
    15,
    "global() && x == 'y' in namespaceSelector",
    rule("action: Allow\nsource:\n  namespaceSelector: global() && x == 'y'"),
    ['0:8 spec.ingress[0].source.namespaceSelector: global() can only stand alone'],
  ],
  [
    16,
    'services with selector',
    rule('action: Allow\nsource:\n  services: { name: db, namespace: shop }\n  selector: all()'),
    ['0:9 spec.ingress[0].source.selector: cannot stand beside services, which says who is meant'],
  ],
  [
    16,
    'services with nets',
    rule('action: Allow\nsource:\n  services: { name: db, namespace: shop }\n  nets: [10.0.0.0/8]\n  notNets: [10.1.0.0/16]'),
    [
      '0:9 spec.ingress[0].source.nets: cannot stand beside services, which says who is meant',
      '0:10 spec.ingress[0].source.notNets: cannot stand beside services, which says who is meant',
    ],
  ],
  [
    16,
    'services with service accounts',
    rule('action: Allow\nsource:\n  services: { name: db, namespace: shop }\n  serviceAccounts: { names: [a] }'),
    ['0:9 spec.ingress[0].source.serviceAccounts: cannot stand beside services, which says who is meant'],
  ],
  [
    17,
    'services in the wrong direction',
    rule('action: Allow\ndestination:\n  services: { name: db, namespace: shop }'),
    ['0:8 spec.ingress[0].destination.services: has no meaning in an ingress rule: the service of the other end is source.services'],
  ],
  [
    18,
    'services without namespace in a global policy',
    rule('action: Allow\nsource:\n  services: { name: db }'),
    ['0:8 spec.ingress[0].source.services.namespace: is required in what is in no namespace itself'],
  ],
  [
    19,
    'preDNAT with egress rules',
    yaml('GlobalNetworkPolicy', 'preDNAT: true\napplyOnForward: true\negress:\n- action: Allow'),
    ['0:7 spec.egress: is not for preDNAT, which is about ingress only'],
  ],
  [
    19,
    'preDNAT with type Egress',
    yaml('GlobalNetworkPolicy', 'preDNAT: true\napplyOnForward: true\ntypes: [Ingress, Egress]'),
    ['0:7 spec.types: Egress is not for preDNAT, which is about ingress only'],
  ],
  [
    20,
    'preDNAT + doNotTrack',
    yaml('GlobalNetworkPolicy', 'preDNAT: true\ndoNotTrack: true\napplyOnForward: true'),
    ['0:6 spec.doNotTrack: excludes preDNAT'],
  ],
  [21, 'preDNAT without applyOnForward', yaml('GlobalNetworkPolicy', 'preDNAT: true'), ['0:5 spec.preDNAT: needs applyOnForward: true']],
  [22, 'duplicate types', yaml('GlobalNetworkPolicy', 'types: [Ingress, Ingress]'), ['0:5 spec.types: must not have duplicate items']],
  [
    23,
    'tier name with a dot',
    yaml('Tier', 'order: 1', calico, '{ name: a.b }'),
    ['0:3 metadata.name: must be a DNS-1123 label: at most 63 of a-z, 0-9 and "-", no dots'],
  ],
  [
    24,
    'fixed order of a built-in tier changed',
    yaml('Tier', 'order: 1', calico, '{ name: default }'),
    ['0:5 spec.order: of the built-in tier default is always 1000000'],
  ],
  [
    25,
    'network set with the reserved label',
    yaml('NetworkSet', 'nets: []', calico, '{ name: a, namespace: shop, labels: { projectcalico.org/namespace: shop } }'),
    ['0:3 metadata.labels["projectcalico.org/namespace"]: is set by the agent'],
  ],
  [
    25,
    'global network set with the reserved label',
    yaml('GlobalNetworkSet', 'nets: []', calico, '{ name: a, labels: { projectcalico.org/namespace: shop } }'),
    ['0:3 metadata.labels["projectcalico.org/namespace"]: is set by the agent'],
  ],
  [
    43,
    'more than 1024 rules',
    yaml('GlobalNetworkPolicy', `egress: [${list(1025, () => '{ action: Allow }')}]`),
    ['0:5 spec.egress: must not have more than 1024 items'],
  ],
  [
    43,
    'more than 256 nets',
    rule(`action: Allow\nsource: { nets: [${list(257, (i) => `10.${i >> 8}.${i & 255}.0/24`)}] }`),
    ['0:7 spec.ingress[0].source.nets: must not have more than 256 items'],
  ],
  [
    43,
    'more than 50 ports',
    rule(`action: Allow\nprotocol: TCP\nsource: { ports: [${list(51, (i) => i + 1)}] }`),
    ['0:8 spec.ingress[0].source.ports: must not have more than 50 items'],
  ],
  [
    43,
    'selector of more than 1024 characters',
    rule(`action: Allow\nsource: { selector: has(${'a'.repeat(1020)}) }`),
    ['0:7 spec.ingress[0].source.selector: must not have more than 1024 characters'],
  ],
  [
    44,
    'annotation size > 256 KiB',
    yaml('Tier', '{}', calico, `{ name: a, annotations: { a: ${'x'.repeat(256 * 1024)} } }`),
    ['0:3 metadata.annotations: annotations have 262145 bytes, at most 262144 are allowed'],
  ],
  [
    45,
    'label value > 63',
    yaml('Tier', '{}', calico, `{ name: a, labels: { a: ${'x'.repeat(64)} } }`),
    ['0:3 metadata.labels.a: a label value has at most 63 of A-Z, a-z, 0-9, "-", "_" and ".", the ends alphanumeric'],
  ],
  [
    46,
    'name > 253',
    yaml('GlobalNetworkSet', '{}', calico, `{ name: ${'x'.repeat(254)} }`),
    ['0:3 metadata.name: must be a DNS-1123 subdomain of at most 253 characters'],
  ],
  [
    50,
    'except outside cidr',
    kubernetes('podSelector: {}\ningress:\n- from:\n  - ipBlock:\n      cidr: 10.0.0.0/8\n      except: [11.0.0.0/16]'),
    ['0:10 spec.ingress[0].from[0].ipBlock.except[0]: must lie strictly inside 10.0.0.0/8'],
  ],
  [
    50,
    'endPort < port',
    kubernetes('podSelector: {}\ningress:\n- ports:\n  - port: 80\n    endPort: 79'),
    ['0:9 spec.ingress[0].ports[0].endPort: must be at least the port, 80'],
  ],
  [
    50,
    'endPort with a named port',
    kubernetes('podSelector: {}\ningress:\n- ports:\n  - port: http\n    endPort: 79'),
    ['0:9 spec.ingress[0].ports[0].endPort: needs a numeric port'],
  ],
  [
    50,
    'ipBlock + selector',
    kubernetes('podSelector: {}\negress:\n- to:\n  - ipBlock: { cidr: 10.0.0.0/8 }\n    podSelector: {}'),
    ['0:8 spec.egress[0].to[0].ipBlock: excludes podSelector and namespaceSelector'],
  ],
  [
    50,
    'empty peer',
    kubernetes('podSelector: {}\negress:\n- to:\n  - {}'),
    ['0:8 spec.egress[0].to[0]: must have podSelector, namespaceSelector or ipBlock'],
  ],
]
for (const [number, title, text, problems, before] of rows)
  t.test(`§6.17.3 no ${number}: ${title}`, async (t) => t.strictSame(refusals(text, before), problems))

t.test('every number of the list that is about these kinds is there', async (t) => {
  t.strictSame([...new Set(rows.map(([number]) => number))], [...Array.from({ length: 25 }, (_, i) => i + 1), 43, 44, 45, 46, 50])
})
