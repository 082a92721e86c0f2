/** Octets as BIRD 2.0.12 and FRR 8.4.4 send them. */
import t from 'tap'
import { decodeControl } from './control-message.ts'
import { decodeAttributes } from './decode-attributes.ts'
import { encodeAttributes } from './encode-attributes.ts'
import { isEndOfRib } from './end-of-rib.ts'
import { external, fault, hex, toHex } from './fixture.ts'
import type { Capability } from './message.ts'
import { emptyMpRanges, locateMp } from './multiprotocol.ts'
import { checkNlri } from './nlri.ts'
import type { PathAttributes } from './path-attributes.ts'
import { emptyUpdateRanges, splitUpdate } from './update.ts'

const unknown = (code: number, data = ''): Capability => ({ type: 'unknown', code, data: hex(data) })

t.test('BIRD: OPEN with one parameter, AS 4200000000', async (t) => {
  const body = hex(`
    04 5ba0 00f0 0a000001 28
    0226 0104 00010001 0104 00020001 0200 0600 400a 0078 00010100 00020100 4104 fa56ea00 4600 4700`)
  t.strictSame(decodeControl(1, body, 0, body.length), {
    type: 'open',
    version: 4,
    myAs: 23456,
    holdTimeSec: 240,
    routerId: 0x0a000001,
    capabilities: [
      { type: 'multiprotocol', afi: 1, safi: 1 },
      { type: 'multiprotocol', afi: 2, safi: 1 },
      { type: 'route-refresh' },
      { type: 'extended-message' },
      {
        type: 'graceful-restart',
        restarting: false,
        notification: false,
        restartTimeSec: 120,
        families: [
          { family: 'ipv4-unicast', forwardingPreserved: false },
          { family: 'ipv6-unicast', forwardingPreserved: false },
        ],
      },
      { type: 'four-octet-as', asNumber: 4200000000 },
      { type: 'enhanced-route-refresh' },
      { type: 'long-lived-graceful-restart', families: [] },
    ],
  })
})

t.test('FRR: OPEN with a parameter per capability, some of them from drafts', async (t) => {
  const body = hex(`
    04 fdf2 00b4 0a000003 5e
    0206 0104 00010001 0206 0104 00020001 0202 8000 0202 0200 0202 4600 0206 4104 0000fdf2 0202 0600
    020a 4508 00010101 00020101 0208 4906 046672723100 020c 400a c078 00010100 00020100
    0210 470e 00010180000000 00020180000000`)
  t.strictSame(decodeControl(1, body, 0, body.length), {
    type: 'open',
    version: 4,
    myAs: 65010,
    holdTimeSec: 180,
    routerId: 0x0a000003,
    capabilities: [
      { type: 'multiprotocol', afi: 1, safi: 1 },
      { type: 'multiprotocol', afi: 2, safi: 1 },
      unknown(128), // route refresh before RFC 2918
      { type: 'route-refresh' },
      { type: 'enhanced-route-refresh' },
      { type: 'four-octet-as', asNumber: 65010 },
      { type: 'extended-message' },
      {
        type: 'add-path',
        families: [
          { afi: 1, safi: 1, receive: true, send: false },
          { afi: 2, safi: 1, receive: true, send: false },
        ],
      },
      unknown(73, '046672723100'), // host name
      {
        type: 'graceful-restart',
        restarting: true,
        notification: true,
        restartTimeSec: 120,
        families: [
          { family: 'ipv4-unicast', forwardingPreserved: false },
          { family: 'ipv6-unicast', forwardingPreserved: false },
        ],
      },
      {
        type: 'long-lived-graceful-restart',
        families: [
          { family: 'ipv4-unicast', forwardingPreserved: true, staleSec: 0 },
          { family: 'ipv6-unicast', forwardingPreserved: true, staleSec: 0 },
        ],
      },
    ],
  })
})

const bird = { ...external, peerAs: 4200000000 }
const frr = { ...external, peerAs: 65010 }
const path = (...asNumbers: number[]): Partial<PathAttributes> => ({ asPath: [{ type: 'sequence', asNumbers }] })
const plain = { origin: 0, nextHop: hex('0a000001'), unknown: [] } as const

