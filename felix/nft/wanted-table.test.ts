import t from 'tap'
import type { Chain, IpSet, Rule } from '../kernel.ts'
import { WantedTable } from './wanted-table.ts'

const outside = (set: string): Rule => ({ match: [{ type: 'source-set', set, negated: true }], action: { type: 'accept' } })
const chain = (name: string, ...rules: Rule[]): Chain => ({ family: 4, table: 'filter', name, rules })
const set = (name: string): IpSet => ({ name, type: 'hash:ip', family: 4, members: new Set(['10.0.0.1']) })
const full = 'Too many open files in system'

function stated(table: WantedTable, ...chains: Chain[]): void {
  table.state({ ipSets: sets, chains, hooks: [] })
}

const sets = [set('tort4s:a'), set('tort4s:b')]
const reasonsIn = (table: WantedTable) => [...table.chains].map(([name, { refused }]) => [name, refused])

t.test('chains that ask a refused set are closed, and no others', async (t) => {
  const table = new WantedTable(4)
  stated(table, chain('one', outside('tort4s:a')), chain('two', outside('tort4s:b')))
  t.equal(table.closeSet('tort4s-a', full), true)
  t.strictSame(reasonsIn(table), [
    ['filter-one', `its set tort4s-a: ${full}`],
    ['filter-two', undefined],
  ])
})

t.test('so is one that comes, or changes, while its set is refused; with the set it opens', async (t) => {
  const table = new WantedTable(4)
  stated(table, chain('one', outside('tort4s:a')))
  table.closeSet('tort4s-a', full)
  stated(
    table,
    chain('one', outside('tort4s:a'), outside('tort4s:b')),
    chain('new', outside('tort4s:a')),
    chain('other', outside('tort4s:b')),
  )
  t.strictSame(reasonsIn(table), [
    ['filter-one', `its set tort4s-a: ${full}`],
    ['filter-new', `its set tort4s-a: ${full}`],
    ['filter-other', undefined],
  ])
  t.equal(table.refusals, 3)
  table.reopen()
  t.ok(reasonsIn(table).every(([, refused]) => refused === undefined))
  t.equal(table.refusals, 0)
})

t.test('what drops unreadable packets comes with the first chain that excludes ports, and goes with the last', async (t) => {
  const table = new WantedTable(4)
  const excludes: Rule = { match: [{ type: 'protocol', protocol: 'tcp', negated: true }], action: { type: 'drop' } }
  const names = (...chains: Chain[]) => {
    stated(table, ...chains)
    return [...table.chains.keys()].toSorted()
  }
  t.strictSame(names(chain('one')), ['filter-one'])
  t.strictSame(names(chain('one', excludes), chain('two', excludes)), ['filter-one', 'filter-tort-readable', 'filter-two'])
  table.settle()
  t.strictSame(names(chain('one'), chain('two', excludes)), ['filter-one', 'filter-tort-readable', 'filter-two'])
  t.notOk(table.touchedChains.has('filter-tort-readable'))
  t.equal(table.closeChain('filter-tort-readable', 'no'), false, 'what jumps to it would be without it')
  t.strictSame(names({ ...chain('raw', excludes), table: 'raw' }), ['raw-raw', 'raw-tort-readable'])
  t.strictSame(names(), [])
})
