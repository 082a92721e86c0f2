/** Bad input #27 to #41: the framing of UPDATEs and their prefixes. */
import t, { type Test } from 'tap'
import type { PeerConfig } from '../peer.ts'
import { attribute, concat, hex, message } from '../wire/fixture.ts'
import {
  accepted,
  announced,
  before,
  InputLab,
  ipv6Unicast,
  mandatory,
  notified,
  origin,
  pathOf,
  prefix,
  updateOf,
  withdrawn,
} from './inputs-lab.ts'
import { ipv4Unicast } from './raw-peer.ts'

const path = pathOf('external', 65002)
/** 2001:db8::1, fd00:0:0:1::/64 */
const reachIpv6 = attribute(0x80, 14, `0002 01 10 20010db8000000000000000000000001 00 40 fd00000000000001`)
const dataOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

const endings: readonly (readonly [title: string, input: Uint8Array, answers: readonly string[]])[] = [
  ['#27 Withdrawn Routes Length over the message: NOTIFICATION 3/1 (RFC 7606 §3 b)', message(2, '00ff 0000 00'), notified(3, 1)],
  ['#27 Total Path Attribute Length over the message: NOTIFICATION 3/1', message(2, '0000 00ff 400101 00'), notified(3, 1)],
  ['#27 Withdrawn Routes Length that leaves no room for the other: NOTIFICATION 3/1', message(2, '0003 18cb00 71'), notified(3, 1)],
  [
    '#29 an attribute overruns and no prefix is reachable: NOTIFICATION 3/1 (RFC 7606 §5.2)',
    updateOf('8004ff', '', prefix),
    notified(3, 1),
  ],
  [
    '#29 an attribute overruns beside MP_UNREACH_NLRI alone: NOTIFICATION 3/1',
    updateOf(concat(attribute(0x80, 15, '000201'), hex('c00804'))),
    notified(3, 1),
  ],
  ['#29 attributes alone, one of them malformed: NOTIFICATION 3/1', updateOf(attribute(0x40, 1, '03')), notified(3, 1)],
  ['#31 IPv4 prefix length 33: NOTIFICATION 3/10 (RFC 7606 §3 j)', updateOf(mandatory, '210a0b0c0d0e'), notified(3, 10)],
  ['#31 IPv4 prefix length 255: NOTIFICATION 3/10', updateOf(mandatory, `ff${'00'.repeat(32)}`), notified(3, 10)],
  ['#31 the last prefix is cut short: NOTIFICATION 3/10', updateOf(mandatory, `${prefix} 180a0b`), notified(3, 10)],
  ['#31 withdrawn prefix length 33: NOTIFICATION 3/10', updateOf('', '', '210a0b0c0d0e'), notified(3, 10)],
  [
    '#31 IPv6 prefix length 129: NOTIFICATION 3/10 (RFC 7606 §5.3)',
    updateOf(attribute(0x80, 15, `000201 81 ${'00'.repeat(17)}`)),
    notified(3, 10),
  ],
  [
    '#38 MP_REACH_NLRI twice: NOTIFICATION 3/1 with the second (RFC 7606 §3 g)',
    updateOf(concat(reachIpv6, reachIpv6, origin, path)),
    notified(3, 1, dataOf(reachIpv6)),
  ],
  [
    '#38 MP_UNREACH_NLRI twice: NOTIFICATION 3/1 with the second',
    updateOf(concat(attribute(0x80, 15, '000201'), attribute(0x80, 15, '000201 00'))),
    notified(3, 1, '800f04 000201 00'),
  ],
]

const addPath = { type: 'add-path', families: [{ afi: 1, safi: 1, receive: false, send: true }] } as const
const capabilities = [ipv4Unicast, ipv6Unicast, { type: 'four-octet-as', asNumber: 65002 }, addPath] as const
const withPaths = (t: Test, peer: Partial<PeerConfig> = {}) =>
  InputLab.create(t, { peer: { addPath: { receive: true, send: 0 }, ...peer } })

t.test('#40 a prefix without the path identifier that was agreed on: NOTIFICATION 3/10 (RFC 7606 §3 j)', async (t) => {
  const lab = await withPaths(t)
  t.strictSame(await lab.answers(await lab.establish({ capabilities }), updateOf(mandatory, prefix)), notified(3, 10))
  lab.untouched()
})

t.test('#40 prefixes without it that can be read as one with: no more than the octets say, and the session stays', async (t) => {
  const lab = await withPaths(t)
  const raw = await lab.establish({ capabilities })
  raw.send(updateOf(mandatory, `${prefix} 180a0b0c`)) // identifier 18cb0071, then 10.11.12.0/24
  t.equal(await lab.witness.nextOctets(), announced(accepted, '180a0b0c'))
  raw.send(updateOf('', '', `${prefix} 180a0b0c`))
  t.equal(await lab.witness.nextOctets(), Buffer.from(updateOf('', '', '180a0b0c').subarray(16)).toString('hex'))
  lab.untouched()
})

