import fc from 'fast-check'
import t from 'tap'
import { LabelIndex } from './label-index.ts'
import { matches } from './selector/evaluate.ts'
import { parseSelector } from './selector/parse.ts'
import type { Selector } from './selector/selector.ts'

function parse(text: string): Selector {
  const selector = parseSelector(text)
  if (selector.type === 'error') throw new Error(selector.message)
  return selector
}

const texts = [
  'all()',
  "a == '1'",
  "a != '1'",
  "a in {'1','2'}",
  'a in {}',
  'has(b)',
  '!has(b)',
  "b starts with '1'",
  "a == '1' && b == '2'",
  "a == '1' || b == '2'",
  "a == '1' && a == '2'",
  "!(a == '1')",
  "projectcalico.org/orchestrator == 'k8s' && a == '2'",
]

type Change =
  | { readonly type: 'put'; readonly id: string; readonly labels: Readonly<Record<string, string>> }
  | { readonly type: 'delete'; readonly id: string }
  | { readonly type: 'select' | 'forget'; readonly text: string }

const id = fc.constantFrom('i1', 'i2', 'i3', 'i4')
const value = fc.constantFrom('1', '2', '12')
const labels = fc.record({ a: value, b: value, 'projectcalico.org/orchestrator': fc.constant('k8s') }, { requiredKeys: [] })
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ type: fc.constant('put' as const), id, labels: labels as fc.Arbitrary<Record<string, string>> }),
  fc.record({ type: fc.constant('delete' as const), id }),
  fc.record({ type: fc.constantFrom('select' as const, 'forget' as const), text: fc.constantFrom(...texts) }),
)

t.test('after any changes the index holds what evaluating everything would, and told of every change once', async () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 60 }), (changes) => {
      const told = new Set<string>()
      const index = new LabelIndex((name, item, matched) => {
        if (told.has(`${name} ${item}`) === matched) throw new Error(`told twice of ${name} ${item}`)
        if (matched) told.add(`${name} ${item}`)
        else told.delete(`${name} ${item}`)
      })
      const items = new Map<string, ReadonlyMap<string, string>>()
      const selectors = new Set<string>()
      for (const one of changes) apply(one, index, items, selectors)
      const expected = [...selectors].flatMap((text) =>
        [...items].filter(([, own]) => matches(parse(text), own)).map(([item]) => `${text} ${item}`),
      )
      const kept = [...selectors].flatMap((text) => [...index.itemsOf(text)].map((item) => `${text} ${item}`))
      const seen = [...items.keys()].flatMap((item) => [...index.selectorsOf(item)].map((text) => `${text} ${item}`))
      const sorted = JSON.stringify(expected.toSorted())
      return [kept, seen, [...told]].every((list) => JSON.stringify(list.toSorted()) === sorted)
    }),
    { numRuns: 300 },
  )
})

function apply(one: Change, index: LabelIndex, items: Map<string, ReadonlyMap<string, string>>, selectors: Set<string>): void {
  switch (one.type) {
    case 'put': {
      const own = new Map(Object.entries(one.labels))
      index.putItem(one.id, own)
      items.set(one.id, own)
      break
    }
    case 'delete':
      index.deleteItem(one.id)
      items.delete(one.id)
      break
    case 'select':
      index.putSelector(one.text, parse(one.text))
      selectors.add(one.text)
      break
    case 'forget':
      index.deleteSelector(one.text)
      selectors.delete(one.text)
  }
}

t.test('a change is evaluated against the candidates its labels leave over, not against every selector', async (t) => {
  let evaluated = 0
  const counted = (i: number): Selector => ({
    get type() {
      evaluated++
      return 'equal' as const
    },
    label: 'app',
    value: `v${i}`,
  })
  const index = new LabelIndex(() => undefined)
  for (let i = 0; i < 1000; i++) index.putSelector(`s${i}`, counted(i))
  evaluated = 0
  index.putItem('one', new Map([['app', 'v7']]))
  t.ok(evaluated > 0 && evaluated < 10, `${evaluated} looks at a selector`)
  t.strictSame([...index.selectorsOf('one')], ['s7'])
  index.putItem('one', new Map([['app', 'v8']]))
  t.ok(evaluated < 30, `${evaluated} looks at a selector`)
  t.strictSame([...index.selectorsOf('one')], ['s8'])
})

t.test('unknown items and selectors are no error and match nothing', async (t) => {
  const index = new LabelIndex(() => t.fail('told of a match'))
  index.deleteItem('no')
  index.deleteSelector('no')
  t.equal(index.itemsOf('no').size + index.selectorsOf('no').size, 0)
})
