import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { BgpError } from './bgp-error.ts'
import { decodeAttributes } from './decode-attributes.ts'
import { encodeAttributes } from './encode-attributes.ts'
import { anyAttributes, attribute, concat, external, hex, internal, mandatory, old, sample, times, toHex } from './fixture.ts'
import type { PathAttributes } from './path-attributes.ts'
import type { DecodeContext } from './update.ts'

function decode(bytes: Uint8Array, context: DecodeContext = external, hasReachableNlri = true) {
  return decodeAttributes(bytes, 0, bytes.length, context, hasReachableNlri)
}

function attributesOf(bytes: Uint8Array, context?: DecodeContext, hasReachableNlri?: boolean): PathAttributes | undefined {
  const result = decode(bytes, context, hasReachableNlri)
  return result instanceof BgpError ? undefined : result.attributes
}

const { origin, asPath, nextHop, reach, unreach } = sample
const long = (octets: number, fill = 0) => new Uint8Array(octets).fill(fill)

t.test('RFC 4271 §5: every attribute this speaker knows becomes its value', async (t) => {
  const bytes = concat(
    mandatory,
    attribute(0x80, 4, 'ffffffff'),
    attribute(0x40, 5, '80000000'),
    attribute(0x40, 6, ''),
    attribute(0xc0, 7, 'ffffffff c0a80001'),
    attribute(0xc0, 8, 'ffffff01 ffffffff'),
    attribute(0x80, 9, 'ff000001'),
    attribute(0x80, 10, 'ff000002 00000001'),
    attribute(0xc0, 16, '0002fde8 00000001'),
    attribute(0xc0, 32, 'ffffffff 80000000 00000001'),
    attribute(0xe0, 200, 'abcdef'),
  )
  t.strictSame(decode(bytes, internal), {
    verdict: 'accept',
    notes: [],
    ipv4NextHop: hex('0a000001'),
    attributes: {
      origin: 0,
      asPath: [{ type: 'sequence', asNumbers: [65001] }],
      nextHop: hex('0a000001'),
      unknown: [
        { flags: 0xc0, type: 16, data: hex('0002fde800000001') },
        { flags: 0xe0, type: 200, data: hex('abcdef') },
      ],
      med: 4294967295,
      localPref: 2147483648,
      atomicAggregate: true,
      aggregator: { asNumber: 4294967295, address: 0xc0a80001 },
      communities: [0xffffff01, 4294967295],
      originatorId: 0xff000001,
      clusterList: [0xff000002, 1],
      largeCommunities: [[4294967295, 2147483648, 1]],
    },
  })
})

t.test('RFC 4271 §5: unknown optional transitive attributes are kept with the Partial bit, in ascending order', async (t) => {
  const bytes = concat(attribute(0xc0, 255, '01'), mandatory, attribute(0xd0, 254, long(300, 7)), attribute(0xc0, 25, long(20)))
  t.strictSame(attributesOf(bytes)?.unknown, [
    { flags: 0xc0, type: 25, data: long(20) },
    { flags: 0xe0, type: 254, data: long(300, 7) },
    { flags: 0xe0, type: 255, data: hex('01') },
  ])
})

t.test('RFC 9234 §5: ONLY_TO_CUSTOMER is passed on as it came', async (t) => {
  const bytes = concat(mandatory, attribute(0xc0, 35, 'ffffffff'))
  t.strictSame(attributesOf(bytes)?.unknown, [{ flags: 0xc0, type: 35, data: hex('ffffffff') }])
})

t.test('RFC 7606 §3 g: the first of two stays', async (t) => {
  t.equal(attributesOf(concat(mandatory, attribute(0x40, 1, '02')))?.origin, 0)
})

t.test('RFC 7606 §7.5: what an external peer may not say is not there', async (t) => {
  const bytes = concat(mandatory, attribute(0x40, 5, long(4)), attribute(0x80, 9, long(4)), attribute(0x80, 10, long(4)))
  t.strictSame(attributesOf(bytes), attributesOf(mandatory))
})

const global = '20010db8000000000000000000000001'
const linkLocal = 'fe800000000000000000000000000002'
const zero = '0'.repeat(32)
const nextHops: [title: string, reach: string, expected: string | undefined][] = [
  ['RFC 2545 §3: a global next hop', `000201 10 ${global} 00`, global],
  ['RFC 2545 §3: global and link-local', `000201 20 ${global}${linkLocal} 00`, global + linkLocal],
  ['RFC 2545 §3: a second half that is not link-local is left out', `000201 20 ${global}${global} 00`, global],
  ['RFC 4760 §3: the reserved octet is ignored', `000201 10 ${global} ff`, global],
  ['RFC 2545 §3: link-local behind :: stands alone', `000201 20 ${zero}${linkLocal} 00`, linkLocal],
  ['RFC 2545 §3: link-local alone', `000201 10 ${linkLocal} 00`, linkLocal],
  ['RFC 4760 §3: IPv4 in MP_REACH_NLRI', '000101 04 0a000002 00', '0a000002'],
  ['RFC 4271 §6.3: IPv4 127.0.0.1 in MP_REACH_NLRI', '000101 04 7f000001 00', undefined],
  ['RFC 4291 §2.5.3: ::1 and a global one', `000201 20 ${'1'.padStart(32, '0')}${global} 00`, undefined],
]
for (const [title, value, expected] of nextHops)
  t.test(title, async (t) => {
    const attributes = attributesOf(concat(origin, asPath, attribute(0x80, 14, value)))
    t.equal(attributes && toHex(attributes.nextHop), expected)
  })

