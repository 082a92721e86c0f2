import t from 'tap'
import { BgpError } from './bgp-error.ts'
import { decodeAttributes } from './decode-attributes.ts'
import { attribute, concat, external, fault, hex, internal, mandatory, sample, toHex } from './fixture.ts'
import type { DecodeContext } from './update.ts'

/** The verdict with its notes; a BgpError as "code/subcode data". */
function outcome(bytes: Uint8Array, context: DecodeContext, hasReachableNlri: boolean): unknown {
  const result = decodeAttributes(bytes, 0, bytes.length, context, hasReachableNlri)
  return result instanceof BgpError ? fault(result) : [result.verdict, ...result.notes]
}

const { origin, asPath, nextHop, reach, unreach } = sample
const octets = (count: number, fill = 0) => new Uint8Array(count).fill(fill)
const beside = (flags: number, type: number, value: Uint8Array | string) => concat(mandatory, attribute(flags, type, value))
const withOrigin = (flags: number, value: string) => concat(attribute(flags, 1, value), asPath, nextHop)
const withPath = (value: string, flags = 0x40) => concat(origin, attribute(flags, 2, value), nextHop)
const withNextHop = (value: string, flags = 0x40) => concat(origin, asPath, attribute(flags, 3, value))
const withReach = (value: Uint8Array | string, flags = 0x80) => concat(origin, asPath, attribute(flags, 14, value))

const accept = ['accept']
const discarded = (reason: string) => ['accept', `attribute discard: ${reason}`]
const withdrawn = (...reasons: string[]) => ['treat-as-withdraw', ...reasons.map((reason) => `treat-as-withdraw: ${reason}`)]

const noOrigin = 'ORIGIN is missing (RFC 7606 §3 d)'
const noPath = 'AS_PATH is missing (RFC 7606 §3 d)'
const noNextHop = 'the next hop is missing (RFC 7606 §3 d) or can be none (RFC 4271 §6.3)'
const firstAs = "the first AS is not the peer's (RFC 4271 §6.3)"
const originValue = (value: number) => withdrawn(`ORIGIN ${value}`)
const length = (name: string, octets: number, section: string) => `${name} of ${octets} octets (${section})`
const originFault = (octets: number) => withdrawn(length('ORIGIN', octets, 'RFC 7606 §7.1'))
const pathFault = withdrawn('malformed AS_PATH (RFC 7606 §7.2)', firstAs)
const zeroFault = withdrawn('AS 0 in AS_PATH (RFC 7607 §2)', firstAs)
const setFault = withdrawn('AS_SET or AS_CONFED_SET in AS_PATH (RFC 9774 §3)', firstAs)
const confederationFault = withdrawn('AS_CONFED_SEQUENCE in AS_PATH (RFC 5065 §5)', firstAs)
const nextHopLength = (octets: number) => withdrawn(length('NEXT_HOP', octets, 'RFC 7606 §7.3'), noNextHop)
const medLength = (octets: number) => withdrawn(length('MULTI_EXIT_DISC', octets, 'RFC 7606 §7.4'))
const communitiesLength = (octets: number) => withdrawn(length('COMMUNITIES', octets, 'RFC 7606 §7.8'))
const extendedLength = (octets: number) => withdrawn(length('EXTENDED COMMUNITIES', octets, 'RFC 7606 §7.14'))
const ipv6ExtendedLength = (octets: number) => withdrawn(length('IPv6 EXTENDED COMMUNITIES', octets, 'RFC 7606 §7.15'))
const largeLength = (octets: number) => withdrawn(length('LARGE_COMMUNITY', octets, 'RFC 8092 §6'))
const otcLength = (octets: number) => withdrawn(length('ONLY_TO_CUSTOMER', octets, 'RFC 9234 §5'))
const aggregatorLength = (octets: number) => discarded(length('AGGREGATOR', octets, 'RFC 7606 §7.7'))
const atomicFault = discarded(length('ATOMIC_AGGREGATE', 1, 'RFC 7606 §7.6'))
const overrun = withdrawn('an attribute overruns the attribute block (RFC 7606 §4)')
const flags = (name: string) => `flags of ${name} (RFC 7606 §3 c)`
const localPrefLength = (octets: number) => withdrawn(length('LOCAL_PREF', octets, 'RFC 7606 §7.5'))
const originatorLength = (octets: number) => withdrawn(length('ORIGINATOR_ID', octets, 'RFC 7606 §7.9'))
const clusterLength = (octets: number) => withdrawn(length('CLUSTER_LIST', octets, 'RFC 7606 §7.10'))
const fromOutside = (name: string) => discarded(`${name}, which means something from internal peers only`)
const fromNew = (name: string) => discarded(`${name}, which means something from two-octet AS speakers only`)
const again = (type: number) => discarded(`type ${type} is there again (RFC 7606 §3 g)`)

