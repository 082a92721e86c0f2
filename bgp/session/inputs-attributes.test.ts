/** Bad input #42 to #67: path attributes. Each is sent behind a good announcement of the same prefix; what the witness is told is the reaction. */
import t from 'tap'
import { attribute, concat } from '../wire/fixture.ts'
import { address } from './fixture.ts'
import {
  accepted,
  announced,
  before,
  InputLab,
  type InputSetup,
  nextHop,
  notified,
  origin,
  pathOf,
  prefix,
  updateOf,
  withdrawn,
} from './inputs-lab.ts'

const path = pathOf('external', 65002)
const oldPath = pathOf('old', 65002)
const octets = (count: number, fill = 0) => new Uint8Array(count).fill(fill)

/** The attributes a good announcement has, and one more or one that stands for the one of its type. */
function withOne(flags: number, type: number, value: Uint8Array | string): Uint8Array {
  return concat(...[origin, path, nextHop].filter((one) => one[1] !== type), attribute(flags, type, value))
}

const acceptedWith = (more: string) => announced(`${accepted} ${more}`)

type Row = readonly [title: string, attributes: Uint8Array, told: string, setup?: InputSetup]
const internal: InputSetup = { kind: 'internal' }
const old: InputSetup = { kind: 'old' }
const sets: InputSetup = { peer: { allowAsSet: true } }
const own: InputSetup = { options: { localAddress: { ipv4: address('10.0.0.1') } } }

