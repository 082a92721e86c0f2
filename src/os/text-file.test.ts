import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { readTextFile } from './text-file.ts'

const directory = await mkdtemp(join(tmpdir(), 'tortie-text-'))
t.teardown(() => rm(directory, { recursive: true }))
const path = (name: string) => join(directory, name)
await writeFile(path('empty'), '')
await writeFile(path('text'), 'Zürich\n')
await writeFile(path('largest'), 'x'.repeat(1024 * 1024))
await writeFile(path('larger'), 'x'.repeat(1024 * 1024 + 1))

const tooLarge = { problem: 'is larger than 1048576 octets: is it the right file?' }
const table: [title: string, file: string, expected: object][] = [
  ['an empty file', path('empty'), { text: '' }],
  ['UTF-8', path('text'), { text: 'Zürich\n' }],
  ['1 MiB', path('largest'), { text: 'x'.repeat(1024 * 1024) }],
  ['an octet more', path('larger'), tooLarge],
  ['a device that never ends', '/dev/zero', tooLarge],
  ['a directory', directory, { problem: 'is a directory: name a file' }],
  ['no file', path('none'), { problem: 'there is no such file: name one that exists' }],
  ['a name that leads through a file', path('text/x'), { problem: 'cannot be read (ENOTDIR)' }],
]
for (const [title, file, expected] of table) t.test(title, async (t) => t.strictSame(await readTextFile(file), expected))

t.test('what a shell hands over in a pipe', async (t) => {
  await new Promise<void>((resolve, reject) => execFile('mkfifo', [path('pipe')], (error) => (error ? reject(error) : resolve())))
  const [read] = await Promise.all([readTextFile(path('pipe')), writeFile(path('pipe'), 'from a pipe')])
  t.strictSame(read, { text: 'from a pipe' })
})
