import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { BgpError } from './bgp-error.ts'
import { anyU32, fault, hex, message, times } from './fixture.ts'
import type { Capability, Open } from './message.ts'
import { decodeOpen, encodeOpen } from './open.ts'

const decode = (body: Uint8Array | string) => {
  const bytes = typeof body === 'string' ? hex(body) : body
  return decodeOpen(bytes, 0, bytes.length)
}

const fixed = '04 fde9 005a 0a000001'
const open = { type: 'open', version: 4, myAs: 65001, holdTimeSec: 90, routerId: 0x0a000001 } as const
const withCapabilities = (...capabilities: Capability[]): Open => ({ ...open, capabilities })
const routeRefresh: Capability = { type: 'route-refresh' }
const unknown = (code: number, data = ''): Capability => ({ type: 'unknown', code, data: hex(data) })
const emptyCapabilities = '4200'.repeat(120)

const table: [title: string, body: string, expected: unknown][] = [
  ['RFC 4271 §4.2: no optional parameters', `${fixed} 00`, withCapabilities()],
  ['RFC 5492 §4: one parameter per capability', `${fixed} 08 02020200 02020200`, withCapabilities(routeRefresh, routeRefresh)],
  [
    'RFC 5492 §4: two capabilities in a parameter',
    `${fixed} 06 0204 0200 0600`,
    withCapabilities(routeRefresh, { type: 'extended-message' }),
  ],
  ['RFC 5492 §4: an empty parameter', `${fixed} 02 0200`, withCapabilities()],
  [
    'RFC 5492 §4: many empty capabilities come to an end',
    `${fixed} f2 02f0 ${emptyCapabilities}`,
    withCapabilities(...times(120, unknown(0x42))),
  ],
  ['RFC 9072 §2: the extended form', `${fixed} ff ff 0005 02 0002 0200`, withCapabilities(routeRefresh)],
  ['RFC 9072 §2: the extended form behind any length but 0', `${fixed} 01 ff 0005 02 0002 0200`, withCapabilities(routeRefresh)],
  [
    'RFC 9072 §2: 255 octets of plain parameters are no extended form',
    `${fixed} ff 02fd 42fb${'00'.repeat(251)}`,
    withCapabilities(unknown(0x42, '00'.repeat(251))),
  ],
  ['RFC 4271 §4.2: hold time 0', '04 fde9 0000 0a000001 00', { ...withCapabilities(), holdTimeSec: 0 }],
  [
    'RFC 6793 §4.1: values over 2^31, hold time 3',
    '04 5ba0 0003 ffffffff 08 0206 4104 ffffffff',
    {
      ...withCapabilities({ type: 'four-octet-as', asNumber: 4294967295 }),
      myAs: 23456,
      holdTimeSec: 3,
      routerId: 4294967295,
    },
  ],

  ['RFC 4271 §6.2: version 3, with the version we speak', '03 fde9 005a 0a000001 00', '2/1 0004'],
  ['RFC 4271 §6.2: version 5', '05 fde9 005a 0a000001 00', '2/1 0004'],
  ['RFC 7607 §2: AS 0', '04 0000 005a 0a000001 00', '2/2'],
  ['RFC 7607 §2: AS 0 in the four-octet AS capability', `${fixed} 08 0206 4104 00000000`, '2/2'],
  ['RFC 6286 §2.1: BGP Identifier 0', '04 fde9 005a 00000000 00', '2/3'],
  ['RFC 4271 §6.2: hold time 1', '04 fde9 0001 0a000001 00', '2/6'],
  ['RFC 4271 §6.2: hold time 2', '04 fde9 0002 0a000001 00', '2/6'],
  ['RFC 4271 §6.2: optional parameters longer than the message', `${fixed} 05 02020200`, '2/0'],
  ['RFC 4271 §6.2: optional parameters shorter than the message', `${fixed} 03 02020200`, '2/0'],
  ['RFC 4271 §6.2: a parameter that overruns', `${fixed} 04 02030200`, '2/0'],
  ['RFC 4271 §6.2: a type without a length', `${fixed} 01 02`, '2/0'],
  ['RFC 5492 §4: a capability that overruns its parameter', `${fixed} 08 02020201 02020200`, '2/0'],
  ['RFC 5492 §4: a capability code without a length', `${fixed} 03 020102`, '2/0'],
  ['RFC 9072 §2: an extended length of 0xffff', `${fixed} ff ff ffff 02 0002 0200`, '2/0'],
  ['RFC 9072 §2: no extended length', `${fixed} ff ff 00`, '2/0'],
  ['RFC 9072 §2: no extended form behind a length of 0', `${fixed} 00 ff 0000`, '2/0'],
  ['RFC 9072 §2: a parameter that overruns', `${fixed} ff ff 0005 02 ffff 0200`, '2/0'],
  ['RFC 4271 §6.2: authentication, an unknown parameter by now', `${fixed} 03 010100`, '2/4'],
  ['RFC 4271 §6.2: parameter 3', `${fixed} 02 0300`, '2/4'],
  ['RFC 4271 §6.2: a body of nine octets', fixed, '2/0'],
]
for (const [title, body, expected] of table) t.test(title, async (t) => t.strictSame(fault(decode(body)), expected))