const rows: readonly Row[] = [
  ['#42 ORIGIN as optional: treated as withdrawn (RFC 7606 §3 c)', withOne(0xc0, 1, '00'), withdrawn],
  ['#42 AS_PATH as non-transitive: treated as withdrawn', withOne(0x00, 2, path.slice(3)), withdrawn],
  ['#42 NEXT_HOP as optional: treated as withdrawn', withOne(0xc0, 3, 'c0000201'), withdrawn],
  ['#42 MULTI_EXIT_DISC as transitive: treated as withdrawn', withOne(0xc0, 4, octets(4)), withdrawn],
  ['#42 LOCAL_PREF as optional: treated as withdrawn', withOne(0xc0, 5, octets(4)), withdrawn, internal],
  ['#42 COMMUNITIES as well-known: treated as withdrawn', withOne(0x40, 8, octets(4)), withdrawn],
  ['#42 ORIGINATOR_ID as transitive: treated as withdrawn', withOne(0xc0, 9, '0a000009'), withdrawn, internal],
  ['#42 CLUSTER_LIST as transitive: treated as withdrawn', withOne(0xc0, 10, '0a000009'), withdrawn, internal],
  ['#42 extended communities as non-transitive: treated as withdrawn', withOne(0x80, 16, octets(8)), withdrawn],
  ['#42 LARGE_COMMUNITY as non-transitive: treated as withdrawn', withOne(0x80, 32, octets(12)), withdrawn],
  ['#43 ORIGIN of no octets: treated as withdrawn (RFC 7606 §7.1)', withOne(0x40, 1, ''), withdrawn],
  ['#43 ORIGIN of two octets: treated as withdrawn', withOne(0x40, 1, '0000'), withdrawn],
  ['#43 ORIGIN 3: treated as withdrawn', withOne(0x40, 1, '03'), withdrawn],
  ['#43 ORIGIN 255: treated as withdrawn', withOne(0x40, 1, 'ff'), withdrawn],
  ['#44 AS_PATH with a segment of type 0: treated as withdrawn (RFC 7606 §7.2)', withOne(0x40, 2, '0001 0000fdea'), withdrawn],
  ['#44 AS_PATH with a segment of type 5: treated as withdrawn', withOne(0x40, 2, '0201 0000fdea 0501 0000fdea'), withdrawn],
  ['#44 AS_PATH with a segment of no AS numbers: treated as withdrawn', withOne(0x40, 2, '0201 0000fdea 0200'), withdrawn],
  ['#44 AS_PATH with a count that overruns: treated as withdrawn', withOne(0x40, 2, '0203 0000fdea'), withdrawn],
  ['#44 AS_PATH of one octet: treated as withdrawn', withOne(0x40, 2, '02'), withdrawn],
  ['#44 AS4_PATH before AS_PATH: discarded (RFC 6793 §4.1)', concat(attribute(0xc0, 17, '02'), origin, path, nextHop), announced(accepted)],
  ['#45 AS 0 in AS_PATH: treated as withdrawn (RFC 7607 §2)', withOne(0x40, 2, '0202 0000fdea 00000000'), withdrawn],
  ['#45 AGGREGATOR of AS 0: discarded (RFC 7607 §2)', withOne(0xc0, 7, '00000000 0a000001'), announced(accepted)],
  ['#48 AS_CONFED_SEQUENCE: treated as withdrawn (RFC 5065 §5)', withOne(0x40, 2, '0301 0000fdea'), withdrawn],
  ['#49 AS_SET: treated as withdrawn (RFC 9774 §3)', withOne(0x40, 2, '0201 0000fdea 0101 00000001'), withdrawn],
  ['#49 AS_CONFED_SET: treated as withdrawn (RFC 9774 §3)', withOne(0x40, 2, '0401 0000fdea'), withdrawn],
  [
    '#49 AS_SET with allowAsSet: taken and passed on as it is',
    withOne(0x40, 2, '0201 0000fdea 0101 00000001'),
    announced('400101 00 400210 0202 0000fde9 0000fdea 0101 00000001 400304 7f000001'),
    sets,
  ],
  ['#49 AS_SET of no AS numbers, with allowAsSet: treated as withdrawn', withOne(0x40, 2, '0201 0000fdea 0100'), withdrawn, sets],
  ['#49 our own AS in an AS_SET, with allowAsSet: a loop', withOne(0x40, 2, '0201 0000fdea 0101 0000fde9'), withdrawn, sets],
  [
    '#49 AS_CONFED_SET with allowAsSet: treated as withdrawn all the same (RFC 5065 §5)',
    withOne(0x40, 2, '0401 0000fdea'),
    withdrawn,
    sets,
  ],
  ["#50 the first AS is not the peer's: treated as withdrawn (RFC 4271 §6.3)", withOne(0x40, 2, '0201 0000fdeb'), withdrawn],
  ['#51 NEXT_HOP of no octets: treated as withdrawn (RFC 7606 §7.3)', withOne(0x40, 3, ''), withdrawn],
  ['#51 NEXT_HOP of three octets: treated as withdrawn', withOne(0x40, 3, 'c00002'), withdrawn],
  ['#51 NEXT_HOP of five octets: treated as withdrawn', withOne(0x40, 3, 'c000020100'), withdrawn],
  ['#51 NEXT_HOP 0.0.0.0: treated as withdrawn', withOne(0x40, 3, '00000000'), withdrawn],
  ['#51 NEXT_HOP 127.0.0.1: treated as withdrawn', withOne(0x40, 3, '7f000001'), withdrawn],
  ['#51 NEXT_HOP 224.0.0.1: treated as withdrawn', withOne(0x40, 3, 'e0000001'), withdrawn],
  ['#51 NEXT_HOP 255.255.255.255: treated as withdrawn', withOne(0x40, 3, 'ffffffff'), withdrawn],
  ['#51 NEXT_HOP that is our own address: the route is kept but takes no part', withOne(0x40, 3, '0a000001'), withdrawn, own],
  ['#54 MULTI_EXIT_DISC of three octets: treated as withdrawn (RFC 7606 §7.4)', withOne(0x80, 4, octets(3)), withdrawn],
  ['#54 LOCAL_PREF of eight octets: treated as withdrawn (RFC 7606 §7.5)', withOne(0x40, 5, octets(8)), withdrawn, internal],
  ['#54 LOCAL_PREF from an external peer: discarded (RFC 7606 §7.5)', withOne(0x40, 5, '000003e8'), announced(accepted)],
  ['#55 ATOMIC_AGGREGATE of one octet: discarded (RFC 7606 §7.6)', withOne(0x40, 6, '00'), announced(accepted)],
  ['#55 AGGREGATOR of five octets: discarded (RFC 7606 §7.7)', withOne(0xc0, 7, octets(5, 1)), announced(accepted)],
  ['#55 AGGREGATOR of seven octets: discarded', withOne(0xc0, 7, octets(7, 1)), announced(accepted)],
  ['#55 AGGREGATOR of nine octets: discarded', withOne(0xc0, 7, octets(9, 1)), announced(accepted)],
  ['#56 COMMUNITIES of no octets: treated as withdrawn (RFC 7606 §7.8)', withOne(0xc0, 8, ''), withdrawn],
  ['#56 COMMUNITIES of five octets: treated as withdrawn', withOne(0xc0, 8, octets(5)), withdrawn],
  ['#56 extended communities of no octets: treated as withdrawn (RFC 7606 §7.14)', withOne(0xc0, 16, ''), withdrawn],
  ['#56 extended communities of nine octets: treated as withdrawn', withOne(0xc0, 16, octets(9)), withdrawn],
  ['#56 LARGE_COMMUNITY of no octets: treated as withdrawn (RFC 8092 §6)', withOne(0xc0, 32, ''), withdrawn],
  ['#56 LARGE_COMMUNITY of 13 octets: treated as withdrawn', withOne(0xc0, 32, octets(13)), withdrawn],
  ['#56 IPv6 extended communities of 21 octets: treated as withdrawn (RFC 7606 §7.15)', withOne(0xc0, 25, octets(21)), withdrawn],
  ['#58 ORIGINATOR_ID from an external peer: discarded (RFC 7606 §7.9)', withOne(0x80, 9, '0a000001'), announced(accepted)],
  ['#58 CLUSTER_LIST from an external peer: discarded (RFC 7606 §7.10)', withOne(0x80, 10, '0a000001'), announced(accepted)],
  ['#58 ORIGINATOR_ID of three octets: treated as withdrawn (RFC 7606 §7.9)', withOne(0x80, 9, octets(3)), withdrawn, internal],
  ['#58 CLUSTER_LIST of no octets: treated as withdrawn (RFC 7606 §7.10)', withOne(0x80, 10, ''), withdrawn, internal],
  ['#58 CLUSTER_LIST of six octets: treated as withdrawn', withOne(0x80, 10, octets(6)), withdrawn, internal],
  ['#58 our own ORIGINATOR_ID: a loop, the route takes no part (RFC 4456 §8)', withOne(0x80, 9, '0a000001'), withdrawn, internal],
  ['#58 our own cluster in CLUSTER_LIST: a loop (RFC 4456 §8)', withOne(0x80, 10, '0a000009 0a000001'), withdrawn, internal],
  ['#59 AS4_PATH from a NEW speaker: discarded (RFC 6793 §4.1)', withOne(0xc0, 17, '0201 00010000'), announced(accepted)],
  ['#59 AS4_AGGREGATOR from a NEW speaker: discarded (RFC 6793 §4.1)', withOne(0xc0, 18, '00010000 0a000001'), announced(accepted)],
  [
    '#59 AS4_PATH longer than AS_PATH: it is ignored (RFC 6793 §4.2.3)',
    concat(origin, oldPath, nextHop, attribute(0xc0, 17, '0202 0000fdea 00010000')),
    announced(accepted),
    old,
  ],
  [
    '#59 AS_CONFED_SEQUENCE inside AS4_PATH: the segment is discarded (RFC 6793 §6)',
    concat(origin, pathOf('old', 65002, 23456), nextHop, attribute(0xc0, 17, '0301 0000fdeb 0202 0000fdea 00010000')),
    announced('400101 00 40020e 0203 0000fde9 0000fdea 00010000 400304 7f000001'),
    old,
  ],
  ['#60 ONLY_TO_CUSTOMER of 1,024 octets: treated as withdrawn (RFC 9234 §5)', withOne(0xc0, 35, octets(1024)), withdrawn],
  ['#60 ONLY_TO_CUSTOMER of no octets: treated as withdrawn', withOne(0xc0, 35, ''), withdrawn],
  ['#60 ONLY_TO_CUSTOMER of AS 0: treated as withdrawn', withOne(0xc0, 35, octets(4)), withdrawn],
  ['#61 a corrupt tunnel encapsulation (23): passed on with Partial', withOne(0xc0, 23, '000fffff'), acceptedWith('e01704 000fffff')],
  ['#62 a Prefix-SID (40) of zeros: passed on with Partial', withOne(0xc0, 40, octets(8)), acceptedWith('e02808 0000000000000000')],
  ['#63 AIGP (26) with a bad TLV from an internal peer: discarded', withOne(0x80, 26, '0100ff'), announced(accepted), internal],
  ['#63 AIGP (26) from an external peer: discarded', withOne(0x80, 26, '01000b 0000000000000001'), announced(accepted)],
  ['#64 BGP-LS (29) that overruns itself: discarded', withOne(0x80, 29, '0400ffff'), announced(accepted)],
  [
    '#64 next hop characteristics (39) that overrun themselves: passed on with Partial',
    withOne(0xc0, 39, '0001 04 7f'),
    acceptedWith('e02704 0001047f'),
  ],
  [
    '#64 FlowSpec with a component that overruns, of a family nobody agreed on: ignored',
    withOne(0x80, 14, '0001 85 00 00 05 01 ff 0a'),
    announced(accepted),
  ],
  ['#65 unknown optional transitive 254: passed on with Partial (RFC 4271 §5)', withOne(0xc0, 254, 'ab'), acceptedWith('e0fe01 ab')],
  ['#65 unknown optional transitive 255: passed on with Partial', withOne(0xc0, 255, 'ab'), acceptedWith('e0ff01 ab')],
  ['#65 unknown optional non-transitive 253: dropped quietly', withOne(0x80, 253, 'ab'), announced(accepted)],
  ['#65 type 0 as optional transitive: passed on with Partial', withOne(0xc0, 0, 'ab'), announced(`e00001 ab ${accepted}`)],
]

