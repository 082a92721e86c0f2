import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import t from 'tap'
import type { FlowShown } from '../flows/flow.ts'
import type { FlowFilter } from '../flows/flow-shown.ts'
import type { IpAddress } from '../net/address.ts'
import type { FlowLogFace } from './agent-face.ts'
import { flowCounters, startFixture } from './api-fixture.ts'

const flow: FlowShown = {
  verdict: 'denied',
  from: { address: '10.0.0.1' as IpAddress, namespace: 'shop', name: 'web' },
  to: { address: '10.0.0.2' as IpAddress },
  protocol: 'tcp',
  port: 22,
  policy: 'NetworkPolicy shop/web',
  rule: 0,
  decisions: [{ direction: 'egress', subject: 'NetworkPolicy shop/web', rule: 0, outcome: 'Deny' }],
  count: 2,
  firstSeen: '2026-01-01T00:00:00.000Z',
  lastSeen: '2026-01-01T00:00:01.000Z',
}

/** What was asked of the log, and a log that has one flow. */
function setUp() {
  const asked: { filter: FlowFilter; limit?: number }[] = []
  const flowLog: FlowLogFace = {
    page: (filter, limit, cursor) => {
      asked.push({ filter, limit })
      return cursor === 'wrong' ? undefined : { flows: [flow], total: 1 }
    },
    recent: () => [],
    watch: async function* (filter) {
      asked.push({ filter })
      yield [{ type: 'ADDED', object: flow }, { type: 'SYNCED' }]
    },
    counters: flowCounters,
  }
  return { asked, flowLog }
}

t.test('GET /v1/flows is a page, as the document says', async (t) => {
  const { asked, flowLog } = setUp()
  const api = await startFixture(t, { flowLog })
  t.match(await api.get('/v1/flows'), { status: 200, body: { flows: [flow], total: 1 } })
  await api.get('/v1/flows?from=shop/web&to=10.0.0.0/8&namespace=shop&verdict=denied&policy=web&limit=5')
  t.strictSame(asked, [
    { filter: {}, limit: 1_000 },
    {
      filter: {
        from: { type: 'endpoint', endpoint: { namespace: 'shop', name: 'web' } },
        to: { type: 'net', net: '10.0.0.0/8' },
        namespace: 'shop',
        verdict: 'denied',
        policy: 'web',
      },
      limit: 5,
    },
  ])
})

const wrong: [query: string, reason: string][] = [
  ['from=web', 'must be NAMESPACE/NAME, an address or a CIDR'],
  ['verdict=maybe', 'must be one of allowed, denied'],
  ['limit=0', 'must be an integer from 1 to 10000'],
  ['cursor=wrong', 'is none that an earlier page returned'],
  ['watch=true&limit=3', 'has no meaning with watch'],
  ['pod=web', 'unknown parameter; known: from, to, namespace, verdict, policy, limit, cursor, watch'],
]
for (const [query, reason] of wrong)
  t.test(`?${query} is refused: ${reason}`, async (t) => {
    const api = await startFixture(t, { flowLog: setUp().flowLog })
    t.match(await api.get(`/v1/flows?${query}`), { status: 400, body: { errors: [{ reason }] } })
  })

t.test('?watch=true streams lines of JSON', async (t) => {
  const { asked, flowLog } = setUp()
  const api = await startFixture(t, { flowLog })
  const outgoing = request({ socketPath: api.socket, path: '/v1/flows?watch=true&verdict=denied', agent: false }).end()
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage]
  const text = (await response.setEncoding('utf8').toArray()).join('')
  t.strictSame(
    text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
    [{ type: 'ADDED', object: flow }, { type: 'SYNCED' }],
  )
  t.strictSame(asked, [{ filter: { verdict: 'denied' } }])
})

t.test('without a flow log it says which option keeps none', async (t) => {
  const api = await startFixture(t)
  t.match(await api.get('/v1/flows'), { status: 422, body: { detail: /felix\.flowLog\.enabled/ } })
})
