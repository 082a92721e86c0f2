/** UPDATEs as octets, entered (RFC 4271 §9). The form of messages has its tests in bgp/wire. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { encodeAttributes } from '../wire/encode-attributes.ts'
import { concat, describe, fault, hex } from '../wire/fixture.ts'
import { announcement, attributesOf, families, nlri, octets, path, RibLab, sessionTerms, withdrawal } from './fixture.ts'

const prefix = '10.1.0.0/24'

type Over = Parameters<RibLab['peer']>[1]

/** One external peer with a session. */
function labOf(over: Over = {}, terms: Parameters<RibLab['peer']>[2] = {}) {
  const lab = new RibLab()
  const peer = lab.peer('peer', over, terms)
  const known = () =>
    Object.fromEntries(
      lab.rib
        .query({ table: 'in', limit: 1000 })
        .routes.map((route) => [
          route.prefix,
          route.paths.map(({ nextHop, med }) => (med === undefined ? nextHop : `${nextHop} ${med}`)).join(),
        ]),
    )
  return { lab, peer, known, received: () => families.map((family) => lab.rib.counts(peer.id, family).received) }
}

const u16 = (value: number) => Uint8Array.of(value >> 8, value & 255)

/** The body of an UPDATE of its three parts. */
function body(withdrawn: readonly string[], attributes: Uint8Array, announced: readonly string[]): Uint8Array {
  const gone = nlri(withdrawn)
  return concat(u16(gone.length), gone, u16(attributes.length), attributes, nlri(announced))
}

const block = encodeAttributes(attributesOf({}), { fourOctetAs: true, internal: false })
const withoutNextHop = encodeAttributes(attributesOf({ nextHop: new Uint8Array(0) }), { fourOctetAs: true, internal: false })
const reach = (prefixes: readonly string[]) => {
  const value = concat(hex('0002 01 10'), octets('fd00:9::1'), hex('00'), nlri(prefixes))
  return concat(hex('80 0e'), Uint8Array.of(value.length), value)
}
const unreach = (prefixes: readonly string[]) => {
  const value = concat(hex('0002 01'), nlri(prefixes))
  return concat(hex('80 0f'), Uint8Array.of(value.length), value)
}

t.test('RFC 4271 §9: what is announced is known, again is a replacement, withdrawn is gone', async (t) => {
  const { peer, known, received } = labOf()
  peer.announce([prefix, '10.2.0.0/24'])
  t.strictSame(known(), { [prefix]: '10.0.0.2', '10.2.0.0/24': '10.0.0.2' })
  peer.announce([prefix], { med: 5 })
  t.strictSame(known(), { [prefix]: '10.0.0.2 5', '10.2.0.0/24': '10.0.0.2' })
  peer.withdraw([prefix, '10.3.0.0/24'])
  t.strictSame(known(), { '10.2.0.0/24': '10.0.0.2' })
  t.strictSame(received(), [1, 0])
})

