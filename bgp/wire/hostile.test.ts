/** Whole messages through the whole codec: what a session does with octets that are wrong, or only unlucky. */
import fc from 'fast-check'
import t from 'tap'
import { BgpError } from './bgp-error.ts'
import { decodeControl } from './control-message.ts'
import { decodeAttributes } from './decode-attributes.ts'
import { encodeAttributes } from './encode-attributes.ts'
import { endOfRib, isEndOfRib } from './end-of-rib.ts'
import { anyAttributes, attribute, concat, describe, external, hex, internal, mandatory, message, sample, times, toHex } from './fixture.ts'
import { Framer } from './framer.ts'
import { emptyMpRanges, locateMp } from './multiprotocol.ts'
import { checkNlri } from './nlri.ts'
import { encodeOpen } from './open.ts'
import { type DecodeContext, emptyUpdateRanges, splitUpdate } from './update.ts'

/** In the order in which a receiver of UPDATE asks. */
function receiveUpdate(bytes: Uint8Array, start: number, end: number, context: DecodeContext): string {
  const update = emptyUpdateRanges()
  const mp = emptyMpRanges()
  const located = splitUpdate(bytes, start, end, update) ?? locateMp(bytes, update.attributesStart, update.attributesEnd, mp)
  if (located !== undefined) return `reset ${describe(located)}`
  const endOfRibOf = isEndOfRib(update, mp)
  if (endOfRibOf !== undefined) return `end-of-rib ${endOfRibOf}`
  const invalid =
    checkNlri(bytes, update.withdrawnStart, update.withdrawnEnd, 32) ??
    checkNlri(bytes, update.nlriStart, update.nlriEnd, 32) ??
    (mp.reachAfi === 2 ? checkNlri(bytes, mp.reachNlriStart, mp.reachNlriEnd, 128) : undefined) ??
    (mp.unreachAfi === 2 ? checkNlri(bytes, mp.unreachNlriStart, mp.unreachNlriEnd, 128) : undefined)
  if (invalid !== undefined) return `reset ${describe(invalid)}`
  const reachable = update.nlriStart < update.nlriEnd || (mp.reachStart !== -1 && mp.reachNlriStart < mp.reachNlriEnd)
  const decoded = decodeAttributes(bytes, update.attributesStart, update.attributesEnd, context, reachable)
  return decoded instanceof BgpError ? `reset ${describe(decoded)}` : decoded.verdict
}

/** What each message comes to, and the error that ends it. */
function receive(bytes: Uint8Array, context: DecodeContext = external, maxMessageLength = 4096): string[] {
  const seen: string[] = []
  const framer = Object.assign(new Framer(), { maxMessageLength })
  const error = framer.push(bytes, (type, chunk, start, end) => {
    if (type === 2) return seen.push(receiveUpdate(chunk, start, end, context))
    const control = decodeControl(type, chunk, start, end)
    return seen.push(control instanceof BgpError ? `reset ${describe(control)}` : control.type)
  })
  return error === undefined ? seen : [...seen, `reset ${describe(error)}`]
}

const u16 = (value: number) => Uint8Array.of(value >>> 8, value)
const update = (attributes: Uint8Array, nlri = '180a0b0c', withdrawn = '') =>
  message(2, concat(u16(hex(withdrawn).length), hex(withdrawn), u16(attributes.length), attributes, hex(nlri)))
const { origin, asPath, reach, unreach } = sample
const withPath = (count: number) =>
  concat(origin, attribute(0x40, 2, concat(...times(count, concat(hex('02ff'), ...times(255, hex('0000fde9')))))), sample.nextHop)

