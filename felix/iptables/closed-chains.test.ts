import t from 'tap'
import type { Chain, Rule } from '../kernel.ts'
import { ClosedChains } from './closed-chains.ts'

const fromSet = (set: string): Rule => ({ match: [{ type: 'source-set', set, negated: true }], action: { type: 'accept' } })
const chain = (name: string, ...rules: Rule[]): Chain => ({ family: 4, table: 'filter', name, rules })
const full = 'ipset: Hash is full'

t.test('chains that name a broken set are closed, whatever the rule does with it, and open with the set', async (t) => {
  const closed = new ClosedChains()
  const chains = [chain('a', fromSet('s')), chain('b', fromSet('other')), chain('c', { match: [], action: { type: 'drop' } }, fromSet('s'))]
  const broken = new Map([['s', full]])
  t.strictSame(closed.setBroken(broken, chains), ['a', 'c'])
  t.equal(closed.reasonOf('a'), `IP set s: ${full}`)
  t.equal(closed.reasonOf('b'), undefined)
  t.strictSame(closed.setBroken(new Map([['s', full]]), chains), [], 'no news')
  broken.clear()
  t.strictSame(closed.setBroken(broken, chains), ['a', 'c'])
  t.strictSame([...closed.names], [])
})

t.test('a chain that comes while a set is broken is closed from its first moment', async (t) => {
  const closed = new ClosedChains()
  closed.setBroken(new Map([['s', full]]), [])
  closed.restated('a', chain('a', fromSet('s')))
  t.equal(closed.reasonOf('a'), `IP set s: ${full}`)
  closed.restated('a', chain('a', fromSet('t')))
  t.equal(closed.reasonOf('a'), undefined)
})

t.test('what the kernel refused is tried again ever more rarely; with other rules it is no more closed', async (t) => {
  const closed = new ClosedChains()
  closed.close(new Map([['a', 'Invalid argument']]))
  closed.tried(0)
  t.equal(closed.dueAtMs, 100)
  closed.tried(100)
  t.equal(closed.dueAtMs, 300)
  t.strictSame(closed.setBroken(new Map([['s', full]]), [chain('a', fromSet('t'))]), [], 'closed already')
  t.strictSame(closed.refused, ['a'])
  closed.restated('a', chain('a'))
  closed.tried(300)
  t.strictSame([closed.refused, closed.dueAtMs], [[], Number.POSITIVE_INFINITY])
})

t.test(
  'what the kernel refused is not tried again while a set is broken that it names: the kernel might take it with half a set',
  async (t) => {
    const closed = new ClosedChains()
    const chains = [chain('a', fromSet('s'))]
    closed.close(new Map([['a', 'Invalid argument']]))
    t.strictSame(closed.setBroken(new Map([['s', full]]), chains), ['a'])
    t.strictSame([closed.refused, closed.reasonOf('a')], [[], `IP set s: ${full}`])
    t.strictSame(closed.setBroken(new Map(), chains), ['a'], 'with the set it is as new')
    t.equal(closed.reasonOf('a'), undefined)
  },
)

t.test('one rule stands in its place and says why; in nat, where nothing is let through, it drops nothing', async (t) => {
  const closed = new ClosedChains()
  closed.close(new Map([['a', 'Set x doesn\'t exist in "-A a -m set --match-set x src -j ACCEPT"']]))
  const comment = "closed, not programmed: Set x doesn't exist"
  t.strictSame(closed.rulesOf('a', 'filter'), [{ match: [], action: { type: 'drop' }, comment }])
  t.strictSame(closed.rulesOf('a', 'nat'), [{ match: [], action: { type: 'return' }, comment }])
  t.equal(closed.rulesOf('b', 'filter'), undefined)
})
