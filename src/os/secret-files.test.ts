import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { readSecretFiles } from './secret-files.ts'

t.test('a file for each key of each secret, as Kubernetes mounts them: what begins with a dot is its own', async (t) => {
  const root = t.testdir({ tor: { '..data': { key: 'first\n' } }, other: { a: 'x', b: 'y' }, '.hidden': { a: 'z' } })
  await symlink(join(root, 'tor/..data/key'), join(root, 'tor/key'))
  const { secrets, mistakes } = await readSecretFiles(root)
  t.strictSame(Object.fromEntries(secrets), { 'other/a': 'x', 'other/b': 'y', 'tor/key': 'first' })
  t.strictSame(mistakes, [])
})

t.test('what cannot be read is said, each with its path; the rest is there', async (t) => {
  const root = t.testdir({ good: { key: 'x' } })
  await writeFile(join(root, 'file'), '')
  await mkdir(join(root, 'good/folder'))
  const { secrets, mistakes } = await readSecretFiles(root)
  t.strictSame(Object.fromEntries(secrets), { 'good/key': 'x' })
  t.match(mistakes, [/\/file: ENOTDIR/, /\/good\/folder: /])
  t.match((await readSecretFiles(join(root, 'none'))).mistakes, [/\/none: ENOENT/])
})