t.test('RFC 4760 §3: beside MP_REACH_NLRI, NEXT_HOP counts for the NLRI field alone', async (t) => {
  const both = decode(concat(reach, mandatory))
  t.match(both, { attributes: { nextHop: reach.slice(7, 23) }, ipv4NextHop: hex('0a000001') })
  const unusable = decode(concat(reach, origin, asPath, attribute(0x40, 3, '00000000')))
  t.notOk(unusable instanceof BgpError || unusable.ipv4NextHop)
  t.match(unusable, { verdict: 'accept', attributes: { nextHop: reach.slice(7, 23) } })
  const foreign = decode(concat(attribute(0x80, 14, '001941 00 00'), mandatory))
  t.match(foreign, { verdict: 'accept', attributes: { nextHop: hex('0a000001') }, ipv4NextHop: hex('0a000001') })
})

const oldPath = (value: string) => concat(origin, attribute(0x40, 2, value), nextHop)
const path = (...asNumbers: number[]) => [{ type: 'sequence', asNumbers }]
const fourOctet: [title: string, bytes: Uint8Array, expected: unknown][] = [
  ['§4.2.3: AS_PATH alone', oldPath('0202 fde9 5ba0'), { asPath: path(65001, 23456) }],
  [
    '§4.2.3: AS4_PATH replaces the tail',
    concat(oldPath('0203 fde9 5ba0 5ba0'), attribute(0xc0, 17, '0202 ffffffff 00010000')),
    { asPath: path(65001, 4294967295, 65536) },
  ],
  ['§4.2.3: AS4_PATH first', concat(attribute(0xc0, 17, '0201 00010000'), oldPath('0202 fde9 5ba0')), { asPath: path(65001, 65536) }],
  [
    '§4.2.3: AS4_PATH longer than AS_PATH is ignored',
    concat(oldPath('0201 fde9'), attribute(0xc0, 17, '0202 0000fde9 00010000')),
    { asPath: path(65001) },
  ],
  [
    '§6: a confederation segment in AS4_PATH is left out',
    concat(oldPath('0202 fde9 5ba0'), attribute(0xc0, 17, '0301 00000007 0201 00010000')),
    { asPath: path(65001, 65536) },
  ],
  [
    '§6: a malformed AS4_PATH is discarded',
    concat(oldPath('0202 fde9 5ba0'), attribute(0xc0, 17, '0202 00010000')),
    { asPath: path(65001, 23456) },
  ],
  ['§6: an AS4_PATH of no octets is discarded', concat(oldPath('0202 fde9 5ba0'), attribute(0xc0, 17, '')), { asPath: path(65001, 23456) }],
  [
    '§6: an AS4_PATH with wrong flags is discarded',
    concat(oldPath('0202 fde9 5ba0'), attribute(0x40, 17, '0201 00010000')),
    { asPath: path(65001, 23456) },
  ],
  [
    '§6, RFC 7607 §2: an AS4_PATH with AS 0 is discarded',
    concat(oldPath('0202 fde9 5ba0'), attribute(0xc0, 17, '0201 00000000')),
    { asPath: path(65001, 23456) },
  ],
  [
    '§4.2.3: AS4_AGGREGATOR replaces AS_TRANS',
    concat(oldPath('0201 fde9'), attribute(0xc0, 7, '5ba0 ff000001'), attribute(0xc0, 18, 'ffffffff ff000002')),
    {
      asPath: path(65001),
      aggregator: { asNumber: 4294967295, address: 0xff000002 },
    },
  ],
  [
    '§4.2.3: beside another AGGREGATOR neither AS4 attribute counts',
    concat(
      oldPath('0202 fde9 5ba0'),
      attribute(0xc0, 7, '0001 ff000001'),
      attribute(0xc0, 18, 'ffffffff ff000002'),
      attribute(0xc0, 17, '0201 00010000'),
    ),
    {
      asPath: path(65001, 23456),
      aggregator: { asNumber: 1, address: 0xff000001 },
    },
  ],
  [
    '§4.2.3: AS4_AGGREGATOR alone is ignored',
    concat(oldPath('0201 fde9'), attribute(0xc0, 18, 'ffffffff ff000002')),
    { asPath: path(65001) },
  ],
  [
    '§6: a malformed AS4_AGGREGATOR is discarded',
    concat(oldPath('0201 fde9'), attribute(0xc0, 7, '5ba0 ff000001'), attribute(0xc0, 18, 'ffff')),
    {
      asPath: path(65001),
      aggregator: { asNumber: 23456, address: 0xff000001 },
    },
  ],
]
for (const [title, bytes, expected] of fourOctet)
  t.test(`RFC 6793 ${title}`, async (t) => {
    const { origin: _origin, nextHop: _nextHop, unknown: _unknown, ...rest } = attributesOf(bytes, old) ?? {}
    t.strictSame(rest, expected)
  })

