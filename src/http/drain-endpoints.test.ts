import t from 'tap'
import type { DrainFace, DrainStatus } from './agent-face.ts'
import { startFixture } from './api-fixture.ts'

const since = '2026-01-02T12:00:00.000Z'

/** A drain that only remembers what it was asked. */
function fakeDrain() {
  const asked: (number | 'undo')[] = []
  let status: DrainStatus = { state: 'none' }
  const drain: DrainFace = {
    get status() {
      return status
    },
    start: async (waitSec) => {
      asked.push(waitSec)
      status = { state: 'withdrawn', since }
      return status
    },
    undo: () => {
      asked.push('undo')
      status = { state: 'none' }
      return status
    },
  }
  return { drain, asked }
}

t.test('POST drains, GET says how far it is, DELETE undoes', async (t) => {
  const { drain, asked } = fakeDrain()
  const api = await startFixture(t, { drain })
  t.match(await api.get('/v1/drain'), { status: 200, body: { state: 'none' } })
  t.match(await api.send('POST', '/v1/drain', '', ''), { status: 200, body: { state: 'withdrawn', since } })
  t.match(await api.send('POST', '/v1/drain?wait=0', '', ''), { status: 200 })
  t.match(await api.get('/v1/drain'), { status: 200, body: { state: 'withdrawn', since } })
  t.match(await api.send('DELETE', '/v1/drain', '', ''), { status: 200, body: { state: 'none' } })
  t.strictSame(asked, [30, 0, 'undo'], 'the default is 30 s')
})

for (const wait of ['-1', '3601', '1.5', 'x', ''])
  t.test(`wait=${wait} is refused, and nothing is drained`, async (t) => {
    const { drain, asked } = fakeDrain()
    const api = await startFixture(t, { drain })
    t.match(await api.send('POST', `/v1/drain?wait=${wait}`, '', ''), {
      status: 400,
      body: { errors: [{ path: 'query.wait', reason: 'must be an integer from 0 to 3600' }] },
    })
    t.strictSame(asked, [])
  })

t.test('without BGP there is nothing to drain', async (t) => {
  const api = await startFixture(t)
  for (const method of ['GET', 'POST', 'DELETE'])
    t.match(await api.send(method, '/v1/drain', '', ''), {
      status: 422,
      body: { detail: 'BGP is disabled on this node: there is nothing to drain' },
    })
})

t.test('an agent that stops meanwhile says that it has not come to the withdrawal', async (t) => {
  const started = Promise.withResolvers<void>()
  const start: DrainFace['start'] = async (_waitSec, signal) => {
    started.resolve()
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
    return { state: 'announced', since }
  }
  const api = await startFixture(t, { drain: { ...fakeDrain().drain, start } })
  const reply = api.send('POST', '/v1/drain', '', '')
  await started.promise
  await api.close()
  t.match(await reply, { status: 503, body: { detail: 'the agent stops before the prefixes are withdrawn' } })
})
