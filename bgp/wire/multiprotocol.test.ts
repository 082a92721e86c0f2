import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { BgpError } from './bgp-error.ts'
import { attribute, concat, fault, hex, mandatory, message, sample, toHex } from './fixture.ts'
import {
  emptyMpRanges,
  finishReach,
  finishUnreach,
  locateMp,
  reachOverhead,
  startReach,
  startUnreach,
  unreachOverhead,
} from './multiprotocol.ts'
import { emptyUpdateRanges, splitUpdate } from './update.ts'

const { reach, unreach } = sample

/** Families, next hop and prefixes as text; '-' for an attribute that is not there. */
function locate(bytes: Uint8Array, start = 0, end = bytes.length): unknown {
  const mp = emptyMpRanges()
  const error = locateMp(bytes, start, end, mp)
  if (error !== undefined) return fault(error)
  const part = (from: number, to: number) => toHex(bytes.subarray(from, to))
  return [
    mp.reachStart === -1
      ? '-'
      : `${mp.reachAfi}/${mp.reachSafi} ${part(mp.reachNextHopStart, mp.reachNextHopEnd)} ${part(mp.reachNlriStart, mp.reachNlriEnd)}`,
    mp.unreachStart === -1 ? '-' : `${mp.unreachAfi}/${mp.unreachSafi} ${part(mp.unreachNlriStart, mp.unreachNlriEnd)}`,
  ]
}

const nextHop = '20010db8000000000000000000000000'
const found = [`2/1 ${nextHop} 40fd00000000000001`, '2/1 40fd00000000000001']
const table: [title: string, bytes: Uint8Array, expected: unknown][] = [
  ['no attributes', new Uint8Array(0), ['-', '-']],
  ['neither of them', mandatory, ['-', '-']],
  ['both, among others', concat(reach, mandatory, unreach), found],
  ['RFC 4760 §3: the reserved octet is ignored', attribute(0x80, 14, `000201 10 ${nextHop} ff 00`), [`2/1 ${nextHop} 00`, '-']],
  ['RFC 4760 §4: MP_UNREACH_NLRI without prefixes', attribute(0x80, 15, '000201'), ['-', '2/1 ']],
  ['RFC 4271 §4.3: extended length', attribute(0x90, 15, '000201 00'), ['-', '2/1 00']],
  ['RFC 2545 §3: two next hops', attribute(0x80, 14, `000201 20 ${nextHop}${nextHop} 00`), [`2/1 ${nextHop}${nextHop} `, '-']],
  ['RFC 4760 §3: a family we do not know, any next hop', attribute(0x80, 14, '001941 00 00 ab'), ['25/65  ab', '-']],
  ['RFC 4760 §3: IPv4', attribute(0x80, 14, '000101 04 0a000001 00 080a'), ['1/1 0a000001 080a', '-']],
  ['RFC 8950 §3: IPv4 with an IPv6 next hop', attribute(0x80, 14, `000101 10 ${nextHop} 00 080a`), [`1/1 ${nextHop} 080a`, '-']],
  ['RFC 7606 §7.11: an IPv4 next hop of 15 octets', attribute(0x80, 14, `000101 0f ${nextHop}`), `3/9 800e140001010f${nextHop}`],
  ['RFC 7606 §3 g: MP_REACH_NLRI twice', concat(reach, mandatory, reach), `3/1 ${toHex(reach)}`],
  ['RFC 7606 §3 g: MP_UNREACH_NLRI twice', concat(unreach, unreach), `3/1 ${toHex(unreach)}`],
  ['RFC 7606 §7.11: MP_REACH_NLRI of four octets', attribute(0x80, 14, '00020100'), '3/9 800e0400020100'],
  ['RFC 7606 §7.11: no next hop', attribute(0x80, 14, '0002010000'), '3/9 800e050002010000'],
  ['RFC 7606 §7.11: a next hop that overruns', attribute(0x80, 14, '00020110 0000'), '3/9 800e06000201100000'],
  ['RFC 7606 §7.11: no reserved octet', attribute(0x80, 14, `000201 10 ${nextHop}`), `3/9 800e1400020110${nextHop}`],
  ['RFC 7606 §7.12: MP_UNREACH_NLRI of two octets', attribute(0x80, 15, '0002'), '3/9 800f020002'],
  ['RFC 7606 §4: the walk stops where a length overruns', concat(unreach, hex('c008ff'), reach), ['-', found[1]]],
  ['RFC 7606 §4: and where a header is cut short', concat(unreach, hex('90')), ['-', found[1]]],
]
for (const [title, bytes, expected] of table) t.test(title, async (t) => t.strictSame(locate(bytes), expected))