/** What an UPDATE with reachable prefixes comes to. */
const table: [title: string, bytes: Uint8Array, expected: unknown, context?: DecodeContext][] = [
  ['RFC 7606 §3 d: only an unknown attribute', attribute(0xc0, 31, '00'), withdrawn(noOrigin, noPath, noNextHop, firstAs)],
  ['RFC 7606 §3 d: ORIGIN is missing', concat(asPath, nextHop), withdrawn(noOrigin)],
  ['RFC 7606 §3 d: AS_PATH is missing', concat(origin, nextHop), withdrawn(noPath), internal],
  ['RFC 7606 §3 d: NEXT_HOP is missing', concat(origin, asPath), withdrawn(noNextHop)],
  ['RFC 4271 §5.1.5: an internal peer may leave LOCAL_PREF to our default', withPath(''), accept, internal],

  ['RFC 7606 §3 c: ORIGIN as optional', withOrigin(0xc0, '00'), withdrawn(flags('ORIGIN'))],
  ['RFC 7606 §3 c: AS_PATH as non-transitive', withPath('02010000fde9', 0x00), withdrawn(flags('AS_PATH'), firstAs)],
  ['RFC 7606 §3 c: NEXT_HOP as optional', withNextHop('0a000001', 0xc0), withdrawn(flags('NEXT_HOP'), noNextHop)],
  ['RFC 7606 §3 c: MULTI_EXIT_DISC as transitive', beside(0xc0, 4, octets(4)), withdrawn(flags('MULTI_EXIT_DISC'))],
  ['RFC 7606 §3 c: LOCAL_PREF as optional', beside(0xc0, 5, octets(4)), withdrawn(flags('LOCAL_PREF')), internal],
  ['RFC 7606 §3 c: COMMUNITIES as well-known', beside(0x40, 8, octets(4)), withdrawn(flags('COMMUNITIES'))],
  ['RFC 7606 §3 c: ORIGINATOR_ID as transitive', beside(0xc0, 9, octets(4)), withdrawn(flags('ORIGINATOR_ID')), internal],
  ['RFC 7606 §3 c: CLUSTER_LIST as transitive', beside(0xc0, 10, octets(4)), withdrawn(flags('CLUSTER_LIST')), internal],
  ['RFC 7606 §3 c: MP_REACH_NLRI as transitive', withReach(reach.slice(3), 0xc0), withdrawn(flags('MP_REACH_NLRI'))],
  ['RFC 7606 §3 c: extended communities as non-transitive', beside(0x80, 16, octets(8)), withdrawn(flags('EXTENDED COMMUNITIES'))],
  ['RFC 7606 §3 c: LARGE_COMMUNITY as non-transitive', beside(0x80, 32, octets(12)), withdrawn(flags('LARGE_COMMUNITY'))],
  ['RFC 7606 §3 f: ATOMIC_AGGREGATE as optional', beside(0xc0, 6, ''), discarded('flags of ATOMIC_AGGREGATE (RFC 7606 §3 f)')],
  ['RFC 7606 §3 f: AGGREGATOR as non-transitive', beside(0x80, 7, octets(8, 1)), discarded('flags of AGGREGATOR (RFC 7606 §3 f)')],
  ['RFC 4271 §4.3: Partial and the low four bits say nothing', withOrigin(0x6f, '00'), accept],

  ['RFC 7606 §7.1: ORIGIN of no octets', withOrigin(0x40, ''), originFault(0)],
  ['RFC 7606 §7.1: ORIGIN of two octets', withOrigin(0x40, '0000'), originFault(2)],
  ['RFC 7606 §7.1: ORIGIN 3', withOrigin(0x40, '03'), originValue(3)],
  ['RFC 7606 §7.1: ORIGIN 255', withOrigin(0x40, 'ff'), originValue(255)],

  ['RFC 7606 §7.2: segment type 0', withPath('0001 0000fde9'), pathFault],
  ['RFC 7606 §7.2: segment type 5', withPath('0501 0000fde9'), pathFault],
  ['RFC 7606 §7.2: a segment of no AS numbers', withPath('0201 0000fde9 0200'), pathFault],
  ['RFC 7606 §7.2: a segment that overruns', withPath('0202 0000fde9'), pathFault],
  ['RFC 7606 §7.2: one octet of a segment', withPath('0201 0000fde9 02'), pathFault],
  ['RFC 7607 §2: AS 0 in AS_PATH', withPath('0202 0000fde9 00000000'), zeroFault],
  ['RFC 9774 §3: AS_SET', withPath('0201 0000fde9 0101 00000001'), setFault],
  ['RFC 9774 §3: AS_CONFED_SET', withPath('0401 0000fde9'), setFault],
  ['RFC 5065 §5: AS_CONFED_SEQUENCE', withPath('0301 0000fde9'), confederationFault],
  ['RFC 4271 §6.3: the first AS is not the peer', withPath('0201 0000fdea'), withdrawn(firstAs)],
  ['RFC 4271 §6.3: an empty path from an external peer', withPath(''), withdrawn(firstAs)],
  ['RFC 4271 §5.1.2: from an internal peer any AS may be first', withPath('0201 ffffffff'), accept, internal],

  ['RFC 7606 §7.3: NEXT_HOP of no octets', withNextHop(''), nextHopLength(0)],
  ['RFC 7606 §7.3: NEXT_HOP of three octets', withNextHop('0a0000'), nextHopLength(3)],
  ['RFC 7606 §7.3: NEXT_HOP of five octets', withNextHop('0a00000001'), nextHopLength(5)],
  ['RFC 4271 §6.3: NEXT_HOP 0.0.0.0', withNextHop('00000000'), withdrawn(noNextHop)],
  ['RFC 4271 §6.3: NEXT_HOP 127.0.0.1', withNextHop('7f000001'), withdrawn(noNextHop)],
  ['RFC 4271 §6.3: NEXT_HOP 224.0.0.1', withNextHop('e0000001'), withdrawn(noNextHop)],
  ['RFC 4271 §6.3: NEXT_HOP 255.255.255.255', withNextHop('ffffffff'), withdrawn(noNextHop)],

  ['RFC 7606 §7.4: MULTI_EXIT_DISC of three octets', beside(0x80, 4, octets(3)), medLength(3)],
  ['RFC 7606 §7.5: LOCAL_PREF of five octets', beside(0x40, 5, octets(5)), localPrefLength(5), internal],
  ['RFC 7606 §7.5: LOCAL_PREF of two values', beside(0x40, 5, octets(8)), localPrefLength(8), internal],
  ['RFC 7606 §7.5: LOCAL_PREF from an external peer, malformed too', beside(0x40, 5, octets(2)), fromOutside('LOCAL_PREF')],
  ['RFC 7606 §7.6: ATOMIC_AGGREGATE of one octet', beside(0x40, 6, '00'), atomicFault],
  ['RFC 7606 §7.7: AGGREGATOR of five octets', beside(0xc0, 7, octets(5, 1)), aggregatorLength(5)],
  ['RFC 7606 §7.7: AGGREGATOR of seven octets', beside(0xc0, 7, octets(7, 1)), aggregatorLength(7)],
  ['RFC 7606 §7.7: AGGREGATOR of nine octets', beside(0xc0, 7, octets(9, 1)), aggregatorLength(9)],
  ['RFC 7606 §7.7: AGGREGATOR with a two-octet AS from a NEW speaker', beside(0xc0, 7, octets(6, 1)), aggregatorLength(6)],
  ['RFC 7607 §2: AGGREGATOR of AS 0', beside(0xc0, 7, '00000000 0a000001'), discarded('AGGREGATOR of AS 0 (RFC 7607 §2)')],
  ['RFC 7606 §7.8: COMMUNITIES of no octets', beside(0xc0, 8, ''), communitiesLength(0)],
  ['RFC 7606 §7.8: COMMUNITIES of five octets', beside(0xc0, 8, octets(5)), communitiesLength(5)],
  ['RFC 7606 §7.9: ORIGINATOR_ID from an external peer', beside(0x80, 9, octets(4)), fromOutside('ORIGINATOR_ID')],
  ['RFC 7606 §7.9: ORIGINATOR_ID of three octets', beside(0x80, 9, octets(3)), originatorLength(3), internal],
  ['RFC 7606 §7.10: CLUSTER_LIST from an external peer', beside(0x80, 10, octets(4)), fromOutside('CLUSTER_LIST')],
  ['RFC 7606 §7.10: CLUSTER_LIST of no octets', beside(0x80, 10, ''), clusterLength(0), internal],
  ['RFC 7606 §7.10: CLUSTER_LIST of six octets', beside(0x80, 10, octets(6)), clusterLength(6), internal],
  ['RFC 7606 §7.14: extended communities of no octets', beside(0xc0, 16, ''), extendedLength(0)],
  ['RFC 7606 §7.14: extended communities of nine octets', beside(0xc0, 16, octets(9)), extendedLength(9)],
  ['RFC 7606 §7.15: IPv6 extended communities of 21 octets', beside(0xc0, 25, octets(21)), ipv6ExtendedLength(21)],
  ['RFC 8092 §6: LARGE_COMMUNITY of no octets', beside(0xc0, 32, ''), largeLength(0)],
  ['RFC 8092 §6: LARGE_COMMUNITY of 13 octets', beside(0xc0, 32, octets(13)), largeLength(13)],
  ['RFC 9234 §5: ONLY_TO_CUSTOMER of no octets', beside(0xc0, 35, ''), otcLength(0)],
  ['RFC 9234 §5: ONLY_TO_CUSTOMER of 1,024 octets', beside(0xc0, 35, octets(1024)), otcLength(1024)],
  ['RFC 9234 §5: ONLY_TO_CUSTOMER of AS 0', beside(0xc0, 35, octets(4)), withdrawn('ONLY_TO_CUSTOMER of AS 0 (RFC 9234 §5)')],

  ['RFC 7606 §3 g: an attribute twice', beside(0x40, 1, '02'), again(1)],
  ['RFC 7606 §3 g: an unknown attribute twice', concat(beside(0xc0, 254, '01'), attribute(0xc0, 254, '02')), again(254)],
  ['RFC 7606 §3 g: MP_REACH_NLRI twice', concat(origin, asPath, reach, reach), `3/1 ${toHex(reach)}`],
  ['RFC 7606 §3 g: MP_UNREACH_NLRI twice', concat(mandatory, unreach, unreach), `3/1 ${toHex(unreach)}`],
  ['RFC 7606 §3 h: the strongest reaction wins', concat(attribute(0x40, 1, '03'), reach, reach), `3/1 ${toHex(reach)}`],

  ['RFC 4271 §6.3: an unknown well-known attribute', beside(0x40, 200, 'abcd'), '3/2 40c802abcd'],
  ['RFC 4271 §6.3: type 0 as well-known', beside(0x40, 0, ''), '3/2 400000'],
  ['RFC 4271 §5: an unknown optional non-transitive attribute goes quietly', beside(0x80, 253, 'ab'), accept],
  ['RFC 4271 §5: AIGP with a bad TLV goes quietly (RFC 7311)', beside(0x80, 26, '0100ff'), accept],
  ['RFC 4271 §5: BGP-LS that overruns itself goes quietly (RFC 9552)', beside(0x80, 29, '0400ffff'), accept],
  ['RFC 4271 §5: a corrupt tunnel encapsulation is not ours to judge (RFC 9012)', beside(0xc0, 23, '000fffff'), accept],
  ['RFC 4271 §5: a Prefix-SID of zeros is not ours to judge (RFC 8669)', beside(0xc0, 40, octets(8)), accept],

  ['RFC 7606 §4: a length over the block', concat(mandatory, hex('c00804 00')), overrun],
  ['RFC 7606 §4: one octet too many', concat(mandatory, hex('80')), overrun],
  ['RFC 7606 §4: two octets too many', concat(mandatory, hex('8004')), overrun],
  ['RFC 7606 §4: an extended length of one octet', concat(mandatory, hex('900400')), overrun],

  ['RFC 7606 §7.11: MP_REACH_NLRI shorter than its fields', withReach('00020100'), '3/9 800e0400020100'],
  ['RFC 7606 §7.11: an IPv6 next hop of 0 octets', withReach('000201 00 00'), '3/9 800e050002010000'],
  ['RFC 7606 §7.11: an IPv6 next hop of 9 octets', withReach('000201 09 200102030405060708 00'), '3/9 800e0e0002010920010203040506070800'],
  ['RFC 7606 §7.11: a next hop that overruns', withReach('001941 ff 00'), '3/9 800e05001941ff00'],
  ['RFC 7606 §7.12: MP_UNREACH_NLRI shorter than its fields', beside(0x80, 15, '0002'), '3/9 800f020002'],
  ['RFC 2545 §3: next hop ::', withReach(concat(hex('00020110'), octets(17))), withdrawn(noNextHop)],
  ['RFC 2545 §3: next hop ff02::1', withReach(concat(hex('00020110 ff02'), octets(13), hex('01 00'))), withdrawn(noNextHop)],

  ['RFC 6793 §4.1: AS4_PATH from a NEW speaker', beside(0xc0, 17, '0201 0000fde9'), fromNew('AS4_PATH')],
  ['RFC 6793 §4.1: AS4_AGGREGATOR from a NEW speaker', beside(0xc0, 18, octets(8)), fromNew('AS4_AGGREGATOR')],
]
for (const [title, bytes, expected, context = external] of table)
  t.test(title, async (t) => t.strictSame(outcome(bytes, context, true), expected))

