import { readFileSync } from 'node:fs'
import t from 'tap'
import { cliReference } from './reference.ts'

t.test('docs/cli.md holds the help of every command as it is', async (t) => {
  const text = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8')
  t.equal(text.slice(text.indexOf('## tortie agent')).trim(), cliReference().trim())
})
