import t from 'tap'
import type { Chain, Hook, Rule } from '../kernel.ts'
import type { PolicyState } from '../policy-writer.ts'
import { NftTable } from './nft-table.ts'
import { countOf, isEmptyPlan, type TablePlan } from './table-plan.ts'

const drop: Rule = { match: [], action: { type: 'drop' } }
const asks = (set: string): Rule => ({ match: [{ type: 'source-set', set }], action: { type: 'drop' } })
const chain = (name: string, ...rules: readonly Rule[]): Chain => ({ family: 4, table: 'filter', name, rules })
const hook: Hook = {
  family: 4,
  table: 'filter',
  kernelChain: 'FORWARD',
  at: 'insert',
  rule: { match: [], action: { type: 'jump', chain: 'tort-F' } },
}
const set = (name: string, ...members: readonly string[]) => ({
  name,
  type: 'hash:ip' as const,
  family: 4 as const,
  members: new Set(members),
})

function state(chains: readonly Chain[], ipSets: PolicyState['ipSets'] = []): PolicyState {
  return { chains: [chain('tort-F', drop), ...chains], ipSets, hooks: [hook] }
}

/** By name, without what is empty. */
function told(plan: TablePlan): Readonly<Record<string, unknown>> {
  const named = {
    newChains: plan.newChains.map(({ name }) => name),
    rewrittenChains: plan.rewrittenChains.map(({ name }) => name),
    removedChains: plan.removedChains,
    newSets: plan.newSets.map(({ set: { name } }) => name),
    changedSets: plan.changedSets.map(({ set: { name }, delta: { added, removed } }) => [name, added, removed]),
    removedSets: plan.removedSets,
  }
  return { table: plan.table, ...Object.fromEntries(Object.entries(named).filter(([, names]) => names.length > 0)) }
}

function tableWith(first: PolicyState): NftTable {
  const table = new NftTable(4)
  table.seen([], false)
  table.wanted.state(first)
  table.done(table.plan(true))
  return table
}

t.test('where nothing is, all of it is made; where nothing is wanted either, nothing', async (t) => {
  const table = new NftTable(4)
  table.seen([], false)
  t.ok(isEmptyPlan(table.plan(true)))
  table.wanted.state(state([chain('tort-a', asks('tort4s:x'))], [set('tort4s:x', '10.0.0.1')]))
  const plan = table.plan(true)
  t.strictSame(told(plan), { table: 'new', newChains: ['filter-tort-F', 'filter-tort-a', 'filter-FORWARD'], newSets: ['tort4s-x'] })
  t.equal(countOf(plan), 4)
})

const before = state([chain('tort-a', drop), chain('tort-b', asks('tort4s:x'))], [set('tort4s:x', '10.0.0.1')])
const changes: readonly (readonly [title: string, to: PolicyState, plan: object])[] = [
  [
    'an equal state of other objects is no change',
    state([chain('tort-a', drop), chain('tort-b', asks('tort4s:x'))], [set('tort4s:x', '10.0.0.1')]),
    {},
  ],
  [
    'a chain',
    state([chain('tort-a', drop, drop), chain('tort-b', asks('tort4s:x'))], before.ipSets),
    { rewrittenChains: ['filter-tort-a'] },
  ],
  ['members', state(before.chains.slice(1), [set('tort4s:x', '10.0.0.2')]), { changedSets: [['tort4s-x', ['10.0.0.2'], ['10.0.0.1']]] }],
  ['a chain and its set go', state([chain('tort-a', drop)]), { removedChains: ['filter-tort-b'], removedSets: ['tort4s-x'] }],
]
for (const [title, to, expected] of changes) {
  t.test(`only what changed is in the plan: ${title}`, async (t) => {
    const table = tableWith(before)
    table.wanted.state(to)
    const plan = table.plan(true)
    t.strictSame(told(plan), { table: 'kept', ...expected })
    table.done(plan)
    t.ok(table.isQuiet)
    t.ok(isEmptyPlan(table.plan(true)))
  })
}

t.test('with the last of it the table goes', async (t) => {
  const table = tableWith(before)
  table.wanted.state({ chains: [], ipSets: [], hooks: [] })
  t.strictSame(told(table.plan(true)), { table: 'removed' })
})

t.test('a set of another type under our name: the whole table is made anew; one of other members is filled anew', async (t) => {
  const plans = [
    { flags: 0, keyType: 13, keyLength: 2 },
    { flags: 0, keyType: 7, keyLength: 4 },
  ].map((shape) => {
    const table = tableWith(before)
    const chains = [...(table.known?.chains ?? [])].map(([name, hashes]) => ({ type: 'chain' as const, name, hashes }))
    table.seen([...chains, { type: 'set', name: 'tort4s-x', shape, size: 1 }], true)
    return table.plan(true)
  })
  t.strictSame(
    plans.map(({ table, refilledSets }) => [table, refilledSets.map(({ set: { name } }) => name)]),
    [
      ['rebuilt', []],
      ['kept', ['tort4s-x']],
    ],
  )
})

t.test('a refused chain is wanted closed until it is wanted anew; one that the node itself goes through is not', async (t) => {
  const { wanted } = tableWith(before)
  t.strictSame([wanted.closeChain('filter-tort-F', 'no'), wanted.closeChain('filter-FORWARD', 'no')], [false, false])
  t.equal(wanted.closeChain('filter-tort-a', 'no'), true)
  t.equal(wanted.closeChain('filter-tort-a', 'no'), false, 'once')
  t.match(wanted.chains.get('filter-tort-a'), { refused: 'no', chain: { rules: [{ action: { type: 'drop' }, match: [] }] } })
  t.equal(wanted.refusals, 1)
  wanted.state(state([chain('tort-a', asks('tort4s:x')), chain('tort-b', drop)], before.ipSets))
  t.equal(wanted.refusals, 0)
})

t.test('a refused set closes the chains that ask it, and all open when it is tried again', async (t) => {
  const table = tableWith(before)
  const { wanted } = table
  t.equal(wanted.closeSet('tort4s-x', 'full'), true)
  t.strictSame([...wanted.closedChains], ['filter-tort-b'])
  t.equal(wanted.chains.get('filter-tort-b')?.refused, 'its set tort4s-x: full')
  t.strictSame(told(table.plan(true)), { table: 'kept', rewrittenChains: ['filter-tort-b'] })
  wanted.reopen()
  t.strictSame([wanted.refusals, isEmptyPlan(table.plan(true))], [0, true])
})

t.test('any order of the same changes ends in the same', async (t) => {
  const a = state([chain('tort-a', drop)], [set('tort4s:x', '10.0.0.1')])
  const b = state([chain('tort-b', asks('tort4s:x')), chain('tort-a', drop, drop)], [set('tort4s:x', '10.0.0.2', '10.0.0.3')])
  const c = state([chain('tort-c', drop)])
  const end = before
  const orders = [[a, b, c], [c, b, a], [b, a, c], [c, a, b], []]
  const ends = orders.map((order) => {
    const table = tableWith(order[0] ?? end)
    for (const next of [...order, end]) {
      table.wanted.state(next)
      table.done(table.plan(true))
    }
    return [
      Object.fromEntries(table.known?.chains ?? []),
      Object.fromEntries([...(table.known?.sets ?? [])].map(([name, { size }]) => [name, size])),
    ]
  })
  for (const other of ends) t.strictSame(other, ends[0])
})
