import fc from 'fast-check'
import t from 'tap'
import { TrackedMap } from './tracked.ts'

t.test('a reader that follows the changes has what is there, however it keeps up', async (t) => {
  const change = fc.record({ name: fc.constantFrom('a', 'b', 'c', 'd'), item: fc.option(fc.nat(3)), read: fc.boolean() })
  fc.assert(
    fc.property(fc.array(change, { maxLength: 60 }), (changes) => {
      const map = new TrackedMap<number>()
      const copy = new Map<string, number>()
      let seen = 0
      for (const { name, item, read } of [...changes, { name: 'e', item: 1, read: true }]) {
        if (item === null) map.delete(name)
        else map.put(name, item)
        if (!read) continue
        for (const changed of map.changedSince(seen) ?? []) {
          const now = map.get(changed)
          if (now === undefined) copy.delete(changed)
          else copy.set(changed, now)
        }
        seen = map.version
      }
      t.strictSame(copy, new Map(map.entries()))
      t.equal(map.size, copy.size)
    }),
  )
})

t.test('the same object again is no change, and neither is the deletion of what is not there', async (t) => {
  const map = new TrackedMap<object>()
  const item = {}
  map.put('a', item)
  map.put('a', item)
  map.delete('b')
  t.equal(map.version, 1)
  t.strictSame(map.changedSince(0), ['a'])
  t.strictSame(map.changedSince(1), [])
})

t.test('a reader that stayed away too long is told to look at all, and memory stays bounded', async (t) => {
  const map = new TrackedMap<number>()
  for (let i = 0; i < 10_000; i++) map.put('a', i)
  t.equal(map.changedSince(0), undefined)
  t.strictSame(map.changedSince(9_998), ['a', 'a'])
  t.equal(map.changedSince(9_999 - 2_048), undefined)
})