t.test('RFC 6793 §4.2.3: what an OLD speaker rightly sends needs no note', async (t) => {
  const aggregators = concat(attribute(0xc0, 7, '5ba0 ff000001'), attribute(0xc0, 18, 'ffffffff ff000002'))
  t.match(decode(concat(oldPath('0202 fde9 5ba0'), attribute(0xc0, 17, '0201 00010000'), aggregators), old), {
    verdict: 'accept',
    notes: [],
  })
})

t.test('RFC 9774 §3: AS_SET in AS4_PATH', async (t) => {
  const bytes = concat(oldPath('0202 fde9 5ba0'), attribute(0xc0, 17, '0101 00010000'))
  t.strictSame(decode(bytes, old), {
    verdict: 'treat-as-withdraw',
    attributes: undefined,
    notes: ['treat-as-withdraw: AS_SET or AS_CONFED_SET in AS4_PATH (RFC 9774 §3)'],
  })
})

t.test('RFC 8654: 16,000 AS numbers in one path, 16,000 communities', async (t) => {
  const segment = concat(hex('02ff'), ...times(255, hex('0000fde9')))
  const attributes = attributesOf(concat(origin, nextHop, attribute(0x50, 2, concat(...times(62, segment)))))
  t.equal(attributes?.asPath.flatMap(({ asNumbers }) => asNumbers).length, 62 * 255)
  t.equal(attributesOf(concat(mandatory, attribute(0xd0, 8, long(64000))))?.communities?.length, 16000)
})

t.test('what is kept does not share memory with the chunk, also where that is a Buffer', async (t) => {
  const chunk = Buffer.from(concat(mandatory, attribute(0xc0, 254, 'abcd')))
  const decoded = attributesOf(chunk)
  chunk.fill(0)
  t.strictSame([decoded?.nextHop, decoded?.unknown], [hex('0a000001'), [{ flags: 0xe0, type: 254, data: hex('abcd') }]])
})

t.test('all attributes survive encoding and decoding', async () => {
  fc.assert(
    fc.property(anyAttributes, fc.boolean(), (attributes, fourOctetAs) => {
      const context = { ...internal, fourOctetAs }
      const bytes = encodeAttributes(attributes, context)
      assert.deepEqual(attributesOf(bytes, context), attributes)
    }),
    { numRuns: 300 },
  )
})

t.test('RFC 4271 §5: the order of attributes in an UPDATE does not matter', async () => {
  const parts = [
    origin,
    nextHop,
    unreach,
    attribute(0x40, 2, '0202 fde9 5ba0'),
    attribute(0xc0, 17, '0201 00010000'),
    attribute(0xc0, 7, '5ba0 ff000001'),
    attribute(0xc0, 18, 'ffffffff ff000002'),
    attribute(0xc0, 8, '00000001'),
    attribute(0xc0, 16, long(8)),
    attribute(0xc0, 250, '01'),
    attribute(0xc0, 251, '02'),
  ]
  const expected = decode(concat(...parts), old)
  fc.assert(
    fc.property(fc.shuffledSubarray(parts, { minLength: parts.length }), (shuffled) => {
      assert.deepEqual(decode(concat(...shuffled), old), expected)
    }),
  )
})

t.test('cut anywhere, attributes are an error or withdrawn, or end between two', async (t) => {
  const whole = concat(mandatory, reach, unreach, attribute(0x80, 4, long(4)), attribute(0xc0, 8, long(8)), attribute(0xc0, 254, long(3)))
  for (let end = 0; end <= whole.length; end++)
    for (const context of [external, internal, old])
      for (const reachable of [true, false]) {
        const result = decodeAttributes(whole, 0, end, context, reachable)
        const known = result instanceof BgpError || result.verdict === 'treat-as-withdraw' || result.attributes !== undefined
        if (!known) t.fail(`cut at ${end}`)
      }
})

t.test('noise never throws', async () => {
  const anyAttribute = fc
    .tuple(fc.nat(255), fc.oneof(fc.nat(40), fc.nat(255)), fc.uint8Array({ maxLength: 40 }))
    .map(([bits, type, value]) => attribute(bits, type, value))
  const noise = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.array(anyAttribute, { maxLength: 8 }).map((list) => concat(...list)),
  )
  fc.assert(
    fc.property(noise, fc.constantFrom(external, internal, old), fc.boolean(), (bytes, context, reachable) => {
      const result = decode(bytes, context, reachable)
      return result instanceof BgpError ? result.code === 3 : (result.attributes === undefined) === (result.verdict === 'treat-as-withdraw')
    }),
    { numRuns: 2000 },
  )
})
