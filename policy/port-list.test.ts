import fc from 'fast-check'
import t from 'tap'
import type { PortSpec } from '../src/model/rule-shape.ts'
import { mergeRanges, multiportChunks, readPorts } from './port-list.ts'

const table: [title: string, specs: readonly PortSpec[], expected: unknown][] = [
  [
    'a number, also as text',
    [80, '443'],
    {
      ranges: [
        { from: 80, to: 80 },
        { from: 443, to: 443 },
      ],
      names: [],
    },
  ],
  ['a range', ['8000:8010'], { ranges: [{ from: 8000, to: 8010 }], names: [] }],
  ['names apart, sorted, each once', ['http', 80, 'dns', 'http'], { ranges: [{ from: 80, to: 80 }], names: ['dns', 'http'] }],
  [
    'overlapping and adjacent ones merge',
    [82, '80:81', '81:90', 1],
    {
      ranges: [
        { from: 1, to: 1 },
        { from: 80, to: 90 },
      ],
      names: [],
    },
  ],
  ['a name may look like a number with something behind', ['80-tcp'], { ranges: [], names: ['80-tcp'] }],
  ['nothing', [], { ranges: [], names: [] }],
]
for (const [title, specs, expected] of table) t.test(title, async (t) => t.strictSame(readPorts(specs), expected))

const range = fc.tuple(fc.integer({ min: 1, max: 300 }), fc.nat(20)).map(([from, length]) => ({ from, to: from + length }))
const ranges = fc.array(range, { maxLength: 60 })
const portsOf = (list: readonly { readonly from: number; readonly to: number }[]) =>
  JSON.stringify(
    [...new Set(list.flatMap(({ from, to }) => [...Array(to - from + 1).keys()].map((i) => from + i)))].toSorted((a, b) => a - b),
  )

t.test('merging keeps the ports, in ascending ranges that do not touch', async () => {
  fc.assert(
    fc.property(ranges, (list) => {
      const merged = mergeRanges(list)
      const apart = merged.every(({ from }, i) => i === 0 || from > (merged[i - 1]?.to ?? 0) + 1)
      return apart && portsOf(merged) === portsOf(list)
    }),
  )
})

t.test('multiport: chunks keep the order and the ranges, each within 15 slots, none empty', async () => {
  fc.assert(
    fc.property(ranges, (list) => {
      const chunks = multiportChunks(list)
      const slots = chunks.map((chunk) => chunk.reduce((sum, { from, to }) => sum + (from === to ? 1 : 2), 0))
      return JSON.stringify(chunks.flat()) === JSON.stringify(list) && slots.every((count) => count >= 1 && count <= 15)
    }),
  )
})

t.test('multiport: 15 single ports are one match, 16 are two', async (t) => {
  const singles = (count: number) => [...Array(count).keys()].map((i) => ({ from: 2 * i + 1, to: 2 * i + 1 }))
  t.strictSame(
    [15, 16, 30, 31].map((count) => multiportChunks(singles(count)).length),
    [1, 2, 2, 3],
  )
})