t.test('what was found in the message before is forgotten', async (t) => {
  const mp = emptyMpRanges()
  t.equal(locateMp(concat(reach, unreach), 0, reach.length + unreach.length, mp), undefined)
  t.equal(locateMp(mandatory, 0, mandatory.length, mp), undefined)
  t.strictSame(mp, emptyMpRanges())
})

t.test('RFC 7606 §5.1: MP_REACH_NLRI goes out first, alone in its UPDATE but for the other attributes', async (t) => {
  const into = new Uint8Array(200).fill(0xaa)
  const at = startReach(into, 0, 'ipv6-unicast', hex(nextHop))
  into.set(hex('10fd00'), at)
  const end = finishReach(into, 0, at + 3, hex('40010100'))
  t.strictSame(into.slice(0, end), message(2, `0000 0020 900e0018 000201 10 ${nextHop} 00 10fd00 40010100`))
  t.equal(end, reachOverhead(hex(nextHop)) + 3 + 4)
})

t.test('RFC 4760 §4: withdrawals go out in MP_UNREACH_NLRI alone', async (t) => {
  const into = new Uint8Array(200).fill(0xaa)
  const at = startUnreach(into, 5, 'ipv6-unicast')
  into.set(hex('10fd00'), at)
  const end = finishUnreach(into, 5, at + 3)
  t.strictSame(into.slice(5, end), message(2, '0000 000a 900f0006 000201 10fd00'))
  t.equal(end - 5, unreachOverhead + 3)
})

t.test('what is written is located again', async () => {
  const anyNextHop = fc.oneof(fc.uint8Array({ minLength: 16, maxLength: 16 }), fc.uint8Array({ minLength: 32, maxLength: 32 }))
  fc.assert(
    fc.property(anyNextHop, fc.uint8Array({ maxLength: 400 }), fc.nat(30), (address, prefixes, at) => {
      const into = new Uint8Array(2000)
      const nlri = startReach(into, at, 'ipv6-unicast', address)
      into.set(prefixes, nlri)
      const middle = finishReach(into, at, nlri + prefixes.length, mandatory)
      const withdrawn = startUnreach(into, middle, 'ipv6-unicast')
      into.set(prefixes, withdrawn)
      const end = finishUnreach(into, middle, withdrawn + prefixes.length)
      const update = emptyUpdateRanges()
      assert.equal(splitUpdate(into, at + 19, middle, update), undefined)
      assert.deepEqual(locate(into, update.attributesStart, update.attributesEnd), [`2/1 ${toHex(address)} ${toHex(prefixes)}`, '-'])
      assert.equal(splitUpdate(into, middle + 19, end, update), undefined)
      assert.deepEqual(locate(into, update.attributesStart, update.attributesEnd), ['-', `2/1 ${toHex(prefixes)}`])
    }),
  )
})

t.test('noise never throws, and what is located lies inside', async () => {
  const anyMp = fc
    .tuple(fc.nat(255), fc.constantFrom(1, 14, 15), fc.uint8Array({ maxLength: 50 }))
    .map(([flags, type, value]) => attribute(flags, type, value))
  const noise = fc.tuple(fc.array(anyMp, { maxLength: 3 }), fc.nat(5)).map(([list, cut]) => {
    const bytes = concat(...list)
    return bytes.subarray(0, Math.max(0, bytes.length - cut))
  })
  fc.assert(
    fc.property(noise, (bytes) => {
      const mp = emptyMpRanges()
      const error = locateMp(bytes, 0, bytes.length, mp)
      const inside = mp.reachNextHopEnd < mp.reachNlriStart && mp.reachNlriStart <= mp.reachNlriEnd && mp.reachNlriEnd <= bytes.length
      return error instanceof BgpError || mp.reachStart === -1 || inside
    }),
    { numRuns: 1000 },
  )
})
