import { readFileSync } from 'node:fs'
import t from 'tap'
import { returnFreeMemory, returnLargeMemory } from './large-memory.ts'

const megabyte = 1024 * 1024
const residentMb = (): number => Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1024
const filled = (octets: number): Uint8Array<ArrayBuffer> => new Uint8Array(octets).fill(1)
const free = (column: Uint8Array<ArrayBuffer>): void => void column.buffer.transfer(0)

t.test('columns that are given up leave no holes between what is kept', async (t) => {
  t.equal(await returnLargeMemory(), true)
  free(filled(24 * megabyte)) // from here on glibc would take pieces of this size for worth keeping
  const before = residentMb()
  const kept: Uint8Array[] = []
  const columns: Uint8Array<ArrayBuffer>[] = []
  for (let i = 0; i < 16; i++) {
    columns.push(filled(4 * megabyte))
    kept.push(filled(64 * 1024))
  }
  t.ok(residentMb() - before > 60)
  for (const column of columns) free(column)
  t.ok(residentMb() - before < 20, `${residentMb() - before} MB for ${kept.length / 16} MB`)
})

t.test('what lies free between small pieces that are kept is given back', async (t) => {
  const pieces = Array.from({ length: 1_000 }, () => Buffer.allocUnsafeSlow(64 * 1024).fill(1)) // below what malloc maps for itself
  const kept = pieces.filter((_, n) => n % 20 === 0)
  const before = residentMb()
  for (const [n, piece] of pieces.entries()) if (n % 20 !== 0) void piece.buffer.transfer(0)
  await returnFreeMemory()
  t.ok(before - residentMb() > 40, `${before - residentMb()} MB of 59 besides ${kept.length} pieces`)
})
