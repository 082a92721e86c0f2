import t from 'tap'
import type { Action, Chain, Match, Rule } from '../../felix/kernel.ts'
import { KeptOut } from './kept-out.ts'

const from = (set: string, negated = false): Match => ({ type: 'source-set', set, ...(negated && { negated }) })
const deny: Action = { type: 'drop' }
const allow: Action = { type: 'set-mark', value: 1, mask: 1 }
const chain = (...rules: readonly Rule[]): readonly Chain[] => [{ family: 4, table: 'filter', name: 'tort-pi-x', rules }]

const table: readonly (readonly [title: string, rule: Rule, isKeptOut: boolean])[] = [
  ['a rule that denies a set keeps it out', { match: [from('s')], action: deny }, true],
  ['so does one that goes to a chain that does', { match: [from('s')], action: { type: 'goto', chain: 'tort-denied' } }, true],
  ['and one that answers', { match: [from('s')], action: { type: 'reject' } }, true],
  ['and one that allows all others', { match: [from('s', true)], action: allow }, true],
  ['one that allows a set does not', { match: [from('s')], action: allow }, false],
  ['nor one that denies all others', { match: [from('s', true)], action: deny }, false],
  ['nor one that logs', { match: [from('s')], action: { type: 'log', prefix: 'x' } }, false],
]
for (const [title, rule, isKeptOut] of table) {
  t.test(title, async (t) => {
    const keptOut = new KeptOut()
    keptOut.put('policy a', chain(rule))
    t.equal(keptOut.by('s'), isKeptOut)
  })
}

t.test('a set is kept out until the last owner has let it go, and for the length of that change', async (t) => {
  const keptOut = new KeptOut()
  const denied = chain({ match: [from('s')], action: deny })
  for (const owner of ['policy a', 'policy b']) keptOut.put(owner, denied)
  keptOut.begin()
  keptOut.put('policy a', [])
  keptOut.begin()
  t.equal(keptOut.by('s'), true, 'by the other')
  keptOut.put('policy b', chain({ match: [from('t')], action: deny }))
  t.equal(keptOut.by('s'), true, 'its chain is in the kernel yet')
  t.equal(keptOut.by('t'), true)
  keptOut.begin()
  t.equal(keptOut.by('s'), false)
  t.equal(keptOut.by('t'), true)
})