const updates: [title: string, update: Uint8Array, expected: Record<string, string>][] = [
  [
    'RFC 4271 §4.3: withdrawn and announced in one UPDATE is announced',
    body([prefix], block, [prefix]),
    { [prefix]: '10.0.0.2', '10.7.0.0/16': '10.0.0.2 7', 'fd07::/16': 'fd00:9::7' },
  ],
  [
    'a prefix many times in one UPDATE is one route',
    body([], block, [prefix, prefix, prefix]),
    { [prefix]: '10.0.0.2', '10.7.0.0/16': '10.0.0.2 7', 'fd07::/16': 'fd00:9::7' },
  ],
  [
    'RFC 4271 §4.3: host bits do not matter',
    concat(hex('0000'), u16(block.length), block, hex('09 0aff')),
    { '10.128.0.0/9': '10.0.0.2', '10.7.0.0/16': '10.0.0.2 7', 'fd07::/16': 'fd00:9::7' },
  ],
  ['withdrawn with host bits', concat(hex('0003 0f 0a07 0000')), { '10.7.0.0/16': '10.0.0.2 7', 'fd07::/16': 'fd00:9::7' }],
  [
    'RFC 4760 §3: both families in one UPDATE, each with its next hop',
    body([], concat(block, reach(['fd01::/64'])), [prefix]),
    { [prefix]: '10.0.0.2', '10.7.0.0/16': '10.0.0.2 7', 'fd01::/64': 'fd00:9::1', 'fd07::/16': 'fd00:9::7' },
  ],
  [
    'RFC 4760 §4: IPv6 withdrawn, IPv4 announced',
    body([], concat(unreach(['fd07::/16']), block), [prefix]),
    { [prefix]: '10.0.0.2', '10.7.0.0/16': '10.0.0.2 7' },
  ],
  [
    'RFC 4760: an IPv6 prefix in both is announced',
    body([], concat(withoutNextHop, unreach(['fd07::/16']), reach(['fd07::/16'])), []),
    { '10.7.0.0/16': '10.0.0.2 7', 'fd07::/16': 'fd00:9::1' },
  ],
  [
    'RFC 4760: all four kinds in one UPDATE',
    body(['10.7.0.0/16'], concat(block, unreach(['fd07::/16']), reach(['fd01::/64'])), [prefix]),
    { [prefix]: '10.0.0.2', 'fd01::/64': 'fd00:9::1' },
  ],
  [
    'RFC 7606 §2: treat as withdraw: AS_PATH is missing',
    body([], concat(hex('40 01 01 00'), hex('40 03 04 0a000002')), ['10.7.0.0/16']),
    { 'fd07::/16': 'fd00:9::7' },
  ],
  [
    'RFC 7606 §2: treat as withdraw: also what is in MP_REACH_NLRI',
    body([], concat(reach(['fd07::/16']), hex('40 01 01 09'), hex('40 02 06 0201 0000fde9')), []),
    { '10.7.0.0/16': '10.0.0.2 7' },
  ],
  [
    'RFC 7606 §2: treat as withdraw: both families',
    body([], concat(reach(['fd07::/16']), hex('40 01 01 09'), block.subarray(4)), ['10.7.0.0/16']),
    {},
  ],
  [
    'RFC 4271 §6.3: the first AS is not that of the peer',
    announcement(['10.7.0.0/16'], { asPath: path('65009') }),
    { 'fd07::/16': 'fd00:9::7' },
  ],
  [
    'RFC 7606 §3 d: NEXT_HOP is missing for the NLRI field, not for MP_REACH_NLRI',
    body([], concat(withoutNextHop, reach(['fd07::/16'])), ['10.7.0.0/16']),
    { 'fd07::/16': 'fd00:9::1' },
  ],
  [
    'RFC 4271 §4.3: an UPDATE that only withdraws what is not there',
    withdrawal([prefix]),
    { '10.7.0.0/16': '10.0.0.2 7', 'fd07::/16': 'fd00:9::7' },
  ],
]
for (const [title, update, expected] of updates)
  t.test(title, async (t) => {
    const { lab, peer, known } = labOf()
    peer.announce(['10.7.0.0/16'], { med: 7 })
    peer.announce(['fd07::/16'], { nextHop: octets('fd00:9::7') })
    t.equal(peer.receive(update), undefined)
    t.strictSame(known(), expected)
    lab.settle()
    t.strictSame([...lab.best.keys()].toSorted(), Object.keys(expected).toSorted())
  })

for (const [title, update, expected] of [
  ['RFC 7606 §5.3: a prefix length over 32', concat(hex('0000'), u16(block.length), block, hex('21 0a01000000')), '3/10'],
  ['RFC 7606 §5.3: a withdrawn prefix that is cut short', hex('0002 180a 0000'), '3/10'],
  ['RFC 7606 §5.3: an IPv6 prefix length over 128', body([], concat(withoutNextHop, hex('80 0f 04 0002 01 81')), []), '3/10'],
  ['RFC 7606 §3 b: lengths that overrun', hex('0000 0005 40'), '3/1'],
  ['RFC 7606 §5.2: malformed attributes and no prefix to withdraw', body([], hex('40 01 01 09'), []), '3/1'],
] as const)
  t.test(`${title} ends the session: ${expected}; nothing is entered`, async (t) => {
    const { peer, received } = labOf()
    t.match(fault(peer.receive(update)), new RegExp(`^${expected}`))
    t.strictSame(received(), [0, 0])
  })

t.test(
  'RFC 4271 §6.3: prefixes that are no unicast destination are ignored with a note, the others of the UPDATE are entered',
  async (t) => {
    const { lab, peer, known } = labOf()
    peer.announce(['127.0.0.0/8', prefix, '127.1.2.3/32', '224.0.0.0/4', '239.1.0.0/16', '255.255.255.255/32', '0.0.0.0/0', '0.1.0.0/16'])
    peer.announce(['ff02::1/128', 'fd01::/64', 'fe80::/10', 'fe80:1::/64', '::/0'], { nextHop: octets('fd00:9::1') })
    t.strictSame(Object.keys(known()), ['0.0.0.0/0', prefix, '::/0', 'fd01::/64'])
    t.strictSame(lab.notes, [`${peer.id} a prefix that is no unicast destination is ignored (RFC 4271 §6.3)`], 'once')
  },
)

t.test('RFC 4486 §4: over maxPrefixes the session ends with Cease/1 and family and limit as data; of each family apart', async (t) => {
  const { peer } = labOf({ maxPrefixes: 2 })
  const v6 = { nextHop: octets('fd00:9::1') }
  t.equal(peer.receive(announcement([prefix, prefix, '10.2.0.0/24'])), undefined)
  t.equal(peer.receive(announcement(['fd01::/64', 'fd02::/64'], v6)), undefined)
  peer.announce([prefix], { med: 1 })
  peer.withdraw([prefix])
  peer.announce(['10.3.0.0/24'])
  t.equal(fault(peer.receive(announcement([prefix]))), '6/1 00010100000002')
  const error = peer.receive(announcement(['fd03::/64'], v6))
  t.equal(error && describe(error), '6/1 00020100000002')
})

