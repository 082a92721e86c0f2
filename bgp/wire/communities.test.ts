import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { readAggregator, writeAggregator } from './aggregator.ts'
import { type LargeCommunity, readLargeCommunities, readU32List, writeLargeCommunities, writeU32List } from './communities.ts'
import { anyAs, anyU32, hex, toHex } from './fixture.ts'

const u32Lists: [title: string, bytes: string, expected: number[]][] = [
  ['RFC 1997: one', 'ffffff01', [0xffffff01]],
  ['RFC 1997: 65535:65535 and 0:0, unsigned', 'ffffffff 00000000', [4294967295, 0]],
  ['RFC 1997: repeated ones stay', '00000001 00000001', [1, 1]],
]
for (const [title, bytes, expected] of u32Lists)
  t.test(title, async (t) => t.strictSame(readU32List(hex(`ff${bytes}`), 1, hex(`ff${bytes}`).length), expected))

const large: [title: string, bytes: string, expected: LargeCommunity[]][] = [
  ['RFC 8092 §3: one', 'ffffffff 80000000 00000001', [[4294967295, 2147483648, 1]]],
  ['RFC 8092 §3: repeated ones go', '000000010000000200000003'.repeat(3), [[1, 2, 3]]],
]
for (const [title, bytes, expected] of large)
  t.test(title, async (t) => t.strictSame(readLargeCommunities(hex(bytes), 0, hex(bytes).length), expected))

t.test('RFC 6793 §3: AGGREGATOR in two and four octets', async (t) => {
  t.strictSame(readAggregator(hex('fde9 ff000001'), 0, 6, 2), { asNumber: 65001, address: 0xff000001 })
  t.strictSame(readAggregator(hex('ffffffff ff000001'), 0, 8, 4), { asNumber: 4294967295, address: 0xff000001 })
  t.equal(readAggregator(hex('ffffffff ff000001'), 0, 8, 2), undefined)
  t.equal(readAggregator(hex('00000000 ff000001'), 0, 8, 4), undefined)
  t.equal(toHex(writeAggregator({ asNumber: 70000, address: 0xff000001 }, 2)), '5ba0ff000001')
})

t.test('all of them survive writing and reading', async () => {
  fc.assert(
    fc.property(
      fc.array(anyU32, { minLength: 1 }),
      fc.tuple(anyU32, anyU32, anyU32),
      anyAs,
      anyU32,
      (values, triple, asNumber, address) => {
        assert.deepEqual(readU32List(writeU32List(values), 0, values.length * 4), values)
        assert.deepEqual(readLargeCommunities(writeLargeCommunities([triple]), 0, 12), [triple])
        assert.deepEqual(readAggregator(writeAggregator({ asNumber, address }, 4), 0, 8, 4), { asNumber, address })
      },
    ),
  )
})
