import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { tar } from './tar.ts'

t.test('tar(1) takes out what was put in, whatever the text and its length', async (t) => {
  const directory = t.testdir()
  let runs = 0
  const texts = fc.array(
    fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom(0, 511, 512, 513).map((length) => 'x'.repeat(length)),
    ),
    { maxLength: 4 },
  )
  fc.assert(
    fc.property(texts, (contents) => {
      const into = join(directory, String(runs++))
      mkdirSync(into)
      const files = contents.map((text, i) => ({ name: `dir-${i}/file.txt`, text }))
      const { status, stderr } = spawnSync('tar', ['-x', '-C', into], { input: tar(files, 1_767_355_200) })
      if (status !== 0) throw new Error(stderr.toString())
      return files.every(({ name, text }) => readFileSync(join(into, name), 'utf8') === Buffer.from(text).toString('utf8'))
    }),
    { numRuns: 20 },
  )
})

t.test('a listing shows names, sizes and the time; only the owner may read', async (t) => {
  const archive = tar([{ name: 'a/b.txt', text: 'four' }], 1_767_355_200)
  const { stdout, status } = spawnSync('tar', ['-tv', '--utc', '--numeric-owner'], { input: archive })
  t.strictSame([status, stdout.toString()], [0, '-rw------- 0/0               4 2026-01-02 12:00 a/b.txt\n'])
})

t.test('a name that does not fit is our bug', async (t) => {
  t.throws(() => tar([{ name: 'x'.repeat(101), text: '' }], 0), /too long a name/)
})