t.test('RFC 4760 §8: a family that was not agreed on is ignored, with its End-of-RIB', async (t) => {
  const { lab, peer, received } = labOf({}, { families: ['ipv4-unicast'] })
  t.equal(peer.receive(announcement(['fd01::/64'], { nextHop: octets('fd00:9::1') })), undefined)
  t.equal(peer.receive(withdrawal(['fd01::/64'])), undefined)
  peer.receive(hex('0000 0006 800f03 000201'))
  peer.receive(hex('0000 0000'))
  t.strictSame([received(), lab.finished], [[0, 0], [`${peer.id} ipv4-unicast`]])
})

t.test('a family we do not know is ignored', async (t) => {
  const { lab, peer, received } = labOf()
  t.equal(peer.receive(body([], concat(withoutNextHop, hex('80 0e 0d 4004 47 04 0a000001 00 01020304')), [])), undefined)
  t.equal(peer.receive(body([], hex('80 0f 06 4004 47 010203'), [])), undefined)
  t.equal(peer.receive(body([], hex('80 0f 03 4004 47'), [])), undefined)
  t.strictSame([received(), lab.finished], [[0, 0], []])
})

t.test('import none: routes are received and shown, not accepted', async (t) => {
  const { lab, peer, known } = labOf({ import: 'none' })
  peer.announce([prefix])
  lab.settle()
  t.strictSame(known(), { [prefix]: '10.0.0.2' })
  t.strictSame([...lab.best], [])
  t.strictSame(lab.rib.counts(peer.id, 'ipv4-unicast'), { received: 1, accepted: 0, advertised: 0, stale: 0 })
})

t.test('loops are received and shown, not accepted', async (t) => {
  const { lab, peer } = labOf()
  peer.announce([prefix], { asPath: path('65001 65000') })
  t.strictSame(lab.rib.counts(peer.id, 'ipv4-unicast'), { received: 1, accepted: 0, advertised: 0, stale: 0 })
  peer.announce([prefix])
  t.strictSame(lab.rib.counts(peer.id, 'ipv4-unicast'), { received: 1, accepted: 1, advertised: 0, stale: 0 })
  peer.announce([prefix], { nextHop: octets('10.0.0.1') })
  t.strictSame(lab.rib.counts(peer.id, 'ipv4-unicast'), { received: 1, accepted: 0, advertised: 0, stale: 0 })
})

t.test('RFC 7606: a peer that repeats itself is noted once; another one for itself', async (t) => {
  const { lab, peer } = labOf()
  const other = lab.peer('other', { asNumber: 65002 })
  for (const med of [1, 2, 3]) peer.announce([prefix], { asPath: path('65009'), med })
  other.announce([prefix], { asPath: path('65009') })
  t.strictSame(
    lab.notes,
    [peer, other].map(({ id }) => `${id} treat-as-withdraw: the first AS is not the peer's (RFC 4271 §6.3)`),
  )
})

t.test('RFC 7606: noise in the place of an UPDATE never throws, and is counted rightly', async () => {
  const { lab, peer } = labOf()
  const noise = fc.oneof(
    fc.uint8Array({ maxLength: 80 }),
    fc
      .tuple(fc.uint8Array({ maxLength: 40 }), fc.uint8Array({ maxLength: 20 }))
      .map(([octets, end]) => concat(hex('0000'), u16(octets.length), octets, end)),
    fc.tuple(fc.nat(block.length - 1), fc.nat(255)).map(([at, octet]) => body([], block.with(at, octet), [prefix, '10.2.0.0/24'])),
  )
  fc.assert(
    fc.property(noise, (bytes) => {
      peer.receive(bytes)
      lab.rib.flush(0)
      const inView = lab.rib.query({ table: 'in', limit: 1 }).total
      assert.equal(
        families.reduce((sum, family) => sum + lab.rib.counts(peer.id, family).received, 0),
        inView,
      )
    }),
    { numRuns: 500 },
  )
})

t.test('a session that ends takes its routes with it, but for the families that are kept', async (t) => {
  for (const [keep, expected] of [
    [[], []],
    [['ipv4-unicast'], [prefix]],
    [['ipv6-unicast'], ['fd01::/64']],
    [families, [prefix, 'fd01::/64']],
  ] as const) {
    const { lab, peer, known } = labOf()
    peer.announce([prefix])
    peer.announce(['fd01::/64'], { nextHop: octets('fd00:9::1') })
    lab.rib.sessionDown(peer.id, keep)
    lab.settle()
    t.strictSame([Object.keys(known()), [...lab.best.keys()]], [expected, expected])
    peer.up(sessionTerms())
    for (const family of families) lab.rib.sweepStale(peer.id, family)
    lab.settle()
    t.strictSame([known(), [...lab.best]], [{}, []])
  }
})
