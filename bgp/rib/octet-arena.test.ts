import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { OctetArena } from './octet-arena.ts'

const at = (arena: OctetArena, id: number) => [...arena.octets.subarray(arena.startOf(id), arena.endOf(id))]

t.test('what is kept is found by its octets, wherever they are', async (t) => {
  const arena = new OctetArena()
  arena.keep(0, 64, Uint8Array.of(9, 1, 2, 3, 9), 1, 4)
  t.strictSame(at(arena, 0), [1, 2, 3])
  t.equal(arena.holds(0, Uint8Array.of(1, 2, 3), 0, 3), true)
  t.equal(arena.holds(0, Uint8Array.of(1, 2, 4), 0, 3), false)
  t.equal(arena.holds(0, Uint8Array.of(1, 2, 3, 4), 0, 4), false)
})

t.test('churn moves what is in use together: the arena stays small', async (t) => {
  const arena = new OctetArena()
  const bytes = new Uint8Array(100)
  for (let i = 0; i < 100_000; i++) {
    if (i >= 64) arena.drop(i % 64)
    arena.keep(i % 64, 64, bytes.fill(i), 0, 100)
  }
  t.ok(arena.octets.length < 20_000, `${arena.octets.length} octets for 6,400`)
  for (let i = 99_936; i < 100_000; i++) t.strictSame(new Set(at(arena, i % 64)), new Set([i & 255]))
})

t.test('after any keeping and dropping each id has its octets', async () => {
  const anyStep = fc.record({ id: fc.nat(40), length: fc.nat(900), octet: fc.nat(255) })
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 300, size: 'max' }), (steps) => {
      const arena = new OctetArena()
      const kept = new Map<number, number[]>()
      for (const { id, length, octet } of steps) {
        if (kept.delete(id)) arena.drop(id)
        else {
          const bytes = new Uint8Array(length).fill(octet)
          arena.keep(id, 64, bytes, 0, length)
          kept.set(id, [...bytes])
        }
      }
      for (const [id, octets] of kept) assert.deepEqual(at(arena, id), octets)
    }),
  )
})
