import fc from 'fast-check'
import t from 'tap'
import { hint, nearest } from './did-you-mean.ts'

const fields = ['selector', 'notSelector', 'nets', 'notNets', 'ports', 'listenPort']
const table: [word: string, expected: string | undefined][] = [
  ['selecter', 'selector'],
  ['slector', 'selector'],
  ['selectors', 'selector'],
  ['esllector', 'selector'],
  ['listenport', 'listenPort'],
  ['net', 'nets'],
  ['prots', 'ports'],
  ['x', undefined],
  ['', undefined],
  ['egress', undefined],
  ['p'.repeat(65), undefined],
]
for (const [word, expected] of table)
  t.test(`"${word}" is meant as ${expected ?? 'nothing we know'}`, async (t) => t.equal(nearest(word, fields), expected))

t.test('a hint continues a sentence, or is nothing', async (t) => {
  t.equal(hint('selecter', fields), ', did you mean "selector"?')
  t.equal(hint('egress', fields), '')
})

t.test('a word is nearest to itself, and noise never throws', async () => {
  fc.assert(fc.property(fc.string(), (word) => nearest(word, fields) === undefined || fields.includes(nearest(word, fields) ?? '')))
  fc.assert(fc.property(fc.constantFrom(...fields), (word) => nearest(word.toUpperCase(), fields) === word))
})
