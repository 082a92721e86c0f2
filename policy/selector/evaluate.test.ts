import fc from 'fast-check'
import t from 'tap'
import { matches } from './evaluate.ts'
import { parseSelector } from './parse.ts'
import type { Selector } from './selector.ts'
import { labelMaps, selectorTrees } from './selector-samples.ts'

/** The truth table of the operators: with l = "abc", and with l absent. */
const table: [text: string, present: boolean, absent: boolean][] = [
  ["l == 'abc'", true, false],
  ["l == 'ABC'", false, false],
  ["l != 'abc'", false, true],
  ["l != 'x'", true, true],
  ["l in {'x', 'abc'}", true, false],
  ["l in {'x'}", false, false],
  ['l in {}', false, false],
  ["l not in {'x', 'abc'}", false, true],
  ["l not in {'x'}", true, true],
  ['l not in {}', true, true],
  ["!l in {'abc'}", false, true],
  ['has(l)', true, false],
  ['!has(l)', false, true],
  ["l contains 'b'", true, false],
  ["l contains 'x'", false, false],
  ["l contains ''", true, false],
  ["l starts with 'ab'", true, false],
  ["l starts with 'bc'", false, false],
  ["l ends with 'bc'", true, false],
  ["l ends with 'ab'", false, false],
  ['all()', true, true],
  ['global()', true, true],
  ['', true, true],
  ["has(l) && l == 'abc'", true, false],
  ["has(x) || l == 'abc'", true, false],
  ["has(x) && l == 'abc'", false, false],
]
for (const [text, present, absent] of table) {
  t.test(`"${text}" is ${present} for l = "abc" and ${absent} without l`, async (t) => {
    const selector = read(text)
    t.equal(matches(selector, { l: 'abc', m: 'n' }), present)
    t.equal(matches(selector, new Map([['l', 'abc']])), present)
    t.equal(matches(selector, {}), absent)
    t.equal(matches(selector, new Map()), absent)
  })
}

t.test('labels named like properties of every object are absent unless they are there', async (t) => {
  for (const label of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
    t.equal(matches(read(`has(${label})`), {}), false, label)
    t.equal(matches(read(`${label} == 'x'`), Object.fromEntries([[label, 'x']])), true, label)
  }
})

t.test('a record and a map with the same labels give the same answer', async () => {
  fc.assert(
    fc.property(
      selectorTrees(),
      labelMaps(),
      (selector, labels) => matches(selector, labels) === matches(selector, Object.fromEntries(labels)),
    ),
  )
})

t.test("a negation is never what it negates, and De Morgan's law holds", async () => {
  fc.assert(
    fc.property(selectorTrees(), selectorTrees(), labelMaps(), (a, b, labels) => {
      const not = (operand: Selector): Selector => ({ type: 'not', operand })
      const neither = matches(not({ type: 'or', operands: [a, b] }), labels)
      return matches(not(a), labels) !== matches(a, labels) && neither === matches({ type: 'and', operands: [not(a), not(b)] }, labels)
    }),
  )
})

function read(text: string): Selector {
  const selector = parseSelector(text)
  if (selector.type === 'error') throw new Error(selector.message)
  return selector
}
