import fc from 'fast-check'
import t from 'tap'
import { formatPrefix, parsePrefix } from '../net/prefix.ts'
import { checkPuts } from './cross-check.ts'
import type { Resource } from './resource.ts'
import { calico, stored } from './sample-resources.ts'

type Sample = readonly [name: string, cidr: string, spec?: object]

const pool = ([name, cidr, spec = {}]: Sample) => stored(calico('IPPool', { cidr, ...spec }, { name }))

function problems(puts: readonly Sample[], existing: readonly Sample[] = []) {
  const resources = existing.map(pool)
  const list = (_group: string, kind: string) => resources.filter((resource) => resource.kind === kind).map((resource) => ({ resource }))
  const items = puts.map((sample, document) => ({ resource: pool(sample), document, lineOf: () => 5 }))
  return checkPuts(items, { get: () => undefined, list })
}

const overlapping = (document: number, own: string, name: string, cidr: string) => ({
  path: 'spec.cidr',
  reason: `overlaps IPPool ${name}, ${cidr}`,
  value: own,
  document,
  line: 5,
})

const table: [title: string, puts: readonly Sample[], existing: readonly Sample[], expected: readonly object[]][] = [
  [
    'neighbours do not overlap',
    [['b', '10.1.0.0/16']],
    [
      ['a', '10.0.0.0/16'],
      ['c', '10.2.0.0/15'],
      ['d', 'fd00::/64'],
    ],
    [],
  ],
  ['a pool put again as it is', [['a', '10.0.0.0/16', { ipipMode: 'Always' }]], [['a', '10.0.0.0/16']], []],
  [
    'inside a stored one, which is disabled',
    [['b', '10.0.1.0/24']],
    [['a', '10.0.0.0/16', { disabled: true }]],
    [overlapping(0, '10.0.1.0/24', 'a', '10.0.0.0/16')],
  ],
  [
    'around stored ones',
    [['b', '10.0.0.0/8']],
    [
      ['a', '10.0.0.0/16'],
      ['c', '10.1.0.0/16'],
    ],
    [overlapping(0, '10.0.0.0/8', 'a', '10.0.0.0/16'), overlapping(0, '10.0.0.0/8', 'c', '10.1.0.0/16')],
  ],
  ['the same CIDR under another name', [['b', '10.0.0.0/8']], [['a', '10.0.0.0/8']], [overlapping(0, '10.0.0.0/8', 'a', '10.0.0.0/8')]],
  [
    'two that come together',
    [
      ['a', 'fd00::/64'],
      ['b', 'fd00::/56'],
    ],
    [],
    [overlapping(0, 'fd00::/64', 'b', 'fd00::/56'), overlapping(1, 'fd00::/56', 'a', 'fd00::/64')],
  ],
  [
    '§6.17.3 no 35: CIDR and block size cannot be changed',
    [['a', '10.9.0.0/16', { blockSize: 24 }]],
    [['a', '10.0.0.0/16']],
    [
      {
        path: 'spec.cidr',
        reason: 'cannot be changed, it is 10.0.0.0/16: delete the pool and make another',
        value: '10.9.0.0/16',
        document: 0,
        line: 5,
      },
      { path: 'spec.blockSize', reason: 'cannot be changed, it is 26: delete the pool and make another', value: 24, document: 0, line: 5 },
    ],
  ],
]
for (const [title, puts, existing, expected] of table) t.test(title, async (t) => t.strictSame(problems(puts, existing), expected))

t.test('any set of pools is refused exactly if two of them share an address', async () => {
  const cidr = fc
    .record({ octets: fc.tuple(fc.nat(1), fc.nat(3)), length: fc.integer({ min: 6, max: 16 }) })
    .map(({ octets: [a, b], length }) => formatPrefix(known(`${10 + a}.${b * 64}.0.0/${length}`)))
  fc.assert(
    fc.property(fc.array(cidr, { maxLength: 5 }), (cidrs) => {
      const ranges = cidrs.map((text) => rangeOf(text))
      const shared = ranges.some(([low], i) => ranges.some(([from, to], j) => i !== j && from <= low && low <= to))
      return problems(cidrs.map((text, i) => [`p${i}`, text])).length > 0 === shared
    }),
  )
})

t.test('other resources are no pools', async (t) => {
  const set: Resource = stored(calico('GlobalNetworkSet', { nets: ['10.0.0.0/8'] }))
  t.strictSame(checkPuts([{ resource: set, document: 0, lineOf: () => 1 }], { get: () => undefined, list: () => [] }), [])
})

function known(text: string) {
  const prefix = parsePrefix(text)
  if (prefix === undefined) throw new Error(text)
  return prefix
}

function rangeOf(text: string): [first: number, last: number] {
  const { bytes, length } = known(text)
  const first = Buffer.from(bytes).readUInt32BE()
  return [first, first + 2 ** (32 - length) - 1]
}