t.test('#40 what comes of the wrong reading counts towards the limit: NOTIFICATION 6/1', async (t) => {
  const lab = await InputLab.create(t, { peer: { maxPrefixes: 2 } })
  const garbage = updateOf(mandatory, '00000008 0a 080b') // read as 0.0.0.0/0 three times, 10.0.0.0/8, 11.0.0.0/8
  t.strictSame(await lab.answers(await lab.establish(), garbage), notified(6, 1, '000101 00000002'))
  lab.untouched()
})

for (const [title, input, answers] of endings) t.test(title, async (t) => (await InputLab.create(t)).ends('Established', input, answers))

const taken: readonly (readonly [title: string, input: Uint8Array, told: readonly string[]])[] = [
  [
    '#28 an attribute overruns, prefixes are there: treated as withdrawn (RFC 7606 §4)',
    updateOf(concat(mandatory, hex('8004ff')), prefix),
    [withdrawn],
  ],
  ['#30 one octet behind the attributes: treated as withdrawn', updateOf(concat(mandatory, hex('80')), prefix), [withdrawn]],
  ['#30 two octets behind the attributes: treated as withdrawn', updateOf(concat(mandatory, hex('8004')), prefix), [withdrawn]],
  ['#30 an extended length of one octet: treated as withdrawn', updateOf(concat(mandatory, hex('900400')), prefix), [withdrawn]],
  [
    '#32 host bits behind the prefix length: masked',
    updateOf(mandatory, '180a0102 090aff 170a0103'),
    [announced(accepted, '180a0102 090a80 170a0102')],
  ],
  ['#33 a prefix both withdrawn and announced: announced (RFC 4271 §4.3)', updateOf(mandatory, prefix, prefix), [announced(accepted)]],
  ['#33 the same prefix hundreds of times: one route', updateOf(mandatory, prefix.repeat(900)), [announced(accepted)]],
  [
    '#34 224/4, 240/4, 127/8, 0/8 and what lies inside: ignored (RFC 4271 §6.3)',
    updateOf(mandatory, '04e0 04f0 087f 0800 207f000001 20e0000005'),
    [],
  ],
  [
    '#34 fe80::/10 and ff00::/8: ignored',
    updateOf(concat(attribute(0x80, 14, `0002 01 10 20010db8000000000000000000000001 00 0afe80 08ff`), origin, path)),
    [],
  ],
  ['#35 an unknown attribute alone: treated as withdrawn (RFC 7606 §3 d)', updateOf(attribute(0xc0, 31, '00'), prefix), [withdrawn]],
  ['#35 no attributes at all: treated as withdrawn', updateOf('', prefix), [withdrawn]],
  ['#36 End-of-RIB of a family that was not agreed on: ignored (RFC 4724 §2)', updateOf(attribute(0x80, 15, '001941')), []],
  ['#36 End-of-RIB of IPv4 unicast as MP_UNREACH_NLRI: taken', updateOf(attribute(0x80, 15, '000101')), []],
  ['#36 an empty UPDATE, twice: taken', updateOf(''), []],
  ['#36 End-of-RIB beside good attributes: ignored', updateOf(concat(attribute(0x80, 15, '000201'), mandatory)), []],
  [
    '#37 an UPDATE of 4,096 octets with one prefix: taken, and with our AS too long for the witness (#47)',
    updateOf(concat(mandatory, attribute(0xc0, 200, new Uint8Array(4045))), prefix),
    [withdrawn],
  ],
  [
    '#39 an attribute twice: the first counts (RFC 7606 §3 g)',
    updateOf(concat(mandatory, attribute(0x40, 1, '02')), prefix),
    [announced(accepted)],
  ],
  [
    '#39 an unknown attribute twice: the first counts',
    updateOf(concat(mandatory, attribute(0xc0, 254, '01'), attribute(0xc0, 254, '02')), prefix),
    [announced(`${accepted} e0fe01 01`)],
  ],
  [
    '#40 prefixes with path identifiers where add-path was not agreed on: read as prefixes',
    updateOf(mandatory, '00000008 0a 080b'),
    [announced(accepted, '00 080a 080b')],
  ],
  [
    '#41 prefixes of a family that was not agreed on: ignored (RFC 4760 §7)',
    updateOf(concat(attribute(0x80, 14, '001941 04 c0000201 00 20aabbccdd'), mandatory), prefix),
    [announced(accepted)],
  ],
]
for (const [title, input, told] of taken)
  t.test(title, async (t) => {
    const lab = await InputLab.create(t)
    const raw = await lab.establish()
    t.equal((await lab.told(raw, before())).length, 1)
    t.strictSame(await lab.told(raw, input), told)
    await lab.repeated(raw, 1000, before(), input)
    lab.untouched()
  })
