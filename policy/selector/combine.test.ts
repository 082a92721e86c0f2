import fc from 'fast-check'
import t from 'tap'
import { canonical } from './canonical.ts'
import { and, withLabelPrefix } from './combine.ts'
import { matches } from './evaluate.ts'
import { parseSelector } from './parse.ts'
import type { Selector } from './selector.ts'
import { labelMaps, selectorTrees } from './selector-samples.ts'

const conjunctions: [title: string, parts: readonly string[], expected: string][] = [
  ['of nothing is all()', [], 'all()'],
  ['of all() is all()', ['', 'all()'], 'all()'],
  ['of one is that one', ["a == 'b'"], 'a == "b"'],
  ['leaves out all()', ['all()', "a == 'b'"], 'a == "b"'],
  ['joins nested conjunctions', ["a == 'b' && has(c)", 'has(d)'], '(a == "b" && has(c) && has(d))'],
  ['keeps disjunctions apart', ["a == 'b' || has(c)", 'has(d)'], '((a == "b" || has(c)) && has(d))'],
]
for (const [title, parts, expected] of conjunctions)
  t.test(`a conjunction ${title}`, async (t) => t.equal(canonical(and(...parts.map(read))), expected))

t.test('a conjunction matches where all its parts match', async () => {
  fc.assert(
    fc.property(
      fc.array(selectorTrees(), { maxLength: 4 }),
      labelMaps(),
      (parts, labels) => matches(and(...parts), labels) === parts.every((part) => matches(part, labels)),
    ),
  )
})

t.test('a prefix goes before every label and nothing else', async (t) => {
  const text = "all() && (has(a) || !b in {'x'}) && c == 'd' && global() && e contains 'f'"
  const expected = '(all() && (has(pcns.a) || !pcns.b in {"x"}) && pcns.c == "d" && global() && pcns.e contains "f")'
  t.equal(canonical(withLabelPrefix(read(text), 'pcns.')), expected)
})

t.test('a prefixed selector matches prefixed labels as the plain one matches plain labels', async () => {
  fc.assert(
    fc.property(selectorTrees(), labelMaps(), (selector, labels) => {
      const prefixed = new Map([...labels].map(([label, value]) => [`pcsa.${label}`, value]))
      return matches(withLabelPrefix(selector, 'pcsa.'), prefixed) === matches(selector, labels)
    }),
  )
})

function read(text: string): Selector {
  const selector = parseSelector(text)
  if (selector.type === 'error') throw new Error(selector.message)
  return selector
}
