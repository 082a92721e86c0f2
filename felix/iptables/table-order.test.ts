import t from 'tap'
import type { TableName } from '../kernel.ts'
import { tableOrder } from './table-order.ts'

type Moves = Partial<Record<TableName, { readonly leaving?: readonly string[]; readonly wanted?: readonly string[] }>>
const names: readonly TableName[] = ['filter', 'nat', 'mangle', 'raw']

const table: readonly (readonly [title: string, moves: Moves, order: string])[] = [
  ['the order given where nothing moves', {}, 'filter, nat, mangle, raw'],
  ['where a chain goes for good', { filter: { leaving: ['p'] }, mangle: { wanted: ['q'] } }, 'filter, nat, mangle, raw'],
  [
    'the table that a chain comes to goes before the one that it leaves',
    { filter: { leaving: ['p'] }, mangle: { wanted: ['p'] } },
    'nat, mangle, filter after mangle, raw',
  ],
  [
    'so it is where the order is right already',
    { mangle: { leaving: ['p'] }, filter: { wanted: ['p'] } },
    'filter, nat, mangle after filter, raw',
  ],
  [
    'two moves make a row of three',
    { filter: { leaving: ['p'] }, mangle: { leaving: ['q'], wanted: ['p'] }, raw: { wanted: ['q'] } },
    'nat, raw, mangle after raw, filter after mangle',
  ],
  [
    'a table waits for each that gets something of it',
    { filter: { leaving: ['p', 'q'] }, mangle: { wanted: ['p'] }, raw: { wanted: ['q'] } },
    'nat, mangle, raw, filter after mangle and raw',
  ],
  [
    'where two change places the first goes first, and does not wait for what comes behind it',
    { filter: { leaving: ['p'], wanted: ['q'] }, mangle: { leaving: ['q'], wanted: ['p'] } },
    'nat, raw, filter, mangle after filter',
  ],
]
for (const [title, moves, order] of table) {
  t.test(title, async (t) => {
    const turns = tableOrder(
      names.map((name) => {
        const { leaving = [], wanted = [] } = moves[name] ?? {}
        return { name, leaving, has: (chain) => wanted.includes(chain) }
      }),
    )
    t.equal(turns.map(({ name, after }) => (after.length === 0 ? name : `${name} after ${after.join(' and ')}`)).join(', '), order)
  })
}
