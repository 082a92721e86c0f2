import t from 'tap'
import { grown, resized } from './grown.ts'

for (const Column of [Int32Array, Uint32Array, Uint16Array, Uint8Array])
  t.test(`${Column.name}: doubled until it is long enough, what was there stays, the rest is 0`, async (t) => {
    const old = new Column(64).fill(7)
    const column = grown<Int32Array | Uint32Array | Uint16Array | Uint8Array>(old, 129)
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
