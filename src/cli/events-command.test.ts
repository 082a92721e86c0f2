import t from 'tap'
import type { AgentEvent } from '../http/agent-face.ts'
import { startFixture } from '../http/api-fixture.ts'
import { tortieAt } from './cli-fixture.ts'

const all: readonly AgentEvent[] = [
  { time: '2026-01-02T12:00:00.000Z', level: 'info', message: 'the API listens', fields: { addresses: ['unix:/x'] } },
  {
    time: '2026-01-02T12:00:01.000Z',
    level: 'warn',
    message: 'a peer is not tried',
    fields: { peer: 'tor1', problem: 'no key', flaps: 0 },
  },
]

t.test('events: the newest at the end, fields as one would grep for them', async (t) => {
  const api = await startFixture(t, { events: (limit) => all.slice(-limit) })
  const tortie = tortieAt(api.socket)
  t.equal(
    (await tortie('events')).out,
    `TIME                      LEVEL  MESSAGE              FIELDS
2026-01-02T12:00:00.000Z  info   the API listens      addresses=["unix:/x"]
2026-01-02T12:00:01.000Z  warn   a peer is not tried  peer=tor1 problem="no key" flaps=0
`,
  )
  t.strictSame(JSON.parse((await tortie('events --limit 1 -o json')).out), { events: all.slice(1) })
  t.match(await tortie('events --limit 1001'), { code: 1, err: /query\.limit: must be an integer from 1 to 1000/ })
})

t.test('GET /v1/events: all that are kept, or the last', async (t) => {
  const asked: number[] = []
  const events = (limit: number) => {
    asked.push(limit)
    return all
  }
  const api = await startFixture(t, { events })
  t.match(await api.get('/v1/events'), { status: 200, body: { events: all } })
  t.match(await api.get('/v1/events?limit=7'), { status: 200 })
  t.match(await api.get('/v1/events?limit=0'), { status: 400 })
  t.strictSame(asked, [1_000, 7])
})
