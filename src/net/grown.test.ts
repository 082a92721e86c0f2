import t from 'tap'
import { grown, grownLength, resized } from './grown.ts'

for (const Column of [Int32Array, Uint32Array, Uint16Array, Uint8Array])
  t.test(`${Column.name}: longer until it is long enough, what was there stays, the rest is 0`, async (t) => {
    const old = new Column(64).fill(7)
    const column = grown<Int32Array | Uint32Array | Uint16Array | Uint8Array>(old, 65)
    t.equal(column.constructor, Column)
    t.strictSame([column.length, column[63], column[64], column[255]], [256, 7, 0, 0])
    t.equal(old.length, 0, 'its memory is given back')
  })

t.test('exactly as long as wanted, also shorter', async (t) => {
  t.strictSame([...resized(Uint16Array.of(1, 2, 3), 2)], [1, 2])
  t.strictSame([...resized(Uint16Array.of(1, 2), 3)], [1, 2, 0])
})

t.test('memory that others may be looking at is not moved', async (t) => {
  t.throws(() => resized(new Int32Array(new SharedArrayBuffer(8)), 4), new Error('a column of shared memory cannot be moved'))
})

for (const [from, length, expected] of [
  [64, 64, 64],
  [64, 65, 256],
  [64, 1000, 1024],
  [0, 1, 64],
  [262_144, 262_145, 1_048_576],
  [1_048_576, 1_048_577, 2_097_152],
] as const)
  t.test(`a column of ${from} that has to hold ${length} becomes one of ${expected}`, async (t) =>
    t.equal(grownLength(from, length), expected),
  )
