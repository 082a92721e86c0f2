import fc from 'fast-check'
import t from 'tap'
import type { TSchema } from 'typebox'
import {
  address,
  asNumber,
  cidr,
  interfaceName,
  ipv4,
  ipv4WithLength,
  ipv6,
  ipv6WithLength,
  isDnsLabel,
  isDnsSubdomain,
  isLabelValue,
  isPortName,
  isQualifiedName,
  mac,
  name,
  net,
  port,
  protocol,
  ruleNamespaceSelector,
  selector,
  transportProtocol,
} from './scalars.ts'
import { checkSchema } from './schema-check.ts'

/** What each type takes, and the form in which it is stored. */
const accepted: [title: string, schema: TSchema, value: unknown, expected: unknown][] = [
  ['a net is stored with its length', net, '10.0.0.1', '10.0.0.1/32'],
  ['a net is stored in RFC 5952 form', net, '2001:DB8:0::/48', '2001:db8::/48'],
  ['a cidr is masked', cidr, '10.1.2.3/8', '10.0.0.0/8'],
  ['an address is stored in RFC 5952 form', address, 'FE80:0::1', 'fe80::1'],
  ['an IPv4 address', ipv4, '10.0.0.1', '10.0.0.1'],
  ['an IPv6 address', ipv6, '::1', '::1'],
  ['an interface address keeps its host bits', ipv4WithLength, '192.0.2.10/24', '192.0.2.10/24'],
  ['a bare interface address is its own subnet', ipv4WithLength, '192.0.2.10', '192.0.2.10/32'],
  ['an IPv6 interface address', ipv6WithLength, 'FD00::1/64', 'fd00::1/64'],
  ['a MAC address in lower case with colons', mac, 'EE-EE-EE-EE-EE-0F', 'ee:ee:ee:ee:ee:0f'],
  ['an interface name of 15', interfaceName, 'tort12345678901', 'tort12345678901'],
  ['a protocol in any case', protocol, 'udplite', 'UDPLite'],
  ['a protocol in any case', protocol, 'ICMPV6', 'ICMPv6'],
  ['a protocol number', protocol, 255, 255],
  ['a protocol number as text', protocol, '6', 6],
  ['a transport protocol in any case', transportProtocol, 'sctp', 'SCTP'],
  ['a port', port, 65_535, 65_535],
  ['a port as text', port, '80', 80],
  ['a range of ports', port, '8000:8010', '8000:8010'],
  ['a range without leading zeros', port, '080:090', '80:90'],
  ['a range of one port', port, '80:80', 80],
  ['a named port', port, 'http-alt_2.x', 'http-alt_2.x'],
  ['an AS number', asNumber, 4_294_967_295, 4_294_967_295],
  ['an AS number in asdot (RFC 5396 §2)', asNumber, '1.10', 65_546],
  ['an AS number as text', asNumber, '64512', 64_512],
  ['a selector as it is written', selector, " a=='b' ", " a=='b' "],
  ['global() alone in a namespaceSelector', ruleNamespaceSelector, ' global( ) ', ' global( ) '],
]
for (const [title, schema, value, expected] of accepted)
  t.test(`taken: ${title}: ${JSON.stringify(value)}`, async (t) => t.strictSame(checkSchema(schema, value), { value: expected }))

