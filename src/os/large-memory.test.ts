import { readFileSync } from 'node:fs'
import t from 'tap'
import { returnLargeMemory } from './large-memory.ts'

const residentKb = (): number => Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1])

t.test('what a growing table leaves behind goes back to the kernel', async (t) => {
  t.equal(await returnLargeMemory(), true)
  const before = residentKb()
  let column = new Uint8Array(1024 * 1024).fill(1)
  for (let megabytes = 2; megabytes <= 64; megabytes += 1) column = new Uint8Array(column.buffer.transfer(megabytes * 1024 * 1024)).fill(1)
  t.ok(residentKb() - before < 96 * 1024, 'one of them, not all')
  column.buffer.transfer(0)
  t.ok(residentKb() - before < 16 * 1024, 'none')
})