t.test('RFC 4271 §4.2: as it goes out', async (t) => {
  t.strictSame(encodeOpen(withCapabilities()), message(1, `${fixed} 00`))
  t.strictSame(encodeOpen(withCapabilities(routeRefresh, { type: 'extended-message' })), message(1, `${fixed} 06 0204 0200 0600`))
})

t.test('RFC 9072 §2: the extended form goes out only where the plain one is too small', async (t) => {
  const plain = encodeOpen(withCapabilities(unknown(200, '00'.repeat(251))))
  t.strictSame(plain.slice(28, 32), hex('ff 02fd c8'))
  const extended = encodeOpen(withCapabilities(unknown(200, '00'.repeat(252))))
  t.strictSame(extended.slice(28, 36), hex('ff ff 0101 02 00fe c8'))
  const longer = encodeOpen(withCapabilities(unknown(200, '00'.repeat(253)), unknown(201, '00'.repeat(251))))
  t.strictSame(longer.slice(28, 36), hex('ff ff 01ff 02 01fc c8'))
})

t.test('RFC 8654 §4: an OPEN over 4096 octets is a bug of ours', async (t) => {
  const large = unknown(200, '00'.repeat(255))
  t.throws(() => encodeOpen(withCapabilities(...times(16, large))), RangeError)
  const full = unknown(200, '00'.repeat(4096 - 29 - 6 - 15 * 257 - 2))
  t.equal(encodeOpen(withCapabilities(...times(15, large), full)).length, 4096)
})

const anyFamily = fc.oneof(
  fc.constantFrom('ipv4-unicast' as const, 'ipv6-unicast' as const),
  fc.record({ afi: fc.integer({ min: 3, max: 65535 }), safi: fc.nat(255) }, { noNullPrototype: true }),
)
const anyCapability: fc.Arbitrary<Capability> = fc.oneof(
  fc.tuple(fc.nat(65535), fc.nat(255)).map(([afi, safi]) => ({ type: 'multiprotocol' as const, afi, safi })),
  fc.constant(routeRefresh),
  fc.constant({ type: 'extended-message' as const }),
  fc.integer({ min: 1, max: 0xffff_ffff }).map((asNumber) => ({ type: 'four-octet-as' as const, asNumber })),
  fc
    .tuple(
      fc.boolean(),
      fc.boolean(),
      fc.nat(4095),
      fc.array(fc.record({ family: anyFamily, forwardingPreserved: fc.boolean() }, { noNullPrototype: true }), { maxLength: 4 }),
    )
    .map(([restarting, notification, restartTimeSec, families]) => ({
      type: 'graceful-restart' as const,
      restarting,
      notification,
      restartTimeSec,
      families,
    })),
  fc.constant({ type: 'enhanced-route-refresh' as const }),
  fc
    .array(fc.record({ family: anyFamily, forwardingPreserved: fc.boolean(), staleSec: fc.nat(0xff_ffff) }, { noNullPrototype: true }), {
      maxLength: 4,
    })
    .map((families) => ({ type: 'long-lived-graceful-restart' as const, families })),
  fc
    .tuple(fc.integer({ min: 72, max: 255 }), fc.uint8Array({ maxLength: 255 }))
    .map(([code, data]) => ({ type: 'unknown' as const, code, data })),
)
const anyOpen: fc.Arbitrary<Open> = fc
  .tuple(fc.integer({ min: 1, max: 65535 }), fc.constantFrom(0, 3, 90, 65535), anyU32, fc.array(anyCapability, { maxLength: 8 }))
  .map(([myAs, holdTimeSec, routerId, capabilities]) => ({ ...open, myAs, holdTimeSec, routerId: routerId || 1, capabilities }))

t.test('any OPEN survives encoding and decoding', async () => {
  fc.assert(
    fc.property(anyOpen, (value) => {
      const bytes = encodeOpen(value)
      assert.deepEqual(decodeOpen(bytes, 19, bytes.length), value)
    }),
  )
})

t.test('cut anywhere, an OPEN is 2/0', async () => {
  fc.assert(
    fc.property(anyOpen, fc.nat(), (value, cut) => {
      const bytes = encodeOpen(value)
      const end = 19 + (cut % (bytes.length - 19))
      assert.equal(fault(decodeOpen(bytes, 19, end)), '2/0')
    }),
  )
})

t.test('noise never throws', async () => {
  const noise = fc.oneof(
    fc.uint8Array({ maxLength: 80 }),
    fc.uint8Array({ maxLength: 80 }).map((rest) => Uint8Array.from([...hex(fixed), rest.length, ...rest])),
  )
  fc.assert(
    fc.property(noise, (bytes) => {
      const result = decode(bytes)
      return result instanceof BgpError ? result.code === 2 : result.type === 'open'
    }),
    { numRuns: 2000 },
  )
})