for (const [title, attributes, expected, setup = {}] of rows)
  t.test(title, async (t) => {
    const lab = await InputLab.create(t, setup)
    const raw = await lab.establish()
    const first = before(lab.kind)
    t.equal((await lab.told(raw, first)).length, 1)
    t.strictSame(await lab.told(raw, updateOf(attributes, prefix)), [expected])
    await lab.repeated(raw, 1500, first, updateOf(attributes, prefix))
    lab.untouched()
  })

const ipv6Reach = (nextHopLength: number) =>
  attribute(0x80, 14, `0002 01 ${nextHopLength.toString(16).padStart(2, '0')} ${'20'.repeat(nextHopLength)} 00 40 fd00000000000001`)
const dataOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

const endings: readonly (readonly [title: string, attributes: Uint8Array, answers: readonly string[]])[] = [
  ...[0, 9, 17, 64].map((length) => {
    const reach = ipv6Reach(length)
    const title = `#52 an IPv6 next hop of ${length} octets: NOTIFICATION 3/9 with the attribute (RFC 7606 §7.11)`
    return [title, concat(origin, path, reach), notified(3, 9, dataOf(reach))] as const
  }),
  ['#66 an unknown well-known attribute: NOTIFICATION 3/2 with it (RFC 4271 §6.3)', withOne(0x40, 200, 'ab'), notified(3, 2, '40c801ab')],
]
for (const [title, attributes, answers] of endings)
  t.test(title, async (t) => (await InputLab.create(t)).ends('Established', updateOf(attributes, prefix), answers))

t.test('#53 a second next hop that is not link-local, and a reserved octet that is not 0: the global one is used', async (t) => {
  const lab = await InputLab.create(t)
  const raw = await lab.establish()
  const two = `20010db8${'00'.repeat(11)}01 20010db8${'00'.repeat(11)}02`
  const input = updateOf(concat(attribute(0x80, 14, `0002 01 20 ${two} ff 40 fd00000000000001`), origin, path))
  const reach = `900e001e 0002 01 10 ${'00'.repeat(10)}ffff7f000001 00 40 fd00000000000001`
  t.strictSame(await lab.told(raw, input), [announced(`${reach} 400101 00 40020a 0202 0000fde9 0000fdea`, '')])
  t.equal(lab.watched.best.get('fd00:0:0:1::/64'), '2001:db8::1')
  await lab.repeated(raw, 1500, input, updateOf(attribute(0x80, 15, '000201 40 fd00000000000001')))
  lab.untouched()
})
