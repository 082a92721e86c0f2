import t from 'tap'
import { problemsOf, stored, withRule } from './sample-resources.ts'

type Fields = Readonly<Record<string, unknown>>
const nets = (count: number) => Array.from({ length: count }, (_, i) => `10.${i >> 8}.${i & 255}.0/24`)

/** Valid rules and how they are stored. */
const accepted: [title: string, rule: Fields, expected?: Fields][] = [
  ['an empty rule', { action: 'Allow' }],
  [
    'protocol names in any case',
    { action: 'Allow', protocol: 'tcp', notProtocol: 'udplite' },
    { action: 'Allow', protocol: 'TCP', notProtocol: 'UDPLite' },
  ],
  [
    'nets and ports in their one form',
    { action: 'Deny', protocol: 6, source: { nets: ['10.0.0.1', '10.0.0.0/8'], ports: ['80', '9:9'] } },
    { action: 'Deny', protocol: 6, source: { nets: ['10.0.0.1/32', '10.0.0.0/8'], ports: [80, 9] } },
  ],
  ['§6.1 rule 3: named ports need no protocol', { action: 'Allow', destination: { ports: ['http'], notPorts: ['80x'] } }],
  [
    '§6.1 rule 4: no protocol but TCP, UDP and SCTP has ports; an empty list is none',
    { action: 'Allow', protocol: 'ICMP', source: { ports: [] } },
  ],
  ['§6.1 rule 1: ICMP by number', { action: 'Allow', protocol: 58, ipVersion: 6, icmp: { type: 254, code: 255 }, notICMP: { type: 0 } }],
  [
    '§6.1 rule 5: nets of the one family ipVersion says',
    { action: 'Allow', ipVersion: 6, source: { nets: ['fd00::/8'] }, destination: { notNets: ['fd01::/16'] } },
  ],
  ['/0 as a positive net', { action: 'Log', source: { nets: ['0.0.0.0/0'] } }],
  [
    '256 nets and 50 ports',
    { action: 'Allow', protocol: 'TCP', source: { nets: nets(256), ports: Array.from({ length: 50 }, (_, i) => i + 1) } },
  ],
  [
    'service accounts and namespaces',
    { action: 'Pass', source: { serviceAccounts: { names: ['a'], selector: 'has(b)' }, namespaceSelector: 'global()' } },
  ],
  ['annotations', { action: 'Allow', metadata: { annotations: { 'any key': 'any value' } } }],
]
for (const [title, rule, expected = rule] of accepted)
  t.test(`taken: ${title}`, async (t) =>
    t.strictSame(stored(withRule(rule)).spec, { tier: 'default', types: ['Ingress'], ingress: [expected] }),
  )

const port =
  'must be a port 1 to 65535, a range "a:b" with a <= b, or a port name of at most 128 of A-Z, a-z, 0-9, "_", "." and "-", with a letter'
const notOther = 'a rule has nets of one family only: the first is IPv4'
const needsProtocol = 'a port number needs a protocol: TCP, UDP or SCTP'

