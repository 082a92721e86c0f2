import fc from 'fast-check'
import t from 'tap'
import { BgpError } from './bgp-error.ts'
import { decodeControl } from './control-message.ts'
import { fault, hex, message } from './fixture.ts'
import { encodeKeepAlive } from './keepalive.ts'
import { beginOfRefresh, encodeRouteRefresh, endOfRefresh, refreshRequest } from './route-refresh.ts'

const marker = 'ff'.repeat(16)
const table: [title: string, type: number, body: string, expected: unknown][] = [
  [
    'RFC 4271 §4.2: OPEN',
    1,
    '04 fde9 005a 0a000001 00',
    { type: 'open', version: 4, myAs: 65001, holdTimeSec: 90, routerId: 0x0a000001, capabilities: [] },
  ],
  ['RFC 4271 §4.5: NOTIFICATION', 3, '0602 00', { type: 'notification', code: 6, subcode: 2, data: hex('00') }],
  ['RFC 4271 §4.4: KEEPALIVE', 4, '', { type: 'keepalive' }],
  ['RFC 2918 §3: ROUTE-REFRESH', 5, '0002 00 01', { type: 'route-refresh', afi: 2, safi: 1, subtype: 0 }],
  ['RFC 7313 §3.2: the subtype is kept', 5, '0002 02 01', { type: 'route-refresh', afi: 2, safi: 1, subtype: 2 }],
  ['RFC 5291 §4: ORF entries are not read', 5, '0001 00 01 01 40 ffff', { type: 'route-refresh', afi: 1, safi: 1, subtype: 0 }],
  ['RFC 4271 §6.2: a malformed OPEN', 1, '04 fde9 005a 0a000001 02', '2/0'],
  ['RFC 2918 §3: ROUTE-REFRESH of three octets', 5, '000100', '1/2 0016'],
  ['RFC 7313 §5: BoRR of three octets, the whole message is the data', 5, '000101', `7/1 ${marker}001605000101`],
  ['RFC 7313 §5: EoRR of five octets', 5, '0001020100', `7/1 ${marker}0018050001020100`],
  ['RFC 7313 §5: an unknown subtype is not judged by its length', 5, '0001030100', { type: 'route-refresh', afi: 1, safi: 1, subtype: 3 }],
]
for (const [title, type, body, expected] of table)
  t.test(title, async (t) => t.strictSame(fault(decodeControl(type, hex(body), 0, hex(body).length)), expected))

t.test('an UPDATE is no control message: a bug of ours', async (t) => {
  for (const type of [0, 2, 6]) t.throws(() => decodeControl(type, hex(''), 0, 0), RangeError)
})

t.test('RFC 4271 §4.4: KEEPALIVE as it goes out', async (t) => t.strictSame(encodeKeepAlive(), message(4, '')))

t.test('RFC 2918 §3: ROUTE-REFRESH as it goes out', async (t) => {
  t.strictSame(encodeRouteRefresh({ type: 'route-refresh', afi: 2, safi: 1, subtype: 0 }), message(5, '0002 00 01'))
})

t.test('RFC 7313 §3.2: the three kinds as they go out', async (t) => {
  t.strictSame(refreshRequest('ipv4-unicast'), message(5, '0001 00 01'))
  t.strictSame(beginOfRefresh('ipv6-unicast'), message(5, '0002 01 01'))
  t.strictSame(endOfRefresh('ipv4-unicast'), message(5, '0001 02 01'))
})

t.test('any ROUTE-REFRESH survives encoding and decoding', async () => {
  fc.assert(
    fc.property(fc.nat(65535), fc.nat(255), fc.nat(255), (afi, safi, subtype) => {
      const bytes = encodeRouteRefresh({ type: 'route-refresh', afi, safi, subtype })
      const decoded = decodeControl(5, bytes, 19, bytes.length)
      return !(decoded instanceof BgpError) && JSON.stringify(decoded) === JSON.stringify({ type: 'route-refresh', afi, safi, subtype })
    }),
  )
})

t.test('noise never throws', async () => {
  fc.assert(
    fc.property(fc.constantFrom(1, 3, 4, 5), fc.uint8Array({ maxLength: 100 }), fc.nat(100), (type, bytes, start) => {
      const result = decodeControl(type, bytes, Math.min(start, bytes.length), bytes.length)
      return result instanceof BgpError || typeof result.type === 'string'
    }),
    { numRuns: 1000 },
  )
})
