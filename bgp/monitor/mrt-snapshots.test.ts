import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { MrtSnapshots, type MrtSnapshotsConfig } from './mrt-snapshots.ts'

const second = 1_000

function snapshots(
  t: Test,
  config: Partial<MrtSnapshotsConfig> = {},
  dump: () => Iterable<Buffer> = () => [Buffer.from('a'), Buffer.from('b')],
) {
  const directory = join(t.testdir({}), 'mrt')
  const warnings: object[] = []
  const log = { debug: () => {}, info: () => {}, warn: (fields: object) => void warnings.push(fields), error: () => {} }
  let nowMs = Date.UTC(2026, 0, 2, 12)
  const files = new MrtSnapshots({ directory, intervalSec: 0.005, keep: 3, ...config }, { dump, log, now: () => (nowMs += second) })
  t.teardown(() => files.stop())
  files.start()
  return { files, warnings, directory }
}

t.test('a file each time, whole; the newest are kept, and what others wrote', async (t) => {
  const { files, directory } = snapshots(t)
  await until(() => files.counts.files >= 1)
  await writeFile(join(directory, 'notes.txt'), 'mine')
  await until(() => files.counts.files >= 6)
  await files.stop()
  const { files: count } = files.counts
  const named = (i: number) => `rib.20260102.1200${String(i).padStart(2, '0')}.mrt`
  t.strictSame((await readdir(directory)).sort(), ['notes.txt', ...[count - 2, count - 1, count].map(named)])
  t.equal(await readFile(join(directory, named(count)), 'utf8'), 'ab')
})

t.test('what cannot be written is told and counted, and tried again', async (t) => {
  const { files, warnings } = snapshots(t, { directory: '/proc/nowhere' })
  await until(() => files.counts.failures >= 2)
  await files.stop()
  t.equal(files.counts.files, 0)
  t.match(warnings[0], { path: /^\/proc\/nowhere\/rib\./, err: { code: /ENOENT|EPERM/ } })
})

t.test('a dump that takes longer than the interval is finished; one that is stopped leaves nothing', async (t) => {
  let begun = 0
  function* endless(): Generator<Buffer> {
    begun++
    for (;;) yield Buffer.alloc(1)
  }
  const { files, directory } = snapshots(t, { intervalSec: 0.001 }, endless)
  await until(() => begun > 0)
  for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve))
  await files.stop()
  t.equal(begun, 1)
  t.strictSame(await readdir(directory), [])
})

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve))
}
