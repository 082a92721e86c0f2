import { statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { makeDirectory } from './make-directory.ts'

t.test('all that is missing is made, each with the mode; what is there stays', async (t) => {
  const directory = join(t.testdir(), 'a', 'b')
  makeDirectory(directory, 0o700)
  makeDirectory(directory, 0o755)
  t.strictSame(
    [directory, join(directory, '..')].map((path) => statSync(path).mode & 0o777),
    [0o700, 0o700],
  )
})

t.test('where nothing can be made, it says so at once', async (t) => {
  const file = join(t.testdir({ file: '' }), 'file')
  t.throws(() => makeDirectory(join(file, 'below'), 0o700), /ENOTDIR|EEXIST/)
  t.throws(() => makeDirectory('/proc/none/below', 0o700), { code: 'ENOENT' })
})
