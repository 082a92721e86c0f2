import t from 'tap'
import type { CountedTable } from '../felix/iptables/rule-count-reader.ts'
import type { RuleOrigin } from '../policy/rule-origins.ts'
import { FelixView, type ShownKernel } from './kernel-view.ts'
import type { IpAddress } from './net/address.ts'

const programmed = { state: 'programmed' } as const
const chains = ['tort-FORWARD', 'tort-INPUT', 'tort-OUTPUT'].map((name) => ({ name, wanted: [], status: programmed }))
const route = (destination: string) => ({ destination, wanted: 'blackhole', programmed: 'blackhole', status: programmed })

const tunnel = { name: 'tunl0', wanted: { address: '10.244.1.0' as IpAddress, mtu: 1480 }, status: programmed }

/** One chain was counted, and is made of a policy. */
const rule = (packets: number, note = '', returns = false) => ({ packets, octets: packets * 60, hash: 'a'.repeat(16), note, returns })
const counted: readonly CountedTable[] = [
  {
    family: 4,
    table: 'filter',
    chains: new Map([['tort-pi-np/shop/web', [rule(5, 'rule 0 why=so'), rule(4, '', true), rule(3, 'rule 1')]]]),
  },
]
const web: RuleOrigin = {
  kind: 'NetworkPolicy',
  namespace: 'shop',
  name: 'web',
  direction: 'ingress',
  actions: new Map([
    [0, 'Allow'],
    [1, 'Deny'],
  ]),
}
const originOf = (chain: string) => (chain === 'tort-pi-np/shop/web' ? web : undefined)

/** Three routes, three chains, no sets. */
const felix: ShownKernel = {
  problems: () => [],
  routeCounters: { programmed: 3, failed: 0, repairs: 1, changes: 4 },
  policyBackend: { backend: 'nft', reason: "the system's iptables is nft" },
  repairs: { total: 2, last: [{ object: 'IP set tort4s:a', times: 2, lastAt: '2026-11-21T12:00:00.000Z' }] },
  counters: { links: { changes: 2, repairs: 0 }, policy: { changes: 5, repairs: 1 }, routes: { changes: 4, repairs: 1 } },
  restoreCounters: { restores: 5, restoreSeconds: 0.5, refused: 0, lockWaits: 2, lockWaitSeconds: 0.25 },
  policyCounters: { chains: 3, ipSets: 0, connectionsDeleted: 0 },
  chains: () => chains,
  ruleCounts: async () => counted,
  ipSets: () => [],
  tunnels: () => [tunnel],
  routes: (limit, after = -1) => {
    const all = ['10.0.0.0/24', '10.0.1.0/24', '10.0.2.0/24'].map(route)
    const routes = all.slice(after + 1, after + 1 + limit)
    const next = after + routes.length
    return next < all.length - 1 ? { routes, next } : { routes }
  },
}
const view = new FelixView(felix, originOf)

t.test('lists come page by page, and the last page has no cursor', async (t) => {
  t.strictSame(await view.chains({ limit: 2 }), { items: chains.slice(0, 2), total: 3, cursor: '2' })
  t.strictSame(await view.chains({ limit: 2, cursor: '2' }), { items: chains.slice(2), total: 3 })
  t.strictSame(view.ipSets({ limit: 2 }), { items: [], total: 0 })
  t.strictSame(view.tunnels({ limit: 2 }), { items: [tunnel], total: 1 })
})

t.test('a chain that was counted has a counter for each rule, and says which policy it is made of', async (t) => {
  const item = { name: 'chain filter/tort-pi-np/shop/web (IPv4)', status: programmed }
  const other = { name: 'chain filter/tort-pi-np/shop/web (IPv6)', status: programmed }
  const page = await new FelixView({ ...felix, chains: () => [item, other] }, originOf).chains({ limit: 9 })
  t.strictSame(page?.items, [
    {
      ...item,
      policy: 'NetworkPolicy shop/web',
      direction: 'ingress',
      counters: [
        { packets: 5, octets: 300, rule: 0 },
        { packets: 4, octets: 240 },
        { packets: 3, octets: 180, rule: 1 },
      ],
    },
    other,
  ])
})

t.test('a reading counts once in the totals of rules, however often these are asked for', async (t) => {
  const fresh = new FelixView(felix, originOf)
  await fresh.ruleTotals()
  const { rules } = await fresh.ruleTotals()
  t.strictSame(
    rules.map(({ rule, action, packets }) => [rule, action, packets]),
    [
      [0, 'Allow', 4],
      [1, 'Deny', 3],
    ],
  )
})

t.test('routes keep the cursor of their table', async (t) => {
  const names = (cursor?: string) => view.routes({ limit: 2, ...(cursor !== undefined && { cursor }) })?.items.map(({ name }) => name)
  t.strictSame([names(), view.routes({ limit: 2 })?.cursor, names('1')], [['10.0.0.0/24', '10.0.1.0/24'], '1', ['10.0.2.0/24']])
  t.strictSame(view.routes({ limit: 1 })?.items, [
    { name: '10.0.0.0/24', wanted: 'blackhole', programmed: 'blackhole', status: programmed },
  ])
})

t.test('a cursor that no page returned is none', async (t) => {
  for (const cursor of ['', 'x', '-1', '1.5', '99999999999'])
    t.strictSame([view.routes({ limit: 1, cursor }), await view.chains({ limit: 1, cursor })], [undefined, undefined], cursor)
})

t.test('counts are those felix keeps', async (t) => {
  t.strictSame([view.routeCounts(), view.policyCounts()], [felix.routeCounters, felix.policyCounters])
  t.strictSame(view.iptables(), felix.policyBackend)
  t.strictSame(view.repairs(), felix.repairs)
  t.strictSame(view.counters(), {
    changes: { links: 2, policy: 5, routes: 4 },
    repairs: { links: 0, policy: 1, routes: 1 },
    lock: { waits: 2, seconds: 0.25 },
  })
})