const table: [title: string, bytes: Uint8Array, expected: string[], max?: number][] = [
  ['RFC 4271 §4.3: a good announcement', update(mandatory), ['accept']],
  ['RFC 4271 §4.3: a prefix both withdrawn and announced', update(mandatory, '180a0b0c', '180a0b0c'), ['accept']],
  ['RFC 4271 §4.3: a withdrawal alone', update(hex(''), '', '180a0b0c'), ['accept']],
  ['RFC 4271 §4.3: announced without attributes', update(hex('')), ['treat-as-withdraw']],
  ['RFC 4724 §2: an empty UPDATE', update(hex(''), ''), ['end-of-rib ipv4-unicast']],
  [
    'RFC 4724 §2: End-of-RIB, twice in a segment',
    concat(endOfRib('ipv6-unicast'), endOfRib('ipv4-unicast')),
    ['end-of-rib ipv6-unicast', 'end-of-rib ipv4-unicast'],
  ],
  ['RFC 4724 §2: End-of-RIB of a family that nobody asked for', update(attribute(0x80, 15, '001941'), ''), ['accept']],
  ['RFC 7606 §5.2: End-of-RIB and a broken attribute', update(concat(attribute(0x80, 15, '000201'), hex('4001')), ''), ['reset 3/1']],
  ['RFC 7606 §3 b: Withdrawn Routes Length over the message', message(2, '00ff 0000 00'), ['reset 3/1']],
  ['RFC 7606 §3 b: Total Path Attribute Length over the message', message(2, '0000 00ff 00'), ['reset 3/1']],
  ['RFC 7606 §4: an attribute overruns, NLRI is there', update(concat(mandatory, hex('8004ff'))), ['treat-as-withdraw']],
  ['RFC 7606 §5.2: an attribute overruns, withdrawals alone', update(hex('8004ff'), '', '180a0b0c'), ['reset 3/1']],
  ['RFC 7606 §4: MP_REACH_NLRI before the overrun', update(concat(reach, origin, asPath, hex('8004ff')), ''), ['treat-as-withdraw']],
  ['RFC 7606 §3 j: IPv4 prefix length 33', update(mandatory, '210a0b0c0d0e'), ['reset 3/10']],
  ['RFC 7606 §3 j: IPv4 prefix length 255', update(mandatory, `ff${'00'.repeat(32)}`), ['reset 3/10']],
  ['RFC 7606 §3 j: the last prefix is cut short', update(mandatory, '180a0b'), ['reset 3/10']],
  ['RFC 7606 §3 i: a withdrawn prefix is cut short', update(mandatory, '', '180a0b'), ['reset 3/10']],
  [
    'RFC 7606 §5.3: IPv6 prefix length 129 in MP_REACH_NLRI',
    update(attribute(0x80, 14, concat(reach.slice(3, 24), hex('81'), new Uint8Array(17))), ''),
    ['reset 3/10'],
  ],
  [
    'RFC 7606 §5.3: IPv6 prefix length 129 in MP_UNREACH_NLRI',
    update(attribute(0x80, 15, `000201 81 ${'00'.repeat(17)}`), ''),
    ['reset 3/10'],
  ],
  ['RFC 4271 §4.3: host bits behind the prefix length', update(mandatory, '090aff'), ['accept']],
  ['RFC 4271 §4.3: 800 times the same prefix', update(mandatory, '180a0b0c'.repeat(800)), ['accept']],
  ['RFC 4271 §4.3: 4,096 octets with one prefix', update(concat(mandatory, attribute(0xc0, 200, new Uint8Array(4037)))), ['accept']],
  ['RFC 8654 §4: 65,533 octets of /32s', update(mandatory, '200a0b0c0d'.repeat(13098)), ['accept'], 65535],
  ['RFC 8654 §4: 65,533 octets on a session that did not agree', update(mandatory, '200a0b0c0d'.repeat(13098)), ['reset 1/2 fffd']],
  ['RFC 8654 §4: a path of 15,810 AS numbers', update(withPath(62)), ['accept'], 65535],
  [
    'RFC 4760 §7: prefixes of a family nobody asked for',
    update(concat(attribute(0x80, 14, '001941 04 00000000 00 ff'), mandatory)),
    ['accept'],
  ],
  ['RFC 7606 §3 g: two MP_REACH_NLRI', update(concat(reach, reach, mandatory)), [`reset 3/1 ${toHex(reach)}`]],
  ['RFC 7606 §3 g: two MP_UNREACH_NLRI', update(concat(unreach, unreach), ''), [`reset 3/1 ${toHex(unreach)}`]],
  ['RFC 4271 §6.3: an unknown well-known attribute', update(concat(mandatory, attribute(0x40, 200, '00'))), ['reset 3/2 40c80100']],
  ['RFC 4271 §5: type 255, optional transitive', update(concat(mandatory, attribute(0xc0, 255, '00'))), ['accept']],
  ['RFC 4271 §6.4: a NOTIFICATION of nothing', message(3, ''), ['notification']],
  ['RFC 4271 §6.4: a NOTIFICATION of 4 KiB', message(3, concat(hex('0602ff'), new Uint8Array(4000))), ['notification']],
  ['RFC 4271 §6.1: a good message, then an unknown type', concat(message(4, ''), message(77, '')), ['keepalive', 'reset 1/3 4d']],
  ['RFC 4271 §6.2: an OPEN of zeros', message(1, new Uint8Array(10)), ['reset 2/1 0004']],
]
for (const [title, bytes, expected, max] of table) t.test(title, async (t) => t.strictSame(receive(bytes, external, max), expected))

t.test('every message, cut at every octet and its length corrected, is an error or withdrawn, never a throw', async (t) => {
  const open = encodeOpen({
    type: 'open',
    version: 4,
    myAs: 65001,
    holdTimeSec: 90,
    routerId: 1,
    capabilities: [
      { type: 'multiprotocol', afi: 2, safi: 1 },
      {
        type: 'graceful-restart',
        restarting: true,
        notification: true,
        restartTimeSec: 1,
        families: [{ family: 'ipv4-unicast', forwardingPreserved: true }],
      },
    ],
  })
  const announcement = update(concat(reach, mandatory, unreach, attribute(0x80, 4, '00000001')), '180a0b0c 20ffffffff', '080a')
  const unharmed = new Map<string, number>()
  for (const whole of [open, announcement, message(5, '00010001')])
    for (let end = 0; end < whole.length; end++) {
      const cut = whole.slice(0, end)
      cut.set([end >>> 8, end].slice(0, Math.max(0, end - 16)), Math.min(16, end))
      for (const result of receive(cut)) unharmed.set(result, (unharmed.get(result) ?? 0) + 1)
    }
  // The one cut that leaves a good UPDATE is between its two prefixes, and another has none.
  t.strictSame(unharmed.get('accept'), 2)
  t.strictSame(unharmed.get('open'), undefined)
})

t.test('any attributes with any one octet changed never throw, and never hang', async () => {
  fc.assert(
    fc.property(anyAttributes, fc.nat(), fc.nat(255), (attributes, place, octet) => {
      const bytes = update(encodeAttributes(attributes, internal))
      bytes[19 + (place % (bytes.length - 19))] = octet
      return receive(bytes, internal, 65535).length === 1
    }),
    { numRuns: 1000 },
  )
})

t.test('noise behind a good header never throws', async () => {
  fc.assert(
    fc.property(fc.constantFrom(1, 2, 3, 5), fc.uint8Array({ minLength: 10, maxLength: 400 }), (type, body) => {
      return receive(message(type, body)).length === 1
    }),
    { numRuns: 2000 },
  )
})