/** Attributes, and the prefixes of the field that has some. */
const updates: [title: string, body: string, context: typeof external, attributes: unknown, prefixes: string][] = [
  [
    'BIRD: the least of an announcement',
    '0000 0014 40010100 40020602 01fa56ea00 4003040a000001 00 180a0203',
    bird,
    { ...plain, ...path(4200000000) },
    '00180a0203',
  ],
  [
    'BIRD: an extended community is kept',
    '0000 001f 40010100 4002060201fa56ea00 4003040a000001 c010080002fde900000005 200a090909',
    bird,
    { ...plain, ...path(4200000000), unknown: [{ flags: 0xc0, type: 16, data: hex('0002fde900000005') }] },
    '200a090909',
  ],
  [
    'BIRD: a community and a large community',
    '0000 002a 40010100 4002060201fa56ea00 4003040a000001 c00804fde9029a c0200cfa56ea000000000100000002 100a01',
    bird,
    { ...plain, ...path(4200000000), communities: [0xfde9029a], largeCommunities: [[4200000000, 1, 2]] },
    '100a01',
  ],
  [
    'BIRD: IPv6 in MP_REACH_NLRI, which comes first',
    `0000 0040 900e002f 000201 10 fd000000000000000000000000000001 00 40fd00000100000000 80fd000002000000000000000000000001
     40010100 4002060201fa56ea00`,
    bird,
    { ...plain, ...path(4200000000), nextHop: hex('fd000000000000000000000000000001') },
    '40fd0000010000000080fd000002000000000000000000000001',
  ],
  [
    'FRR: AS_PATH with the extended length that it does not need, MULTI_EXIT_DISC 0',
    '0000 001c 40010100 500200060201 0000fdf2 4003040a000001 80040400000000 100a05',
    frr,
    { ...plain, ...path(65010), med: 0 },
    '100a05',
  ],
  [
    'FRR: an IPv4-mapped next hop',
    '0000 0033 900e001a 000201 10 00000000000000000000ffff0a000003 00 20fd050000 40010100 500200060201 0000fdf2 80040400000000',
    frr,
    { ...plain, ...path(65010), nextHop: hex('00000000000000000000ffff0a000003'), med: 0 },
    '20fd050000',
  ],
  [
    'FRR: passes on what it does not know with the Partial bit',
    `0000 0038 40010102 5002000e 0203 0000fdf2 0000fdea fffffffe 4003040a000001 c00804ffff0001
     c0200cffffffff0000000200000003 e0c8020102 18c00002`,
    frr,
    {
      ...plain,
      ...path(65010, 65002, 4294967294),
      origin: 2,
      communities: [0xffff0001],
      largeCommunities: [[4294967295, 2, 3]],
      unknown: [{ flags: 0xe0, type: 200, data: hex('0102') }],
    },
    '18c00002',
  ],
]
for (const [title, body, context, attributes, prefixes] of updates)
  t.test(title, async (t) => {
    const bytes = hex(body)
    const update = emptyUpdateRanges()
    const mp = emptyMpRanges()
    t.equal(splitUpdate(bytes, 0, bytes.length, update), undefined)
    t.equal(locateMp(bytes, update.attributesStart, update.attributesEnd, mp), undefined)
    const inReach = mp.reachStart !== -1
    const [start, end] = inReach ? [mp.reachNlriStart, mp.reachNlriEnd] : [update.nlriStart, update.nlriEnd]
    t.equal(checkNlri(bytes, start, end, inReach ? 128 : 32), undefined)
    t.equal(toHex(bytes.subarray(start, end)), prefixes)
    const decoded = decodeAttributes(bytes, update.attributesStart, update.attributesEnd, context, true)
    t.match(decoded, { verdict: 'accept', notes: [] })
    t.strictSame('attributes' in decoded ? decoded.attributes : fault(decoded), attributes)
  })

t.test('BIRD: what we encode of its attributes is what it sent', async (t) => {
  const block = hex('40010100 4002060201fa56ea00 4003040a000001 c00804fde9029a c0200cfa56ea000000000100000002')
  const decoded = decodeAttributes(block, 0, block.length, bird, true)
  if (!('attributes' in decoded) || decoded.attributes === undefined) return t.fail('not decoded')
  t.equal(toHex(encodeAttributes(decoded.attributes, { fourOctetAs: true, internal: false })), toHex(block))
})

for (const [speaker, body, family] of [
  ['BIRD and FRR', '0000 0000', 'ipv4-unicast'],
  ['BIRD and FRR', '0000 0006 800f03000201', 'ipv6-unicast'],
] as const)
  t.test(`${speaker}: End-of-RIB of ${family}`, async (t) => {
    const bytes = hex(body)
    const update = emptyUpdateRanges()
    const mp = emptyMpRanges()
    t.equal(splitUpdate(bytes, 0, bytes.length, update) ?? locateMp(bytes, update.attributesStart, update.attributesEnd, mp), undefined)
    t.equal(isEndOfRib(update, mp), family)
  })
