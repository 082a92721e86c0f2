import t from 'tap'
import { isProblemStatus, ok, problem, problems } from './answer.ts'

t.test('RFC 9457 §3.1: type, title, status, detail; errors only where there are some; extensions beside them', async (t) => {
  t.strictSame(problem(404, 'there is no Tier x'), {
    status: 404,
    body: { type: 'urn:tortie:problem:not-found', title: 'Not found', status: 404, detail: 'there is no Tier x' },
  })
  t.strictSame(problem(504, 'late', [], { pending: [] }), {
    status: 504,
    body: { type: 'urn:tortie:problem:not-programmed-in-time', title: 'Not programmed in time', status: 504, detail: 'late', pending: [] },
  })
  t.strictSame(ok({ a: 1 }), { status: 200, body: { a: 1 } })
})

const details: [title: string, errors: Parameters<typeof problems>[1], detail: string][] = [
  ['a path', [{ path: 'spec.order', reason: 'must be a number' }], 'spec.order: must be a number'],
  ['a line', [{ path: '', reason: 'is not YAML', line: 3 }], 'line 3: is not YAML'],
  ['both', [{ path: 'kind', reason: 'is required', line: 3, document: 1 }], 'line 3, kind: is required'],
  ['a document without a line', [{ path: 'kind', reason: 'is required', document: 1 }], 'document 1, kind: is required'],
  ['neither', [{ path: '', reason: 'holds no resource' }], 'holds no resource'],
  ['several', [{ path: 'a', reason: 'x' }, { path: 'b', reason: 'y' }, { path: 'c', reason: 'z' }], 'a: x (and 2 more)'], // biome-ignore format: one line
]
for (const [title, errors, detail] of details)
  t.test(`the detail says the first mistake: ${title}`, async (t) => {
    t.strictSame(problems(422, errors).body, { type: 'urn:tortie:problem:not-valid', title: 'Not valid', status: 422, detail, errors })
  })

t.test('every status of the interface has a title', async (t) => {
  for (const status of [400, 401, 403, 404, 405, 409, 413, 415, 421, 422, 423, 503, 504]) t.ok(isProblemStatus(status), String(status))
  for (const status of [200, 402, 418]) t.notOk(isProblemStatus(status), String(status))
})
