import t from 'tap'
import type { Chain, Rule } from '../felix/kernel.ts'
import { ChainStore } from './chain-store.ts'
import { chainText, setText } from './chain-text.ts'
import { MemberCounts } from './member-counts.ts'

const drop: Rule = { match: [], action: { type: 'drop' } }
const chain = (name: string, ...rules: readonly Rule[]): Chain => ({ family: 4, table: 'filter', name, rules })
const names = (store: ChainStore) => store.list().map(({ name }) => name)

t.test('chains come by family, table and name, whatever the order they were put in', async (t) => {
  const store = new ChainStore()
  store.put('q', [
    { ...chain('b'), family: 6 },
    { ...chain('z'), table: 'raw' },
  ])
  store.put('p', [chain('c'), chain('a')])
  t.strictSame(
    store.list().map(({ family, table, name }) => `${family} ${table} ${name}`),
    ['4 filter a', '4 filter c', '4 raw z', '6 filter b'],
  )
})

t.test('an owner that puts equal chains changes nothing: the list is the same array', async (t) => {
  const store = new ChainStore()
  store.put('p', [chain('a', drop)])
  const before = store.list()
  store.put('p', [chain('a', structuredClone(drop))])
  t.equal(store.list(), before)
})

t.test('only the chain that differs is a new object', async (t) => {
  const store = new ChainStore()
  store.put('p', [chain('a', drop), chain('b', drop)])
  const [a, b] = store.list()
  store.put('p', [chain('a', drop), chain('b')])
  t.equal(store.list()[0], a)
  t.not(store.list()[1], b)
})

t.test('chains an owner no longer puts are gone, those of others stay', async (t) => {
  const store = new ChainStore()
  store.put('p', [chain('a'), chain('b')])
  store.put('q', [chain('c')])
  store.put('p', [chain('b')])
  t.strictSame(names(store), ['b', 'c'])
  store.put('p', [])
  store.put('never', [])
  t.strictSame(names(store), ['c'])
})

t.test('members are counted, and the set of them is the same object while they are the same', async (t) => {
  const members = new MemberCounts()
  const one = { family: 4 as const, text: '10.0.0.1/32' }
  members.count(one, 1)
  const first = members.of(4, 'hash:ip')
  t.strictSame([...first], ['10.0.0.1'])
  members.count(one, 1)
  members.count(one, -1)
  t.equal(members.of(4, 'hash:ip'), first)
  members.count(one, -1)
  members.count(one, 1)
  t.equal(members.of(4, 'hash:ip'), first, 'also when one went and came back in between')
  members.count({ family: 4, text: '10.0.0.2/32' }, 1)
  t.not(members.of(4, 'hash:ip'), first)
  t.strictSame([...first], ['10.0.0.1'], 'a set that was handed out never changes')
  t.equal(members.of(6, 'hash:ip').size, 0)
  t.strictSame([...members.of(4, 'hash:net')], ['10.0.0.1/32', '10.0.0.2/32'])
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
