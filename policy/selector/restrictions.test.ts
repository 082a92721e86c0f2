import fc from 'fast-check'
import t from 'tap'
import { matches } from './evaluate.ts'
import { parseSelector } from './parse.ts'
import { type LabelRestriction, type Restrictions, restrictions } from './restrictions.ts'
import type { Selector } from './selector.ts'
import { labelMaps, selectorTrees } from './selector-samples.ts'

const present: LabelRestriction = { type: 'present' }
const absent: LabelRestriction = { type: 'absent' }
const oneOf = (...values: string[]): LabelRestriction => ({ type: 'present', values })

const table: [text: string, expected: Record<string, LabelRestriction>][] = [
  ['all()', {}],
  ["a == 'x' && b in {'1','2'}", { a: oneOf('x'), b: oneOf('1', '2') }],
  ["a != 'x' && b not in {'1'}", {}],
  ["has(a) && b contains 'x' && c starts with 'x' && d ends with 'x'", { a: present, b: present, c: present, d: present }],
  ["has(a) && a == 'x'", { a: oneOf('x') }],
  ["a in {'x','y'} && a in {'y','z'}", { a: oneOf('y') }],
  ["a == 'x' && a == 'y'", { a: oneOf() }],
  ["a == 'x' && !has(a)", { a: oneOf() }],
  ['!has(a) && !has(a)', { a: absent }],
  ['!has(a)', { a: absent }],
  ["!(a == 'x')", {}],
  ["a == 'y' && b == '1' || a == 'x'", { a: oneOf('x', 'y') }],
  ["a == 'x' || has(a)", { a: present }],
  ["a == 'x' || !has(a)", {}],
  ['!has(a) || !has(a)', { a: absent }],
  ["a == 'x' || all()", {}],
]
for (const [text, expected] of table) {
  t.test(`"${text}" restricts ${JSON.stringify(expected)}`, async (t) =>
    t.strictSame(Object.fromEntries(restrictions(read(text))), expected),
  )
}

t.test('whatever matches meets the restrictions', async () => {
  fc.assert(
    fc.property(selectorTrees(), labelMaps(), (selector, labels) => !matches(selector, labels) || meets(labels, restrictions(selector))),
    { numRuns: 1_000 },
  )
})

function meets(labels: ReadonlyMap<string, string>, wanted: Restrictions): boolean {
  return [...wanted].every(([label, restriction]) => {
    const value = labels.get(label)
    if (restriction.type === 'absent') return value === undefined
    return value !== undefined && (restriction.values?.includes(value) ?? true)
  })
}

function read(text: string): Selector {
  const selector = parseSelector(text)
  if (selector.type === 'error') throw new Error(selector.message)
  return selector
}
