import t from 'tap'
import type { Chain, Rule } from '../felix/kernel.ts'
import { ChainStore } from './chain-store.ts'
import { chainText, setText } from './chain-text.ts'

const drop: Rule = { match: [], action: { type: 'drop' } }
const chain = (name: string, ...rules: readonly Rule[]): Chain => ({ family: 4, table: 'filter', name, rules })
const named = (store: ChainStore, name: string) => store.tables.filter[4].get(name)
const names = (store: ChainStore) => [...store.tables.filter[4].entries()].map(([name]) => name)

t.test('each table of each family has its own chains', async (t) => {
  const store = new ChainStore()
  store.put('q', [
    { ...chain('a'), family: 6 },
    { ...chain('a'), table: 'raw' },
  ])
  store.put('p', [chain('a', drop)])
  const { filter, raw, nat } = store.tables
  t.strictSame(
    [filter[4], filter[6], raw[4], raw[6], nat[4]].map(({ size }) => size),
    [1, 1, 1, 0, 0],
  )
  t.strictSame(filter[4].get('a'), chain('a', drop))
})

t.test('an owner that puts equal chains changes nothing', async (t) => {
  const store = new ChainStore()
  store.put('p', [chain('a', drop)])
  const { version } = store.tables.filter[4]
  store.put('p', [chain('a', structuredClone(drop))])
  t.equal(store.tables.filter[4].version, version)
})

t.test('only the chain that differs is a change', async (t) => {
  const store = new ChainStore()
  store.put('p', [chain('a', drop), chain('b', drop)])
  const { version } = store.tables.filter[4]
  const a = named(store, 'a')
  store.put('p', [chain('a', drop), chain('b')])
  t.strictSame(store.tables.filter[4].changedSince(version), ['b'])
  t.equal(named(store, 'a'), a)
})

t.test('chains an owner no longer puts are gone, those of others stay', async (t) => {
  const store = new ChainStore()
  store.put('p', [chain('a'), chain('b')])
  store.put('q', [chain('c')])
  const { version } = store.tables.filter[4]
  store.put('p', [chain('b')])
  t.strictSame(names(store), ['b', 'c'])
  t.strictSame(store.tables.filter[4].changedSince(version), ['a'])
  store.put('p', [])
  store.put('never', [])
  t.strictSame(names(store), ['c'])
})

t.test('text: a chain without rules, every kind of match and action, a set in order', async (t) => {
  t.equal(chainText(chain('empty')), ':empty')
  const rule: Rule = {
    match: [
      { type: 'in-interface', name: 'a+', negated: true },
      { type: 'source-net', net: '10.0.0.0/8' as never },
      { type: 'destination-set', set: 's', withPort: true, negated: true },
      {
        type: 'source-ports',
        ports: [
          { from: 1, to: 2 },
          { from: 5, to: 5 },
        ],
      },
      { type: 'address-type', side: 'source', addressType: 'LOCAL' },
    ],
    action: { type: 'log', prefix: 'p: ' },
    comment: 'why',
  }
  t.equal(
    chainText(chain('c', rule, { match: [], action: { type: 'reject' } })),
    '-A c ! -i a+ -s 10.0.0.0/8 ! --match-set s dst,dst --sports 1:2,5 --src-type LOCAL -j LOG "p: " # why\n-A c -j REJECT',
  )
  t.equal(setText({ name: 's', type: 'hash:ip', family: 4, members: new Set(['b', 'a']) }), 's hash:ip: a b')
})
