import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { InterfacePattern } from './interface-pattern.ts'

const cases: readonly (readonly [pattern: string, matches: readonly string[], not: readonly (string | undefined)[]])[] = [
  ['eth0', ['eth0'], ['eth01', 'xeth0', 'eth', '', undefined]],
  ['e*.1*', ['eth0.100', 'e.1'], ['eth0x100', 'xeth0.100']],
  ['*', ['x', 'eth0'], ['', undefined]],
  ['*.calico', ['.calico', 'a.calico'], ['a.calico1', 'calico']],
  ['ab*ba', ['abba', 'abxba'], ['aba', 'ab', 'ba']],
  ['*a*ab', ['aab', 'axab'], ['ab', 'aba']],
]
for (const [pattern, matches, not] of cases)
  t.test(`"${pattern}"`, async (t) => {
    const compiled = new InterfacePattern(pattern)
    t.strictSame(
      [matches.map((name) => compiled.matches(name)), not.map((name) => compiled.matches(name))],
      [matches.map(() => true), not.map(() => false)],
    )
  })

/** By definition, character by character: what is left of the pattern fits what is left of the name. */
function fits(pattern: string, name: string): boolean {
  const ends = Array.from({ length: name.length + 1 }, (_, at) => at === 0)
  for (const character of pattern) {
    let before = false
    for (let at = 0; at <= name.length; at++) {
      const here = ends[at] === true
      ends[at] = character === '*' ? here || (at > 0 && ends[at - 1] === true) : before && name[at - 1] === character
      before = here
    }
  }
  return name !== '' && ends[name.length] === true
}

t.test('any pattern, against its definition', async () => {
  const words = (characters: readonly string[]) =>
    fc.array(fc.constantFrom(...characters), { maxLength: 15 }).map((characters) => characters.join(''))
  fc.assert(
    fc.property(words(['a', 'b', '*', '.']), words(['a', 'b', '.']), (pattern, name) => {
      assert.equal(new InterfacePattern(pattern).matches(name), fits(pattern, name))
    }),
    { numRuns: 3000 },
  )
})

t.test('#80 fourteen stars and a letter that is not there: a name takes no longer than with any other pattern', async (t) => {
  const compiled = new InterfacePattern(`${'*'.repeat(14)}x`)
  const before = process.cpuUsage().user
  for (let round = 0; round < 10_000; round++) if (compiled.matches('a'.repeat(15))) t.fail('it matches')
  // a backtracking matcher needs a second for each
  t.ok(process.cpuUsage().user - before < 1_000_000)
})
