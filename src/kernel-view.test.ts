import t from 'tap'
import { FelixView, type ShownKernel } from './kernel-view.ts'
import type { IpAddress } from './net/address.ts'

const programmed = { state: 'programmed' } as const
const chains = ['tort-FORWARD', 'tort-INPUT', 'tort-OUTPUT'].map((name) => ({ name, wanted: [], status: programmed }))
const route = (destination: string) => ({ destination, wanted: 'blackhole', programmed: 'blackhole', status: programmed })

const tunnel = { name: 'tunl0', wanted: { address: '10.244.1.0' as IpAddress, mtu: 1480 }, status: programmed }

/** Three routes, three chains, no sets. */
const felix: ShownKernel = {
  problems: () => [],
  routeCounters: { programmed: 3, failed: 0, repairs: 1, changes: 4 },
  iptablesBackend: { backend: 'nft', reason: "the system's iptables is nft" },
  repairs: { total: 2, last: [{ object: 'IP set tort4s:a', times: 2, lastAt: '2026-11-21T12:00:00.000Z' }] },
  counters: { links: { changes: 2, repairs: 0 }, policy: { changes: 5, repairs: 1 }, routes: { changes: 4, repairs: 1 } },
  restoreCounters: { restores: 5, restoreSeconds: 0.5, refused: 0, lockWaits: 2, lockWaitSeconds: 0.25 },
  policyCounters: { chains: 3, ipSets: 0 },
  chains: () => chains,
  ipSets: () => [],
  tunnels: () => [tunnel],
  routes: (limit, after = -1) => {
    const all = ['10.0.0.0/24', '10.0.1.0/24', '10.0.2.0/24'].map(route)
    const routes = all.slice(after + 1, after + 1 + limit)
    const next = after + routes.length
    return next < all.length - 1 ? { routes, next } : { routes }
  },
}
const view = new FelixView(felix)

t.test('lists come page by page, and the last page has no cursor', async (t) => {
  t.strictSame(view.chains({ limit: 2 }), { items: chains.slice(0, 2), total: 3, cursor: '2' })
  t.strictSame(view.chains({ limit: 2, cursor: '2' }), { items: chains.slice(2), total: 3 })
  t.strictSame(view.ipSets({ limit: 2 }), { items: [], total: 0 })
  t.strictSame(view.tunnels({ limit: 2 }), { items: [tunnel], total: 1 })
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
    t.strictSame([view.routes({ limit: 1, cursor }), view.chains({ limit: 1, cursor })], [undefined, undefined], cursor)
})

t.test('counts are those felix keeps', async (t) => {
  t.strictSame([view.routeCounts(), view.policyCounts()], [felix.routeCounters, felix.policyCounters])
  t.strictSame(view.iptables(), felix.iptablesBackend)
  t.strictSame(view.repairs(), felix.repairs)
  t.strictSame(view.counters(), {
    changes: { links: 2, policy: 5, routes: 4 },
    repairs: { links: 0, policy: 1, routes: 1 },
    lock: { waits: 2, seconds: 0.25 },
  })
})