const refused: [title: string, schema: TSchema, value: unknown, reason: string | RegExp][] = [
  ['host bits in a net', net, '10.0.0.5/8', 'must be a CIDR whose host bits are zero, or an address'],
  ['no CIDR', cidr, '10.0.0.0/33', 'must be a CIDR or an address'],
  ['a number for a text', cidr, 10, 'must be a string'],
  ['null', cidr, null, 'has no value (null): give it one or leave the field out'],
  ['the other family', ipv4, '::1', 'must be an IPv4 address'],
  ['the other family', ipv6, '10.0.0.1', 'must be an IPv6 address'],
  ['the other family', ipv6WithLength, '10.0.0.1/24', /^must be an IPv6 address with/],
  ['a zone', address, 'fe80::1%eth0', 'must be an IPv4 or IPv6 address'],
  ['a MAC of eight octets', mac, '02:00:00:00:00:00:00:01', 'must be a MAC address of six octets'],
  ['an interface name of 16', interfaceName, 'tort123456789012', /^must be an interface name/],
  ['a wildcard interface', interfaceName, '*', /^must be an interface name/],
  ['a directory', interfaceName, '..', /^must be an interface name/],
  ['protocol 0', protocol, 0, /^must be TCP, UDP,/],
  ['protocol 256', protocol, 256, /^must be TCP, UDP,/],
  ['an unknown protocol', protocol, 'GRE', /^must be TCP, UDP,/],
  ['a fraction', protocol, 6.5, /^must be TCP, UDP,/],
  ['a boolean', protocol, true, 'must be a string or a number'],
  ['ICMP where a transport is wanted', transportProtocol, 'ICMP', 'must be TCP, UDP or SCTP'],
  ['port 0', port, 0, /^must be a port/],
  ['port 65536', port, 65_536, /^must be a port/],
  ['port 65536 as text', port, '65536', /^must be a port/],
  ['a range downwards', port, '90:80', /^must be a port/],
  ['half a range', port, '80:', /^must be a port/],
  ['a name of 129', port, 'a'.repeat(129), /^must be a port/],
  ['AS 0 (RFC 7607)', asNumber, 0, /^must be an AS number/],
  ['a five-octet AS', asNumber, 4_294_967_296, /^must be an AS number/],
  ['asdot beyond 16 bits', asNumber, '1.65536', /^must be an AS number/],
  ['asdot as a number, which loses zeros', asNumber, 1.1, /^must be an AS number/],
  [
    'a bad selector',
    selector,
    "a = 'b'",
    'is not a selector: expected an operator after the label, at character 3 (a ▸= \'b\'): write "=="',
  ],
  ['global() in a plain selector', selector, 'global()', 'global() has no meaning here'],
  ['"global(" inside a string', selector, "a == 'global('", 'global() has no meaning here'],
  ['global() not alone', ruleNamespaceSelector, "global() && a == 'b'", 'global() can only stand alone'],
  ['1025 characters', selector, `a == '${'x'.repeat(1_018)}'`, 'must not have more than 1024 characters'],
  ['an upper-case name', name, 'Web', /^must be a DNS-1123 subdomain/],
]
for (const [title, schema, value, reason] of refused) {
  t.test(`refused: ${title}: ${String(JSON.stringify(value)).slice(0, 40)}`, async (t) => {
    const { problems = [] } = checkSchema(schema, value)
    t.match(
      problems.map((problem) => problem.reason),
      [reason],
    )
  })
}

const names: [is: (text: string) => boolean, good: readonly string[], bad: readonly string[]][] = [
  [isDnsLabel, ['a', '0', 'a-b', 'a'.repeat(63)], ['', '-a', 'a-', 'A', 'a.b', 'a_b', 'a'.repeat(64)]],
  [isDnsSubdomain, ['a', 'a.b', `${'a'.repeat(100)}.b`, 'a'.repeat(253)], ['', '.', 'a.', '.a', 'a..b', 'a-.b', 'a'.repeat(254)]],
  [
    isQualifiedName,
    ['a', 'A_b.c-d', 'example.com/A', 'a'.repeat(63), `${'a'.repeat(253)}/b`],
    ['', '/', 'a/', '/a', 'a/b/c', 'a b', '-a', 'a'.repeat(64), 'Example/a', '__proto__'],
  ],
  [isLabelValue, ['', 'a', 'A_b.c-d', 'a'.repeat(63)], ['-a', 'a-', 'a b', 'a/b', 'a'.repeat(64), 'ü']],
  [isPortName, ['http', 'h2', '8a', 'a-b', 'a'.repeat(15)], ['', '80', 'HTTP', '-a', 'a-', 'a--b', 'a_b', 'a'.repeat(16)]],
]
for (const [is, good, bad] of names) {
  t.test(`${is.name} takes ${good[0]} and not ${JSON.stringify(bad[1])}`, async (t) => {
    for (const text of good) t.ok(is(text), text)
    for (const text of bad) t.notOk(is(text), text)
  })
}

t.test('what is stored is taken again and stays as it is; noise never throws', async () => {
  const schemas = [net, cidr, address, ipv4WithLength, mac, interfaceName, protocol, port, asNumber, selector, name]
  const noise = fc.oneof(
    fc.string(),
    fc.integer(),
    fc.ipV4(),
    fc.ipV6(),
    fc.double(),
    fc.anything(),
    fc.constantFrom('10.0.0.1/8', '1:2', 'tcp'),
  )
  fc.assert(
    fc.property(fc.constantFrom<TSchema>(...schemas), noise, (schema, value) => {
      const first = checkSchema(schema, value)
      return first.problems !== undefined || checkSchema(schema, first.value).value === first.value
    }),
    { numRuns: 2_000 },
  )
})
