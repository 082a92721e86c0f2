import fc from 'fast-check'
import t from 'tap'
import { MultiMap } from './multi-map.ts'

t.test('it holds what a map of sets would, after any changes', async (t) => {
  const change = fc.record({ add: fc.boolean(), key: fc.constantFrom('a', 'b'), value: fc.constantFrom('1', '2', '3') })
  fc.assert(
    fc.property(fc.array(change, { maxLength: 40 }), (changes) => {
      const map = new MultiMap<string, string>()
      const expected = new Map<string, Set<string>>()
      for (const { add, key, value } of changes) {
        const values = expected.get(key) ?? new Set()
        if (add) {
          map.add(key, value)
          expected.set(key, values.add(value))
        } else {
          map.delete(key, value)
          values.delete(value)
          if (values.size === 0) expected.delete(key)
        }
      }
      const kept = [...map.keys()].map((key) => [key, [...map.get(key)].toSorted()])
      const wanted = [...expected].map(([key, values]) => [key, [...values].toSorted()])
      t.strictSame(new Map(kept as [string, string[]][]), new Map(wanted as [string, string[]][]))
      t.equal(map.size, expected.size)
      for (const key of ['a', 'b']) t.equal(map.count(key), expected.get(key)?.size ?? 0)
    }),
  )
})

t.test('a key that nothing is filed under gives nothing', async (t) => t.strictSame([...new MultiMap<string, string>().get('a')], []))
