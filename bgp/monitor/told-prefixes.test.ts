import fc from 'fast-check'
import t from 'tap'
import { ToldPrefixes } from './told-prefixes.ts'

t.test('it holds what was added and not taken out, as a set does', async () =>
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(300))), (steps) => {
      const told = new ToldPrefixes()
      const set = new Set<number>()
      for (const [adds, prefix] of steps) {
        if (adds) set.add(prefix)
        else set.delete(prefix)
        if (adds) told.add(prefix)
        else told.delete(prefix)
      }
      return Array.from({ length: 400 }, (_, prefix) => told.has(prefix) === set.has(prefix)).every(Boolean)
    }),
  ),
)
