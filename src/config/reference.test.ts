import { readFileSync } from 'node:fs'
import t from 'tap'
import { configReference } from './reference.ts'

t.test('docs/configuration.md holds the option table as it is', async (t) => {
  const text = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8')
  t.equal(text.slice(text.indexOf('| option')).trim(), configReference().trim())
})
