import fc from 'fast-check'
import t from 'tap'
import { fault, hex } from './fixture.ts'
import { checkNlri } from './nlri.ts'

const table: [title: string, bytes: string, bits: 32 | 128, expected: unknown][] = [
  ['no prefixes', '', 32, undefined],
  ['0.0.0.0/0', '00', 32, undefined],
  ['prefixes of every number of octets', '00 01 80 08 0a 09 0a80 18 0a0b0c 20 ffffffff', 32, undefined],
  ['host bits behind the length do not matter (RFC 4271 §4.3)', '09 0aff', 32, undefined],
  ['length 33', '21 0a0b0c0d0e', 32, '3/10'],
  ['length 255', `ff ${'00'.repeat(32)}`, 32, '3/10'],
  ['the last prefix is cut short', '08 0a 18 0a0b', 32, '3/10'],
  ['a length alone', '18', 32, '3/10'],
  ['IPv6 /128', `80 ${'fd'.repeat(16)}`, 128, undefined],
  ['IPv6 length 129', `81 ${'fd'.repeat(17)}`, 128, '3/10'],
  ['IPv6 cut short', `80 ${'fd'.repeat(15)}`, 128, '3/10'],
]
for (const [title, bytes, bits, expected] of table)
  t.test(`RFC 7606 §5.3: ${title}`, async (t) => t.strictSame(fault(checkNlri(hex(bytes), 0, hex(bytes).length, bits)), expected))

const withIds: [title: string, bytes: string, expected: unknown][] = [
  ['an identifier before each prefix', '00000001 18 0a0b0c ffffffff 00', undefined],
  ['an identifier and nothing', '00000001', '3/10'],
  ['half an identifier', '00000001 08 0a 0000', '3/10'],
  ['the prefix behind it is cut short', '00000001 18 0a0b', '3/10'],
  ['without identifiers these would be prefixes', '08 0a 08 0b', '3/10'],
]
for (const [title, bytes, expected] of withIds)
  t.test(`RFC 7911 §3: ${title}`, async (t) => t.strictSame(fault(checkNlri(hex(bytes), 0, hex(bytes).length, 32, true)), expected))

t.test('a full message of /32s and 5,000 times the same prefix are fine (RFC 8654)', async (t) => {
  const bytes = new Uint8Array(65500).map((_, i) => (i % 5 === 0 ? 32 : i))
  t.equal(checkNlri(bytes, 0, bytes.length, 32), undefined)
  const same = new Uint8Array(10000).map((_, i) => (i % 2 === 0 ? 8 : 10))
  t.equal(checkNlri(same, 0, same.length, 32), undefined)
})

/** The same said slowly: take one prefix off the front until nothing is left. */
function walks(bytes: readonly number[], bits: number): boolean {
  const [length, ...rest] = bytes
  if (length === undefined) return true
  return length <= bits && rest.length >= Math.ceil(length / 8) && walks(rest.slice(Math.ceil(length / 8)), bits)
}

t.test('noise is accepted just when it can be walked', async () => {
  const anyOctet = fc.oneof(fc.nat(8), fc.nat(140), fc.nat(255))
  fc.assert(
    fc.property(fc.array(anyOctet, { maxLength: 60 }), fc.constantFrom(32 as const, 128 as const), (bytes, bits) => {
      return (checkNlri(Uint8Array.from(bytes), 0, bytes.length, bits) === undefined) === walks(bytes, bits)
    }),
    { numRuns: 1000 },
  )
})