for (const length of [17, 33, 64])
  t.test(`RFC 7606 §7.11: an IPv6 next hop of ${length} octets`, async (t) => {
    const value = concat(hex('000201'), Uint8Array.of(length), octets(length + 1, 0x20))
    t.equal(outcome(withReach(value), external, true), `3/9 ${toHex(attribute(0x80, 14, value))}`)
  })

t.test('RFC 4271 §6.3: the data of a 3/2 fits a NOTIFICATION', async (t) => {
  const result = decodeAttributes(attribute(0x50, 200, octets(60000)), 0, 60004, external, true)
  t.equal(result instanceof BgpError && result.data.length, 4096 - 21)
})

/** Attributes without anything reachable: withdrawals and End-of-RIB. */
const unreachable: [title: string, bytes: Uint8Array, expected: unknown][] = [
  ['RFC 4271 §4.3: no attributes', octets(0), accept],
  ['RFC 4760 §4: MP_UNREACH_NLRI needs no attribute beside it', unreach, accept],
  ['RFC 4271 §4.3: well-formed attributes that nothing needs', mandatory, accept],
  ['RFC 7606 §5.2: an overrun', concat(mandatory, hex('c00804')), '3/1'],
  ['RFC 7606 §5.2: any other treat-as-withdraw', concat(attribute(0x40, 1, '03'), asPath), '3/1'],
  ['RFC 7606 §5.2: an error beside MP_UNREACH_NLRI', concat(unreach, attribute(0x40, 1, '03')), '3/1'],
  ['RFC 7606 §5.2: an overrunning MP_UNREACH_NLRI', unreach.slice(0, -1), '3/1'],
  ['RFC 7606 §5.2: an attribute discard is no reason', concat(unreach, attribute(0x40, 6, '00')), atomicFault],
  ['RFC 7606 §5.2: MP_UNREACH_NLRI alone with wrong flags', attribute(0xc0, 15, unreach.slice(3)), withdrawn(flags('MP_UNREACH_NLRI'))],
]
for (const [title, bytes, expected] of unreachable)
  t.test(`${title}; nothing is reachable`, async (t) => t.strictSame(outcome(bytes, external, false), expected))