/** Paths are below spec.ingress[0]. */
const refused: [title: string, rule: Fields, problems: readonly (readonly [path: string, reason: string])[]][] = [
  [
    '§6.17.3 no 1: host bits in nets',
    { action: 'Allow', source: { nets: ['10.0.0.5/8'] } },
    [['source.nets[0]', 'must be a CIDR whose host bits are zero, or an address, did you mean 10.0.0.0/8?']],
  ],
  [
    '§6.17.3 no 2: mixed families in one rule',
    { action: 'Allow', source: { nets: ['10.0.0.0/8', 'fd00::/8'] }, destination: { notNets: ['fd00::/8'] } },
    [
      ['source.nets[1]', notOther],
      ['destination.notNets[0]', notOther],
    ],
  ],
  [
    '§6.17.3 no 3: a family against ipVersion',
    { action: 'Allow', ipVersion: 6, source: { nets: ['10.0.0.0/8'] } },
    [['source.nets[0]', 'is not of ipVersion 6']],
  ],
  [
    '§6.17.3 no 4: every address in notNets',
    { action: 'Allow', source: { notNets: ['0.0.0.0/0'] } },
    [['source.notNets[0]', 'excludes every address: the rule would match nothing']],
  ],
  [
    '§6.17.3 no 5: ports 0, 65536 and 90:80',
    { action: 'Allow', protocol: 'TCP', destination: { ports: [0, 65_536, '90:80'] } },
    [
      ['destination.ports[0]', port],
      ['destination.ports[1]', port],
      ['destination.ports[2]', `${port}, did you mean "80:90"?`],
    ],
  ],
  [
    '§6.17.3 no 6: a port number without protocol',
    { action: 'Allow', notProtocol: 'UDP', source: { ports: [80] }, destination: { notPorts: ['http', '1:2'] } },
    [
      ['source.ports[0]', needsProtocol],
      ['destination.notPorts[1]', needsProtocol],
    ],
  ],
  [
    '§6.17.3 no 7: a port with ICMP',
    { action: 'Allow', protocol: 'ICMP', source: { ports: [80] } },
    [['source.ports', 'protocol ICMP has no ports here: only TCP, UDP and SCTP']],
  ],
  [
    '§6.17.3 no 8: a port with UDPLite, also a named one',
    { action: 'Allow', protocol: 'UDPLite', destination: { notPorts: ['dns'] } },
    [['destination.notPorts', 'protocol UDPLite has no ports here: only TCP, UDP and SCTP']],
  ],
  ['§6.17.3 no 9: an ICMP type without protocol', { action: 'Allow', icmp: { type: 8 } }, [['icmp', 'needs protocol ICMP or ICMPv6']]],
  ['an ICMP type with TCP', { action: 'Allow', protocol: 'TCP', notICMP: { type: 8 } }, [['notICMP', 'needs protocol ICMP or ICMPv6']]],
  [
    '§6.17.3 no 10: a code without type',
    { action: 'Allow', protocol: 'ICMP', icmp: { code: 0 }, notICMP: { code: 1 } },
    [
      ['icmp.code', 'needs a type'],
      ['notICMP.code', 'needs a type'],
    ],
  ],
  [
    '§6.17.3 no 11: type 255, code 256',
    { action: 'Allow', protocol: 'ICMP', icmp: { type: 255, code: 256 } },
    [
      ['icmp.type', 'must be <= 254'],
      ['icmp.code', 'must be <= 255'],
    ],
  ],
  [
    '§6.17.3 no 12: ICMPv6 with ipVersion 4',
    { action: 'Allow', protocol: 'ICMPv6', ipVersion: 4 },
    [['protocol', 'ICMPv6 needs ipVersion 6']],
  ],
  ['not ICMP with ipVersion 6', { action: 'Allow', notProtocol: 1, ipVersion: 6 }, [['notProtocol', '1 needs ipVersion 4']]],
  [
    '§6.17.3 no 13: a selector that is none',
    { action: 'Allow', source: { selector: "a = 'b'" } },
    [['source.selector', 'is not a selector: expected an operator after the label, at character 3 (a ▸= \'b\'): write "=="']],
  ],
  [
    '§6.17.3 no 14: global() in selectors',
    { action: 'Allow', source: { selector: 'global()', notSelector: 'global()', serviceAccounts: { selector: 'global()' } } },
    [
      ['source.selector', 'global() has no meaning here'],
      ['source.notSelector', 'global() has no meaning here'],
      ['source.serviceAccounts.selector', 'global() has no meaning here'],
    ],
  ],
  [
    '§6.17.3 no 15: global() not alone in namespaceSelector',
    { action: 'Allow', source: { namespaceSelector: "global() && x == 'y'" } },
    [['source.namespaceSelector', 'global() can only stand alone']],
  ],
  [
    'a service account that cannot have this name, both quotes of selectors in it',
    { action: 'Allow', source: { serviceAccounts: { names: ['robot', `a'b"c`] } } },
    [
      [
        'source.serviceAccounts.names[1]',
        'must be a DNS-1123 subdomain: at most 253 of a-z, 0-9, "-" and ".", beginning and ending with a letter or digit',
      ],
    ],
  ],
  [
    'HTTP matches, which are not supported',
    { action: 'Allow', http: { methods: ['GET'] } },
    [['http', 'matching of HTTP requests is not supported: without it the rule would match more than is written']],
  ],
  [
    '§6.17.3 no 43: more than 256 nets and 50 ports, a selector beyond 1024 characters',
    {
      action: 'Allow',
      protocol: 'TCP',
      source: { nets: nets(257), ports: Array.from({ length: 51 }, (_, i) => i + 1), selector: `a == '${'x'.repeat(1_024)}'` },
    },
    [
      ['source.nets', 'must not have more than 256 items'],
      ['source.selector', 'must not have more than 1024 characters'],
      ['source.ports', 'must not have more than 50 items'],
    ],
  ],
  [
    'the same net twice',
    { action: 'Allow', source: { nets: ['10.0.0.0/8', '10.0.0.0/8'] } },
    [['source.nets', 'must not have duplicate items']],
  ],
  ['no action', {}, [['action', 'is required']]],
  ['an action in lower case', { action: 'allow' }, [['action', 'must be Allow or Deny or Log or Pass or Reject, did you mean "Allow"?']]],
  ['ipVersion 5', { action: 'Allow', ipVersion: 5 }, [['ipVersion', 'must be 4 or 6']]],
  ['an unknown field', { action: 'Allow', source: { net: [] } }, [['source.net', 'unknown field, did you mean "nets"?']]],
  ['an entity without value', { action: 'Allow', source: null }, [['source', 'has no value (null): give it one or leave the field out']]],
]
for (const [title, rule, problems] of refused) {
  t.test(`refused: ${title}`, async (t) =>
    t.strictSame(
      problemsOf(withRule(rule)),
      problems.map(([path, reason]) => [`spec.ingress[0].${path}`, reason]),
    ),
  )
}

t.test('a mistake in one rule does not hide those of another', async (t) => {
  const rules = [{ action: 'allow' }, { action: 'Allow', icmp: { type: 8 } }, { action: 'Deny', protocol: 'x' }]
  t.strictSame(
    problemsOf({ ...withRule({}), spec: { egress: rules } }).map(([path]) => path),
    ['spec.egress[0].action', 'spec.egress[1].icmp', 'spec.egress[2].protocol'],
  )
})
