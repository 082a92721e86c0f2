import t, { type Test } from 'tap'
import type { FlowShown } from '../flows/flow.ts'
import type { FlowFilter } from '../flows/flow-shown.ts'
import type { FlowLogFace } from '../http/agent-face.ts'
import { flowCounters, startFixture } from '../http/api-fixture.ts'
import type { IpAddress } from '../net/address.ts'
import { runTortie, tortieAt } from './cli-fixture.ts'

const times = { firstSeen: '2026-01-02T12:00:00.000Z', lastSeen: '2026-01-02T12:00:01.000Z' }
const web = { address: '10.0.0.1' as IpAddress, namespace: 'shop', name: 'web' }
const db = { address: '10.0.0.2' as IpAddress, namespace: 'shop', name: 'db' }
const uplink = { address: '10.99.0.1' as IpAddress, namespace: '', name: 'uplink' }
const byDb = { direction: 'ingress', subject: 'NetworkPolicy shop/db', rule: 2, outcome: 'Deny' } as const
const byTier = { direction: 'ingress', subject: 'Tier default', outcome: 'Deny' } as const
const staged = { direction: 'ingress', subject: 'StagedNetworkPolicy shop/next', rule: 0, outcome: 'Deny' } as const
const flows: readonly FlowShown[] = [
  { verdict: 'denied', answered: true, from: web, to: db, protocol: 'tcp', port: 22, decisions: [byDb], count: 3, ...times },
  {
    verdict: 'allowed',
    from: web,
    to: { address: '192.0.2.9' as IpAddress },
    protocol: 'icmp',
    icmpType: 8,
    decisions: [byTier],
    pending: [staged],
    count: 1,
    ...times,
  },
  { verdict: 'denied', from: db, to: web, protocol: 47, reason: 'invalid', decisions: [], differs: true, count: 1, ...times },
  { verdict: 'denied', from: web, to: uplink, protocol: 'tcp', port: 80, decisions: [byTier], count: 1, ...times },
]

async function setUp(t: Test, total = flows.length) {
  const asked: FlowFilter[] = []
  const flowLog: FlowLogFace = {
    page: (filter) => {
      asked.push(filter)
      return { flows, total }
    },
    recent: () => [],
    watch: async function* (filter) {
      asked.push(filter)
      yield [{ type: 'ADDED', object: flows[0] as FlowShown }, { type: 'SYNCED' }]
      yield [
        { type: 'MISSED', reason: 'flows were forgotten' },
        { type: 'MODIFIED', object: flows[2] as FlowShown },
      ]
    },
    counters: flowCounters,
  }
  const api = await startFixture(t, { flowLog })
  return { asked, api, tortie: tortieAt(api.socket) }
}

t.test('flows: who, what, how often and by what, loudly where kernel and policy differ', async (t) => {
  const { tortie } = await setUp(t)
  t.equal(
    (await tortie('flows')).out,
    `LAST SEEN                 VERDICT   FROM                 TO                               PROTOCOL     COUNT  DECIDED BY
2026-01-02T12:00:01.000Z  rejected  shop/web (10.0.0.1)  shop/db (10.0.0.2)               tcp 22       3      NetworkPolicy shop/db rule 2
2026-01-02T12:00:01.000Z  allowed   shop/web (10.0.0.1)  192.0.2.9                        icmp type 8  1      Tier default; pending: Deny by StagedNetworkPolicy shop/next rule 0
2026-01-02T12:00:01.000Z  denied    shop/db (10.0.0.2)   shop/web (10.0.0.1)              47           1      invalid; KERNEL AND POLICY DIFFER
2026-01-02T12:00:01.000Z  denied    shop/web (10.0.0.1)  HostEndpoint uplink (10.99.0.1)  tcp 80       1      Tier default
`,
  )
  t.strictSame(JSON.parse((await tortie('flows -o json')).out), { flows, total: 4 })
})

t.test('flows: what is asked for reaches the agent, and what is left out is said', async (t) => {
  const { asked, tortie } = await setUp(t, 50)
  const { out } = await tortie('flows --from shop/web --to 192.0.2.0/24 -n shop --verdict denied --policy web --limit 3')
  t.match(out, /\n4 of 50 shown: more with --limit, or fewer with --from, --to and the like\n$/)
  t.strictSame(asked, [
    {
      from: { type: 'endpoint', endpoint: { namespace: 'shop', name: 'web' } },
      to: { type: 'net', net: '192.0.2.0/24' },
      namespace: 'shop',
      verdict: 'denied',
      policy: 'web',
    },
  ])
})

t.test('flows: mistakes are said in one line', async (t) => {
  const { tortie } = await setUp(t)
  t.match(await tortie('flows --verdict maybe'), { code: 2, err: /allowed, denied/ })
  t.match(await tortie('flows --from web'), { code: 1, err: /query\.from: must be NAMESPACE\/NAME, an address or a CIDR/ })
  t.match(await tortie('flows --watch --limit 3'), { code: 1, err: /query\.limit: has no meaning with watch/ })
})

t.test('flows --watch: a line for each, until Ctrl-C', async (t) => {
  const { api } = await setUp(t)
  const env = { TORTIE_SERVER: `unix:${api.socket}` }
  const text = await runTortie(['flows', '--watch'], { env, interruptAfter: 'DIFFER' })
  t.equal(text.code, 130)
  t.match(
    text.out,
    /^LAST SEEN .*\n2026-01-02T12:00:01.000Z {2}rejected {2,}shop\/web \(10.0.0.1\) .* NetworkPolicy shop\/db rule 2\n2026.* KERNEL AND POLICY DIFFER\n$/,
  )
  t.match(text.err, /^tortie: flows were forgotten\n/)
  const json = await runTortie(['flows', '--watch', '-o', 'json'], { env, interruptAfter: 'MODIFIED' })
  t.strictSame(
    json.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).type)
      .slice(0, 4),
    ['ADDED', 'SYNCED', 'MISSED', 'MODIFIED'],
  )
})
