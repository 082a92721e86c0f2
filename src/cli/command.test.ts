import t from 'tap'
import { formatted, parseWait, problemLine } from './command.ts'
import { CliFailure, misused, refused } from './failure.ts'

const problem = (title: string, rest: object) => ({ status: 422, body: { title, status: 422, ...rest } })
const lines: [title: string, reply: Parameters<typeof problemLine>[0], expected: string][] = [
  ['the detail, where there are no errors', problem('Not found', { detail: 'there is no Tier x' }), 'not found: there is no Tier x'],
  [
    'each error with its path, where there are some',
    problem('Not valid', {
      detail: 'kind: is required (and 1 more)',
      errors: [
        { path: 'kind', reason: 'is required' },
        { path: '', reason: 'must be an object' },
      ],
    }),
    'not valid: kind: is required; must be an object',
  ],
  [
    'who is not known is told what to give',
    { status: 401, body: { title: 'Not authenticated', detail: 'this address needs a client certificate' } },
    'not authenticated: this address needs a client certificate: give --token-file, or --cert-file and --key-file',
  ],
  ['an answer without a body', { status: 502, body: null }, 'status 502: '],
]
for (const [title, reply, expected] of lines) t.test(`a refusal in one line: ${title}`, async (t) => t.equal(problemLine(reply), expected))

t.test('a refusal in one line: places are said as the caller knows them', async (t) => {
  const reply = problem('Not valid', { errors: [{ path: 'kind', reason: 'is required', line: 3 }] })
  t.equal(
    problemLine(reply, ({ line }) => `web.yaml:${line}`),
    'not valid: web.yaml:3: kind: is required',
  )
})

t.test('-o: json with two spaces, yaml without document marks, nothing for table', async (t) => {
  const value = { a: [1, 'no', '1'], b: null }
  t.equal(await formatted('json', value), '{\n  "a": [\n    1,\n    "no",\n    "1"\n  ],\n  "b": null\n}')
  t.equal(await formatted('yaml', value), 'a:\n  - 1\n  - no\n  - "1"\nb: null')
  t.equal(await formatted('table', value), undefined)
})

t.test('--wait takes 1 to 300 whole seconds', async (t) => {
  t.strictSame(['1', '30', '300'].map(parseWait), [1, 30, 300])
  for (const text of ['0', '301', '1.5', '-1', '1e1', '', 'x', '030']) t.throws(() => parseWait(text), /1 to 300 seconds/, text)
})

t.test('a failure is one line, whatever its cause says', async (t) => {
  const failure = refused('first\n   second\n\nthird', { cause: new Error('why') })
  t.equal(failure.message, 'first second third')
  t.match(failure, { exitCode: 1, cause: { message: 'why' } })
  t.match(misused('x'), { exitCode: 2, name: 'CliFailure' })
  t.ok(misused('x') instanceof CliFailure)
})
