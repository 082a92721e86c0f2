import t from 'tap'
import { attribute, concat, hex, mandatory, sample, times, toHex } from './fixture.ts'
import { type Rewrite, rewriteAttributes } from './rewrite-attributes.ts'

const outside: Rewrite = { internal: false, asNumber: 65000, nextHop: hex('0a630001'), clusterId: 2, reflects: false, originatorId: 7 }
const inside: Rewrite = { ...outside, internal: true, nextHop: 'received' }
const reflected: Rewrite = { ...inside, reflects: true }

function rewritten(block: Uint8Array, to: Rewrite): string {
  const from = concat(hex('aaaa'), block, hex('bbbb'))
  const into = new Uint8Array(block.length + 100)
  const end = rewriteAttributes(from, 2, 2 + block.length, to, into, 3)
  return toHex(into.subarray(3, end))
}

const origin = '40010100'
const selfNextHop = '4003040a630001'
const receivedNextHop = '4003040a000001'
const prepended = '40020a02020000fde80000fde9'
const path = '40020602010000fde9'
const preference = '40050400000064'

const cases: [title: string, block: Uint8Array, to: Rewrite, expected: string][] = [
  ['RFC 4271 §5.1.2, §5.1.3: to outside', mandatory, outside, origin + prepended + selfNextHop],
  ['RFC 4271 §5.1.5: inside LOCAL_PREF is there', mandatory, inside, origin + path + receivedNextHop + preference],
  [
    'RFC 4271 §5.1.5: LOCAL_PREF stays inside',
    concat(mandatory, attribute(0x40, 5, '000000c8')),
    inside,
    `${origin}${path}${receivedNextHop}400504000000c8`,
  ],
  [
    'RFC 4271 §5.1.4: MED goes no further',
    concat(mandatory, attribute(0x80, 4, '00000005'), attribute(0xc0, 8, '00010002')),
    outside,
    `${origin}${prepended}${selfNextHop}c0080400010002`,
  ],
  [
    'RFC 4456 §8: marked as reflected, in the order of types',
    concat(mandatory, attribute(0xc0, 8, '00010002'), attribute(0xc0, 16, '0002000100000001')),
    reflected,
    `${origin}${path}${receivedNextHop}${preference}c008040001000280090400000007800a0400000002c010080002000100000001`,
  ],
  [
    'RFC 4456 §8: the originator stays, the cluster is put in front',
    concat(mandatory, attribute(0x40, 5, '00000064'), attribute(0x80, 9, '00000009'), attribute(0x80, 10, '00000003')),
    reflected,
    `${origin}${path}${receivedNextHop}${preference}80090400000009800a080000000200000003`,
  ],
  [
    'RFC 4456 §8: none of that goes outside',
    concat(mandatory, attribute(0x40, 5, '00000064'), attribute(0x80, 9, '00000009'), attribute(0x80, 10, '00000003')),
    outside,
    origin + prepended + selfNextHop,
  ],
  [
    'RFC 4271 §5: unknown transitive ones get the Partial bit, the others go no further',
    concat(mandatory, attribute(0xc0, 99, '01'), attribute(0x80, 100, '02')),
    outside,
    `${origin}${prepended}${selfNextHop}e0630101`,
  ],
  ['RFC 4271 §4.3: flags that mean nothing are not passed on', attribute(0x5f, 1, '00'), outside, origin],
  [
    'RFC 4760 §3: the next hop of MP_REACH_NLRI goes elsewhere',
    concat(sample.origin, sample.reach),
    { ...outside, nextHop: 'none' },
    origin,
  ],
  ['RFC 4271 §5.1.2: an empty path', attribute(0x40, 2, ''), outside, '40020602010000fde8'],
  [
    'RFC 4271 §5.1.2: a full segment gets another in front, and the length two octets',
    attribute(0x40, 2, `02ff${times(255, '00000001').join('')}`),
    outside,
    `50020404${'02010000fde8'}02ff${times(255, '00000001').join('')}`,
  ],
]
for (const [title, block, to, expected] of cases) t.test(title, async (t) => t.equal(rewritten(block, to), expected))
