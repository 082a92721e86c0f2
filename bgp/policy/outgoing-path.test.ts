import t from 'tap'
import type { AsPathSegment } from '../wire/path-attributes.ts'
import { path } from './fixture.ts'
import { isPrivateAs, type OutgoingPathTerms, outgoingPath } from './outgoing-path.ts'

const usual: OutgoingPathTerms = { asNumber: 100, behind: undefined, keptPrivateAs: undefined }

const table: readonly [
  title: string,
  before: readonly AsPathSegment[],
  terms: Partial<OutgoingPathTerms>,
  after: readonly AsPathSegment[],
][] = [
  ['RFC 4271 §5.1.2 our AS comes first', path('1 2'), {}, path('100 1 2')],
  ['RFC 4271 §5.1.2 of our own route it is the path', [], {}, path('100')],
  ['RFC 7705 §3.1 the AS towards the peer, then our own', path('1'), { behind: 200 }, path('100 200 1')],
  ['private AS numbers stay where nobody asks', path('64512 1'), {}, path('100 64512 1')],
  ['RFC 6996 private AS numbers leave the path', path('64512 1 65534 4200000000 2'), { keptPrivateAs: 7 }, path('100 1 2')],
  ['RFC 6996 a path of private AS numbers alone becomes ours', path('64512 65000'), { keptPrivateAs: 7 }, path('100')],
  ["RFC 6996 the peer's own stays, by which it knows its routes", path('64512 65001'), { keptPrivateAs: 65_001 }, path('100 65001')],
  ['RFC 6996 our own, if private, is put in front all the same', path('64512'), { keptPrivateAs: 7, asNumber: 64_999 }, path('64999')],
  [
    'RFC 6996 sets lose theirs, and vanish if nothing is left',
    [...path('1'), { type: 'set', asNumbers: [64_512] }, { type: 'set', asNumbers: [64_512, 2] }],
    { keptPrivateAs: 7 },
    [...path('100 1'), { type: 'set', asNumbers: [2] }],
  ],
]
for (const [title, before, terms, after] of table)
  t.test(title, async (t) => t.strictSame(outgoingPath(before, { ...usual, ...terms }), after))

t.test('RFC 6996 §5 which AS numbers are private; RFC 7300: the last ones are reserved', async (t) => {
  const edges = [64_511, 64_512, 65_534, 65_535, 4_199_999_999, 4_200_000_000, 4_294_967_294, 4_294_967_295]
  t.strictSame(edges.map(isPrivateAs), [false, true, true, false, false, true, true, false])
})
