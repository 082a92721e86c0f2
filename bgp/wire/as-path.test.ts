import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { type AsSize, asPathFault, asPathLength, mergeAs4Path, readAsPath, toTwoOctets, writeAs4Path, writeAsPath } from './as-path.ts'
import { anyAs, hex, times, toHex } from './fixture.ts'
import type { AsPathSegment } from './path-attributes.ts'

const sequence = (...asNumbers: number[]): AsPathSegment => ({ type: 'sequence', asNumbers })
const set = (...asNumbers: number[]): AsPathSegment => ({ type: 'set', asNumbers })
const confederation = (...asNumbers: number[]): AsPathSegment => ({ type: 'confed-sequence', asNumbers })
const read = (bytes: Uint8Array, size: AsSize, rest?: 'skip') => readAsPath(bytes, 0, bytes.length, size, rest)

const paths: [title: string, bytes: string, size: AsSize, expected: unknown][] = [
  ['§4.3 b: no segments', '', 4, []],
  ['RFC 6793 §4.1: four octets', '0202 0000fde9 ffffffff', 4, [sequence(65001, 4294967295)]],
  ['§4.3 b: two octets', '0202 fde9 ffff', 2, [sequence(65001, 65535)]],
  ['§4.3 b: two segments', '0201 fde9 0201 fdea', 2, [sequence(65001), sequence(65002)]],
  ['RFC 7606 §7.2: four octets read as two', '0201 0000fde9', 2, asPathFault.asZero],
  ['RFC 7606 §7.2: two octets read as four', '0202 fde9 fdea', 4, asPathFault.malformed],
  ['RFC 9774 §3: a set', '0101 fde9', 2, asPathFault.asSet],
  ['RFC 5065 §5: a confederation sequence', '0301 fde9', 2, asPathFault.confederation],
]
for (const [title, bytes, size, expected] of paths)
  t.test(title.startsWith('§') ? `RFC 4271 ${title}` : title, async (t) => t.strictSame(read(hex(bytes), size), expected))

t.test('RFC 6793 §6: confederation sequences may be skipped, sets may not', async (t) => {
  t.strictSame(read(hex('0301 00000001 0201 0000fde9'), 4, 'skip'), [sequence(65001)])
  t.strictSame(read(hex('0401 00000001 0201 0000fde9'), 4, 'skip'), asPathFault.asSet)
})

t.test('RFC 4271 §5.1.2: over 255 AS numbers begin a new segment; empty segments vanish', async (t) => {
  const long = times(300, 65001)
  t.equal(toHex(writeAsPath([sequence(), sequence(...long)], 2)), `02ff${'fde9'.repeat(255)}022d${'fde9'.repeat(45)}`)
})

t.test('RFC 6793 §4.2.2: towards an OLD speaker AS_TRANS stands in, and AS4_PATH has the rest', async (t) => {
  const path = [confederation(70000), sequence(65001, 70000, 4294967295)]
  t.equal(toHex(writeAsPath(path, 2)), '03015ba0' + '0203fde95ba05ba0')
  t.equal(toHex(writeAs4Path(path) ?? hex('')), '02030000fde900011170ffffffff')
  t.equal(writeAs4Path([confederation(70000), sequence(65001, 65535)]), undefined)
  t.strictSame([65535, 65536, 4294967295].map(toTwoOctets), [65535, 23456, 23456])
})

t.test('RFC 4271 §9.1.2.2 a, RFC 5065 §5.3: a set counts as one, a confederation not at all', async (t) => {
  t.equal(asPathLength([sequence(1, 2), set(3, 4, 5), confederation(6), confederation(7, 8), sequence(9)]), 4)
})

const merges: [title: string, path: AsPathSegment[], as4Path: AsPathSegment[], expected: AsPathSegment[]][] = [
  ['the tail is replaced', [sequence(1, 23456, 23456)], [sequence(70000, 70001)], [sequence(1, 70000, 70001)]],
  ['the whole path is replaced', [sequence(23456)], [sequence(70000)], [sequence(70000)]],
  ['AS4_PATH that is longer is ignored', [sequence(1)], [sequence(70000, 70001)], [sequence(1)]],
  ['an empty AS4_PATH changes nothing', [sequence(1, 2)], [], [sequence(1, 2)]],
  ['leading segments stay', [sequence(1), sequence(2, 23456)], [sequence(70000)], [sequence(1), sequence(2, 70000)]],
  ['segments that AS4_PATH covers go', [sequence(1, 2), sequence(23456)], [sequence(2, 70000)], [sequence(1, 2, 70000)]],
]
for (const [title, path, as4Path, expected] of merges)
  t.test(`RFC 6793 §4.2.3: ${title}`, async (t) => t.strictSame(mergeAs4Path(path, as4Path), expected))

t.test('RFC 6793 §4.2: a path through an OLD speaker arrives whole', async () => {
  fc.assert(
    fc.property(
      fc.array(anyAs, { minLength: 1, maxLength: 255 }),
      fc.array(fc.integer({ min: 1, max: 65535 }), { maxLength: 3 }),
      (real, added) => {
        const as4Path = writeAs4Path([sequence(...real)])
        const overOld = read(writeAsPath([sequence(...added, ...real)], 2), 2)
        assert(typeof overOld !== 'string')
        const arrived = as4Path === undefined ? overOld : mergeAs4Path(overOld, read(as4Path, 4) as AsPathSegment[])
        assert.deepEqual(
          arrived.flatMap(({ asNumbers }) => asNumbers),
          [...added, ...real],
        )
      },
    ),
  )
})

t.test('any path survives writing and reading', async () => {
  fc.assert(
    fc.property(fc.array(fc.array(anyAs, { minLength: 1, maxLength: 255 }), { maxLength: 4 }), (segments) => {
      const path = segments.map((asNumbers) => sequence(...asNumbers))
      assert.deepEqual(read(writeAsPath(path, 4), 4), path)
    }),
  )
})
