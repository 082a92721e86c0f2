/** What users mistype: each in YAML, with document:line, path, and a reason that says what was probably meant. */
import t from 'tap'
import { kubernetes, refusals, rule, yaml } from './refused.fixture.ts'

const global = (spec: string) => yaml('GlobalNetworkPolicy', spec)
const cluster = (spec: string) => yaml('ClusterNetworkPolicy', spec, 'policy.networking.k8s.io/v1alpha2')

const rows: readonly (readonly [title: string, text: string, problems: readonly string[]])[] = [
  ['YAML: a tab', global('ingress:\n\t- action: Allow'), ['0:6 : Tabs are not allowed as indentation: indent with spaces']],
  [
    'YAML: a list item whose next field is too far to the left',
    global('ingress:\n- action: Allow\n protocol: TCP'),
    ['0:7 : Sequence item without - indicator: see to the indentation: fields of one object stand exactly below each other'],
  ],
  ['YAML: a forgotten "- "', global('ingress:\n  action: Allow'), ['0:5 spec.ingress: must be a list: begin each item with "- "']],
  [
    'YAML: only a part of the selector in quotes',
    global("selector: 'app' == 'web'"),
    ['0:5 : Unexpected scalar at node end: put the whole value in quotes of the other kind, as in "app == \'web\'"'],
  ],
  [
    'YAML: a selector that begins with "!"',
    global('selector: !has(app)'),
    ['0:5 : Unresolved tag: !has(app): put a value that begins with "!" in quotes'],
  ],
  [
    'YAML: a selector that begins with "! "',
    global('selector: ! has(app)'),
    ['0:5 spec.selector: tags are not taken (!): put a value that begins with "!" in quotes'],
  ],
  [
    'YAML: a domain name that begins with "*"',
    cluster('tier: Admin\npriority: 1\nsubject: { namespaces: {} }\negress:\n- action: Accept\n  to:\n  - domainNames: [*.example.com]'),
    ['0:11 spec.egress[0].to[0].domainNames[0]: aliases are not taken: write the value out, or put one that begins with "*" in quotes'],
  ],
  [
    'YAML: ": " in a selector',
    global('selector: app: web'),
    ['0:5 : Nested mappings are not allowed in compact mappings: put a value with ": " in quotes, or see to the indentation'],
  ],
  [
    'YAML: a set in a line of { }',
    rule("action: Allow\nsource: { selector: app in {'a','b'} }"),
    ['0:7 : Unexpected flow-map-start at node end: inside { } and [ ] put a value with "{" or "," in quotes'],
  ],
  [
    'YAML: a quote that is not closed',
    global(`selector: "app == 'web'\norder: 1`),
    ['0:7 : Missing closing "quote: a quote was opened before and not closed'],
  ],
  ['YAML: a key twice', global('order: 1\norder: 2'), ['0:6 spec.order: this key is there twice']],
  [
    'YAML: a value that is missing',
    global('ingress:\norder: 1'),
    ['0:5 spec.ingress: has no value (null): give it one or leave the field out'],
  ],
  [
    'indentation: what belongs below source',
    rule('action: Allow\nsource:\nselector: all()'),
    [
      '0:8 spec.ingress[0].selector: unknown field: it belongs below source or destination, further to the right',
      '0:7 spec.ingress[0].source: has no value (null): give it one or leave the field out',
    ],
  ],
  [
    'indentation: what belongs to the rule',
    rule('action: Allow\nsource:\n  nets: [10.0.0.0/8]\n  protocol: TCP'),
    ['0:9 spec.ingress[0].source.protocol: unknown field: it belongs directly below ingress, further to the left'],
  ],
  [
    'indentation: what belongs to the spec',
    global('ingress:\n- action: Allow\n  egress: []'),
    ['0:7 spec.ingress[0].egress: unknown field: it belongs to the spec, further to the left'],
  ],
  [
    'indentation: spec and metadata',
    'apiVersion: projectcalico.org/v3\nkind: Tier\nname: a\norder: 1\nspec: {}\n',
    [
      '0:3 name: unknown field: it belongs below metadata, further to the right',
      '0:4 order: unknown field: it belongs below spec, further to the right',
      '0:1 metadata: is required',
    ],
  ],
  [
    'selector: =',
    global("selector: app = 'web'"),
    ['0:5 spec.selector: is not a selector: expected an operator after the label, at character 5 (app ▸= \'web\'): write "=="'],
  ],
  [
    'selector: no quotes',
    global('selector: app == web'),
    ['0:5 spec.selector: is not a selector: expected a string in quotes, at character 8 (app == ▸web): put the value in quotes'],
  ],
  [
    'selector: or',
    global(`selector: app == "a" or app == "b"`),
    ['0:5 spec.selector: is not a selector: expected an operator after the label, at character 15 (app == "a" or ▸app == "b"): write "||"'],
  ],
  ['selector: a map of labels', global('selector: { app: web }'), ['0:5 spec.selector: must be a string, as in "app == \'web\'"']],
  [
    'selector: matchLabels',
    global('selector:\n  matchLabels: { app: web }'),
    ['0:5 spec.selector: must be a string, as in "app == \'web\'"'],
  ],
  [
    'selector: a list of labels of kubectl',
    global('selector: app=web,tier=db'),
    ['0:5 spec.selector: is not a selector: expected an operator after the label, at character 4 (app▸=web,tier=db): write "=="'],
  ],
  [
    'selector: only a label',
    global('selector: app'),
    [
      '0:5 spec.selector: is not a selector: expected an operator after the label, at character 4 (app▸): write has(app) for a label with any value',
    ],
  ],
  [
    'Kubernetes in Calico: podSelector, policyTypes',
    global('podSelector: {}\npolicyTypes: [Ingress]'),
    [
      '0:5 spec.podSelector: is a field of Kubernetes policies: here it is selector, as in app == "web"',
      '0:6 spec.policyTypes: is a field of Kubernetes policies: here it is types',
    ],
  ],
  [
    'Kubernetes in Calico: from, ports',
    global('ingress:\n- from: []\n  ports: [80]'),
    [
      '0:6 spec.ingress[0].action: is required',
      '0:6 spec.ingress[0].from: is a field of Kubernetes policies: here it is source',
      '0:7 spec.ingress[0].ports: belongs below source or destination; the port of a server is a destination port',
    ],
  ],
  [
    'Kubernetes in Calico: peers',
    rule('action: Allow\nsource:\n  podSelector: {}\n  ipBlock: { cidr: 10.0.0.0/8 }'),
    [
      '0:8 spec.ingress[0].source.podSelector: is a field of Kubernetes policies: here it is selector, as in app == "web"',
      '0:9 spec.ingress[0].source.ipBlock: is a field of Kubernetes policies: here it is nets and notNets',
    ],
  ],
  [
    'Calico in Kubernetes: selector, types, order',
    kubernetes('selector: all()\ntypes: [Ingress]\norder: 1\npodSelector: {}'),
    [
      '0:5 spec.selector: is a field of Calico policies: here it is podSelector, as in { matchLabels: { app: web } }',
      '0:6 spec.types: is a field of Calico policies: here it is policyTypes',
      '0:7 spec.order: is a field of Calico policies: Kubernetes policies have none, all of them add up',
    ],
  ],
  [
    'Calico in Kubernetes: a rule',
    kubernetes('podSelector: {}\ningress:\n- action: Allow\n  source: { nets: [10.0.0.0/8] }\n  protocol: TCP'),
    [
      '0:7 spec.ingress[0].action: is a field of Calico policies: a rule of a Kubernetes policy only allows',
      '0:8 spec.ingress[0].source: is a field of Calico policies: here it is from, a list of peers, in ingress rules',
      '0:9 spec.ingress[0].protocol: belongs into an item of ports',
    ],
  ],
  [
    'Calico in Kubernetes: peers',
    kubernetes('podSelector: {}\ningress:\n- from:\n  - selector: all()\n  - cidr: 10.0.0.0/8'),
    [
      '0:8 spec.ingress[0].from[0].selector: is a field of Calico policies: here it is podSelector, as in { matchLabels: { app: web } }',
      '0:9 spec.ingress[0].from[1].cidr: belongs below ipBlock',
    ],
  ],
  [
    'Kubernetes: labels without matchLabels',
    kubernetes('podSelector: { app: web }'),
    ['0:5 spec.podSelector.app: unknown field: labels belong below matchLabels'],
  ],
  [
    'Kubernetes: a selector text',
    kubernetes(`podSelector: app == "web"`),
    ['0:5 spec.podSelector: must be an object, as in { matchLabels: { app: web } }'],
  ],
  [
    'Kubernetes: from is no list',
    kubernetes('podSelector: {}\ningress:\n- from:\n    podSelector: {}'),
    ['0:7 spec.ingress[0].from: must be a list: begin each item with "- "'],
  ],
  [
    'Kubernetes: ports are objects',
    kubernetes('podSelector: {}\ningress:\n- ports: [80]'),
    ['0:7 spec.ingress[0].ports[0]: must be an object, as in { port: 80 }'],
  ],
  [
    'Kubernetes: a number in quotes, a range with "-"',
    kubernetes(`podSelector: {}\ningress:\n- ports:\n  - port: "80"\n  - port: 80-90`),
    [
      '0:8 spec.ingress[0].ports[0].port: must be a port 1 to 65535, or the name of a container port: at most 15 of a-z, 0-9 and single "-", with a letter, did you mean 80 without quotes?',
      '0:9 spec.ingress[0].ports[1].port: must be a port 1 to 65535, or the name of a container port: at most 15 of a-z, 0-9 and single "-", with a letter, did you mean port: 80 with endPort: 90?',
    ],
  ],
  [
    'Kubernetes: a capital letter',
    kubernetes('podSelector: {}\nIngress: []'),
    ['0:6 spec.Ingress: unknown field, did you mean "ingress"?'],
  ],
  [
    'Kubernetes: an unknown protocol',
    kubernetes('podSelector: {}\ningress:\n- ports: [{ protocol: ICMP }]'),
    ['0:7 spec.ingress[0].ports[0].protocol: must be TCP, UDP or SCTP'],
  ],
  [
    'words: allow in lower case, and what others say',
    global('ingress:\n- action: allow\n- action: DROP\n- action: accept'),
    [
      '0:6 spec.ingress[0].action: must be Allow or Deny or Log or Pass or Reject, did you mean "Allow"?',
      '0:7 spec.ingress[1].action: must be Allow or Deny or Log or Pass or Reject, did you mean "Deny"?',
      '0:8 spec.ingress[2].action: must be Allow or Deny or Log or Pass or Reject, did you mean "Allow"?',
    ],
  ],
  [
    'words: actions of ClusterNetworkPolicy',
    cluster('tier: admin\npriority: 1\nsubject: { namespaces: {} }\ningress:\n- action: Allow\n  from: [{ namespaces: {} }]'),
    [
      '0:5 spec.tier: must be Admin or Baseline, did you mean "Admin"?',
      '0:9 spec.ingress[0].action: must be Accept or Deny or Pass, did you mean "Accept"?',
    ],
  ],
  [
    'words: ingress in types; a text that should be a list',
    global('types: [ingress]'),
    ['0:5 spec.types[0]: must be Ingress or Egress, did you mean "Ingress"?'],
  ],
  ['words: a text that should be a list', global('types: Ingress'), ['0:5 spec.types: must be a list: put it in brackets']],
  [
    'words: a protocol',
    rule('action: Allow\nprotocol: TPC'),
    ['0:7 spec.ingress[0].protocol: must be TCP, UDP, ICMP, ICMPv6, SCTP, UDPLite or a number 1 to 255, did you mean TCP?'],
  ],
  [
    'ports: one that should be a list',
    rule('action: Allow\nprotocol: TCP\ndestination: { ports: 80 }'),
    ['0:8 spec.ingress[0].destination.ports: must be a list: put it in brackets'],
  ],
  [
    'ports: several in one text, ranges with "-"',
    rule(`action: Allow\nprotocol: TCP\ndestination:\n  ports:\n  - "80,443"\n  - 80-90`),
    [
      '0:10 spec.ingress[0].destination.ports[0]: must be a port 1 to 65535, a range "a:b" with a <= b, or a port name of at most 128 of A-Z, a-z, 0-9, "_", "." and "-", with a letter, did you mean the two ports 80 and 443?',
      '0:11 spec.ingress[0].destination.ports[1]: must be a port 1 to 65535, a range "a:b" with a <= b, or a port name of at most 128 of A-Z, a-z, 0-9, "_", "." and "-", with a letter, did you mean "80:90"?',
    ],
  ],
  [
    'numbers in quotes, texts that are numbers',
    yaml('GlobalNetworkPolicy', `order: "100"`, 'projectcalico.org/v3', '{ name: a, labels: { version: 2 } }'),
    ['0:3 metadata.labels.version: must be a string: put it in quotes', '0:5 spec.order: must be a number: leave out the quotes'],
  ],
  [
    'fields: a slip, and one of another kind',
    yaml('NetworkPolicy', 'selecter: all()\nnamespaceSelector: all()'),
    [
      '0:5 spec.selecter: unknown field, did you mean "selector"?',
      '0:6 spec.namespaceSelector: is for GlobalNetworkPolicy only: this policy is about its own namespace',
    ],
  ],
  [
    'fields: the beginning of a longer one, and one with more than its name',
    `apiVersion: projectcalico.org/v3\nkind: HostEndpoint\nmetadata: { name: uplink }\nspec:\n  node: n1\n  nodeName: n1\n  interface: eth0`,
    ['0:6 spec.nodeName: unknown field, did you mean "node"?', '0:7 spec.interface: unknown field, did you mean "interfaceName"?'],
  ],
  [
    'envelope: the version of Calico in Kubernetes',
    yaml('NetworkPolicy', 'selector: all()', 'crd.projectcalico.org/v1'),
    ['0:1 apiVersion: NetworkPolicy is of projectcalico.org/v3 or networking.k8s.io/v1, did you mean "projectcalico.org/v3"?'],
  ],
  [
    'envelope: an old version',
    yaml('NetworkPolicy', 'podSelector: {}', 'networking.k8s.io/v1beta1'),
    ['0:1 apiVersion: NetworkPolicy is of projectcalico.org/v3 or networking.k8s.io/v1, did you mean "networking.k8s.io/v1"?'],
  ],
  [
    'envelope: a kind in lower case',
    yaml('globalnetworkpolicy', 'selector: all()'),
    ['0:2 kind: unknown or unsupported kind, did you mean "GlobalNetworkPolicy"?'],
  ],
  [
    'envelope: a kind with a slip',
    yaml('GlobalNetworkPolcy', 'selector: all()'),
    ['0:2 kind: unknown or unsupported kind, did you mean "GlobalNetworkPolicy"?'],
  ],
  [
    'HTTP is not looked into',
    rule('action: Allow\nprotocol: TCP\nhttp: { methods: [GET] }'),
    ['0:8 spec.ingress[0].http: matching of HTTP requests is not supported: without it the rule would match more than is written'],
  ],
]
for (const [title, text, problems] of rows) t.test(title, async (t) => t.strictSame(refusals(text), problems))

t.test('a protocol in lower case is taken: it can mean but one thing', async (t) => {
  t.strictSame(refusals(kubernetes('podSelector: {}\ningress:\n- ports: [{ protocol: tcp, port: 80 }]')), [])
  t.strictSame(refusals(rule('action: Allow\nprotocol: tcp')), [])
})
