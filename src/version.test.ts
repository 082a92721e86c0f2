import { readFileSync } from 'node:fs'
import t from 'tap'
import { version } from './version.ts'

t.test('the version is that of package.json', async (t) => {
  const { version: expected } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }
  t.equal(version, expected)
})
