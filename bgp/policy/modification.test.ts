import t from 'tap'
import type { FilterOperation } from '../speaker-policy.ts'
import { path, plain } from './fixture.ts'
import { bothModifications, modificationOf, modified, unchanged } from './modification.ts'

const long = Array.from({ length: 250 }, (_, i) => i + 1)

const table: readonly [title: string, operations: readonly FilterOperation[], before: object, after: object][] = [
  ['addCommunity to none', [{ type: 'add-community', community: 7 }], {}, { communities: [7] }],
  ['addCommunity behind others', [{ type: 'add-community', community: 7 }], { communities: [9] }, { communities: [9, 7] }],
  ['addCommunity that is there', [{ type: 'add-community', community: 7 }], { communities: [7, 9] }, { communities: [7, 9] }],
  ['addCommunity, large', [{ type: 'add-community', community: [1, 2, 3] }], {}, { largeCommunities: [[1, 2, 3]] }],
  [
    'addCommunity, large, that is there',
    [{ type: 'add-community', community: [1, 2, 3] }],
    { largeCommunities: [[1, 2, 3]] },
    { largeCommunities: [[1, 2, 3]] },
  ],
  [
    'prependASPath: the path begins with them in the given order',
    [{ type: 'prepend-as-path', asNumbers: [8, 9] }],
    { asPath: path('7') },
    { asPath: path('8 9 7') },
  ],
  ['prependASPath to the empty path', [{ type: 'prepend-as-path', asNumbers: [8, 9] }], {}, { asPath: path('8 9') }],
  [
    'prependASPath where the segment would be longer than 255 (RFC 4271 §5.1.2)',
    [{ type: 'prepend-as-path', asNumbers: [1, 2, 3, 4, 5, 6] }],
    { asPath: [{ type: 'sequence', asNumbers: long }] },
    { asPath: [...path('1 2 3 4 5 6'), { type: 'sequence', asNumbers: long }] },
  ],
  [
    'prependASPath before a set',
    [{ type: 'prepend-as-path', asNumbers: [8] }],
    { asPath: [{ type: 'set', asNumbers: [1] }] },
    { asPath: [...path('8'), { type: 'set', asNumbers: [1] }] },
  ],
  [
    'setPriority: LOCAL_PREF = 2147483647 - priority',
    [{ type: 'set-priority', priority: 1024 }],
    { localPref: 100 },
    { localPref: 2_147_482_623 },
  ],
  [
    'several in their order',
    [
      { type: 'prepend-as-path', asNumbers: [9] },
      { type: 'prepend-as-path', asNumbers: [8] },
    ],
    { asPath: path('7') },
    { asPath: path('8 9 7') },
  ],
]
for (const [title, operations, before, after] of table)
  t.test(`§6.11.3 ${title}`, async (t) => {
    t.strictSame(modified({ ...plain, ...before }, modificationOf(operations)), { ...plain, ...after })
  })

t.test('the same operations are the same modification; two in a row are one', async (t) => {
  const add = (community: number): FilterOperation => ({ type: 'add-community', community })
  t.equal(modificationOf([add(1)]), modificationOf([add(1)]))
  t.equal(modificationOf([]), unchanged)
  t.equal(bothModifications(modificationOf([add(1)]), modificationOf([add(2)])), modificationOf([add(1), add(2)]))
  t.equal(bothModifications(unchanged, modificationOf([add(2)])), modificationOf([add(2)]))
  t.equal(bothModifications(modificationOf([add(2)]), unchanged), modificationOf([add(2)]))
})
