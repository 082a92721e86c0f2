import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { fault, hex, mandatory, message, toHex } from './fixture.ts'
import { Framer } from './framer.ts'
import { emptyUpdateRanges, finishAnnounce, finishWithdraw, splitUpdate, startAnnounce, startWithdraw, updateOverhead } from './update.ts'

/** The three parts as hex. */
function split(body: Uint8Array, start = 0, end = body.length): unknown {
  const out = emptyUpdateRanges()
  const error = splitUpdate(body, start, end, out)
  if (error !== undefined) return fault(error)
  const part = (from: number, to: number) => toHex(body.subarray(from, to))
  return [part(out.withdrawnStart, out.withdrawnEnd), part(out.attributesStart, out.attributesEnd), part(out.nlriStart, out.nlriEnd)]
}

const table: [title: string, body: string, expected: unknown][] = [
  ['RFC 4724 §2: an empty UPDATE', '0000 0000', ['', '', '']],
  ['RFC 4271 §4.3: all three parts', '0002 080a 0003 400101 180a0b0c', ['080a', '400101', '180a0b0c']],
  ['RFC 4271 §4.3: withdrawals alone', '0002 080a 0000', ['080a', '', '']],
  ['RFC 7606 §3 b: a body of three octets', '0000 00', '3/1'],
  ['RFC 7606 §3 b: Withdrawn Routes Length over the message', '0005 0a0a 0000', '3/1'],
  ['RFC 7606 §3 b: Withdrawn Routes Length leaves one octet for the next length', '0001 08 00', '3/1'],
  ['RFC 7606 §3 b: Withdrawn Routes Length 65535', 'ffff 0000', '3/1'],
  ['RFC 7606 §3 b: Total Path Attribute Length over the message', '0000 0004 400101', '3/1'],
  ['RFC 7606 §3 b: Total Path Attribute Length 65535', '0000 ffff', '3/1'],
]
for (const [title, body, expected] of table) t.test(title, async (t) => t.strictSame(split(hex(body)), expected))

t.test('ranges are of the chunk, not of the message', async (t) => {
  t.strictSame(split(hex('ffffff 0002 080a 0000 ffff'), 3, 9), ['080a', '', ''])
})

t.test('RFC 4271 §4.3: announcements and withdrawals as they go out', async (t) => {
  const into = new Uint8Array(200).fill(0xaa)
  const nlri = startAnnounce(into, 0, hex('40010100'))
  into.set(hex('180a0b0c'), nlri)
  const next = finishAnnounce(into, 0, nlri + 4)
  t.strictSame(into.slice(0, next), message(2, '0000 0004 40010100 180a0b0c'))
  const withdrawn = startWithdraw(next)
  into.set(hex('080a'), withdrawn)
  const end = finishWithdraw(into, next, withdrawn + 2)
  t.strictSame(into.slice(next, end), message(2, '0002 080a 0000'))
})

t.test('what is written in any place is split and framed again, and as long as updateOverhead says', async () => {
  fc.assert(
    fc.property(fc.nat(50), fc.uint8Array({ maxLength: 100 }), fc.uint8Array({ maxLength: 100 }), (at, attributes, prefixes) => {
      const into = new Uint8Array(400)
      const nlri = startAnnounce(into, at, attributes)
      into.set(prefixes, nlri)
      const middle = finishAnnounce(into, at, nlri + prefixes.length)
      assert.equal(middle - at, updateOverhead + attributes.length + prefixes.length)
      const withdrawn = startWithdraw(middle)
      into.set(prefixes, withdrawn)
      const end = finishWithdraw(into, middle, withdrawn + prefixes.length)
      assert.equal(end - middle, updateOverhead + prefixes.length)
      const seen: unknown[] = []
      new Framer().push(into.subarray(at, end), (_type, bytes, start, stop) => seen.push(split(bytes, start, stop)))
      assert.deepEqual(seen, [
        ['', toHex(attributes), toHex(prefixes)],
        [toHex(prefixes), '', ''],
      ])
    }),
  )
})

t.test('cut anywhere, an UPDATE is an error or has its parts inside', async (t) => {
  const body = Uint8Array.from([...hex('0004 180a0b0c 0014'), ...mandatory, ...hex('180a0b0d 20ffffffff')])
  for (let end = 0; end <= body.length; end++) {
    const out = emptyUpdateRanges()
    if (splitUpdate(body, 0, end, out) !== undefined) continue
    t.ok(out.withdrawnEnd <= out.attributesStart && out.attributesEnd === out.nlriStart && out.nlriEnd === end, `cut at ${end}`)
  }
})
