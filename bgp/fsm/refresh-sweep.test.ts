import fc from 'fast-check'
import t from 'tap'
import { terms } from './fixture.ts'
import { nextRefreshDeadlineSec, nothingRefreshed, type RefreshEvent, type RefreshSweep, sweepRefreshed } from './refresh-sweep.ts'

const now = 1000
const v4 = 'ipv4-unicast'
const v6 = 'ipv6-unicast'
const gracefulRestart = { restarting: false, notification: true, restartTimeSec: 60, families: [] }
const both = { ...terms, families: [v4, v6] as const, enhancedRouteRefresh: true }
const ready: RefreshSweep = { agreed: true, framed: [v4, v6], open: new Map() }
const open: RefreshSweep = { ...ready, open: new Map([[v4, now + 360]]) }
const mark = { type: 'mark', family: v4 } as const
const sweep = { type: 'sweep', family: v4 } as const

const table: [title: string, state: RefreshSweep, event: RefreshEvent, expected: readonly unknown[], atSec?: number][] = [
  ['a peer without graceful restart frames from the start', nothingRefreshed, { type: 'established', terms: both }, [ready]],
  [
    'one that tells of its restarts frames after its first table',
    nothingRefreshed,
    { type: 'established', terms: { ...both, gracefulRestart } },
    [{ ...ready, framed: [] }],
  ],
  [
    'which ends with End-of-RIB, each family for itself',
    { ...ready, framed: [] },
    { type: 'end-of-rib', family: v4 },
    [{ ...ready, framed: [v4] }],
  ],
  ['End-of-RIB once more changes nothing', { ...ready, framed: [v4] }, { type: 'end-of-rib', family: v4 }, [{ ...ready, framed: [v4] }]],
  ['BoRR makes stale, for 360 s', ready, { type: 'begin', family: v4 }, [open, mark]],
  ['BoRR before End-of-RIB is ignored', { ...ready, framed: [v6] }, { type: 'begin', family: v4 }, [{ ...ready, framed: [v6] }]],
  ['BoRR without the capability is ignored', { ...ready, agreed: false }, { type: 'begin', family: v4 }, [{ ...ready, agreed: false }]],
  ['BoRR once more makes stale again, its time is not extended', open, { type: 'begin', family: v4 }, [open, mark], now + 100],
  ['EoRR sweeps', open, { type: 'end', family: v4 }, [ready, sweep]],
  ['input 71: EoRR alone is ignored', ready, { type: 'end', family: v4 }, [ready]],
  ['EoRR of the other family is ignored', open, { type: 'end', family: v6 }, [open]],
  ['input 71: EoRR never comes, the time is over', open, { type: 'time' }, [ready, sweep], now + 360],
  ['the time is not over', open, { type: 'time' }, [open], now + 359.9],
  ['the session is over: what becomes of stale routes is not for this', open, { type: 'lost' }, [nothingRefreshed]],
]
for (const [title, state, event, expected, atSec = now] of table)
  t.test(`RFC 7313 §4.2 ${title}`, async (t) => t.strictSame(sweepRefreshed(state, event, atSec), expected))

t.test('the next deadline is the earliest of all families', async (t) => {
  t.strictSame(
    [
      nextRefreshDeadlineSec(ready),
      nextRefreshDeadlineSec({
        ...open,
        open: new Map([
          [v4, 9],
          [v6, 7],
        ]),
      }),
    ],
    [undefined, 7],
  )
})

t.test('input 71: whatever comes in whatever order, a family is swept once for each time it was opened', async () => {
  const anyEvent = fc.record({
    type: fc.constantFrom('end-of-rib' as const, 'begin' as const, 'end' as const),
    family: fc.constantFrom(v4, v6),
  })
  fc.assert(
    fc.property(fc.array(anyEvent), (events) => {
      let state = sweepRefreshed(nothingRefreshed, { type: 'established', terms: { ...both, gracefulRestart } }, now)[0]
      const stale = new Set<string>()
      for (const event of events) {
        const [next, ...actions] = sweepRefreshed(state, event, now)
        for (const { type, family } of actions) {
          if (type === 'mark') stale.add(family)
          else if (!stale.delete(family)) return false
        }
        state = next
        if ([...state.open.keys()].some((family) => !stale.has(family)) || state.open.size !== stale.size) return false
      }
      return true
    }),
  )
})
