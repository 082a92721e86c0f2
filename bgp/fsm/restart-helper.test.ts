import fc from 'fast-check'
import t from 'tap'
import type { AddressFamily } from '../wire/message.ts'
import { terms } from './fixture.ts'
import { type Helper, type HelperEvent, helpRestart, nextDeadlineSec, noHelp, type RestartPromise, type Stale } from './restart-helper.ts'
import type { LongLived, PeerRestart } from './terms.ts'

const now = 1000
const both = ['ipv4-unicast', 'ipv6-unicast'] as const
const promise: RestartPromise = { families: [...both], restartTimeSec: 60, notification: false, longLived: new Map() }
const hourOfV4 = new Map<AddressFamily, number>([['ipv4-unicast', 3600]])
const stale = (sinceSec: number, untilSec: number, longLived = false): Stale => ({ longLived, sinceSec, untilSec })
const all = (entry: Stale, families: readonly AddressFamily[] = both) => new Map(families.map((family) => [family, entry]))

const up: Helper = { stale: new Map(), up: true, promise }
const mutual: Helper = { ...up, promise: { ...promise, notification: true } }
const lasting: Helper = { ...up, promise: { ...promise, longLived: hourOfV4 } }
const awaited: Helper = { stale: all(stale(now, now + 60)), up: false, promise }
const returned: Helper = { ...awaited, stale: all(stale(now, now + 360)), up: true }

const preserved = both.map((family) => ({ family, forwardingPreserved: true }))
const back = (families: PeerRestart['families'] | undefined, longLived?: readonly LongLived[]): HelperEvent => {
  if (families === undefined) return { type: 'established', terms }
  const gracefulRestart = { restarting: true, notification: false, restartTimeSec: 60, families }
  return { type: 'established', terms: { ...terms, gracefulRestart, ...(longLived === undefined ? {} : { longLived }) } }
}
const lost: HelperEvent = { type: 'lost', graceful: true }
const sweep = (family: AddressFamily) => ({ type: 'sweep', family }) as const
const keep = (...families: readonly AddressFamily[]) => ({ type: 'keep', families }) as const
const makeLongLived = (family: AddressFamily) => ({ type: 'make-long-lived', family }) as const
const sweepBoth = both.map(sweep)

type Row = readonly [title: string, helper: Helper, event: HelperEvent, expected: readonly unknown[], atSec?: number]

const rfc4724: readonly Row[] = [
  ['§4.2 a first session only notes the promise', noHelp, back(preserved), [up]],
  ['§4.2 TCP is lost: the families of the capability become stale until the restart time is over', up, lost, [awaited, keep(...both)]],
  ['§4 after a NOTIFICATION nothing is kept', up, { type: 'lost', graceful: false }, [{ ...up, up: false }, keep()]],
  ['§4 nor what was stale', returned, { type: 'lost', graceful: false }, [{ ...up, up: false }, keep()]],
  ['without the capability nothing is kept', { ...noHelp, up: true }, lost, [noHelp, keep()]],
  [
    '§3 restart time 0 keeps nothing',
    { ...up, promise: { ...promise, restartTimeSec: 0 } },
    lost,
    [{ ...up, up: false, promise: { ...promise, restartTimeSec: 0 } }, keep()],
  ],
  [
    'input 72: a restart time of 4095 s is capped',
    { ...up, promise: { ...promise, restartTimeSec: 4095 } },
    lost,
    [{ stale: all(stale(now, now + 360)), up: false, promise: { ...promise, restartTimeSec: 4095 } }, keep(...both)],
  ],
  [
    '§4.2 a second restart before End-of-RIB: what was stale goes, what was new becomes stale',
    { ...returned, stale: all(stale(now - 50, now + 310), ['ipv6-unicast']) },
    lost,
    [awaited, sweep('ipv6-unicast'), keep(...both)],
  ],
  ['§4.2 the restart time is over: all stale routes go', awaited, { type: 'time' }, [{ ...up, up: false }, ...sweepBoth], now + 60],
  ['a clock that comes too early means nothing', awaited, { type: 'time' }, [awaited], now + 59.9],
  [
    '§4.2 the peer is back and kept forwarding: stale routes wait for End-of-RIB, no longer than the bound since the loss',
    awaited,
    back(preserved),
    [returned],
    now + 30,
  ],
  ['§4.2 back without End-of-RIB: the bound sweeps', returned, { type: 'time' }, [up, ...sweepBoth], now + 360],
  [
    '§4.2 F bit 0: that family goes at once',
    awaited,
    back(preserved.map((entry) => ({ ...entry, forwardingPreserved: entry.family === 'ipv6-unicast' }))),
    [{ ...returned, stale: all(stale(now, now + 360), ['ipv6-unicast']) }, sweep('ipv4-unicast')],
  ],
  [
    '§4.2 a family missing from the new capability goes at once',
    awaited,
    back(preserved.filter((entry) => entry.family === 'ipv6-unicast')),
    [
      { stale: all(stale(now, now + 360), ['ipv6-unicast']), up: true, promise: { ...promise, families: ['ipv6-unicast'] } },
      sweep('ipv4-unicast'),
    ],
  ],
  ['§4.2 back without the capability: all goes', awaited, back(undefined), [{ ...noHelp, up: true }, ...sweepBoth]],
  [
    '§4.2 End-of-RIB sweeps its family, whatever the other does',
    returned,
    { type: 'end-of-rib', family: 'ipv4-unicast' },
    [{ ...returned, stale: all(stale(now, now + 360), ['ipv6-unicast']) }, sweep('ipv4-unicast')],
  ],
  ['§2 End-of-RIB without a restart means nothing here', up, { type: 'end-of-rib', family: 'ipv4-unicast' }, [up]],
  [
    'RFC 5882 §4.3.1 the forwarding of the peer failed: nothing stale is kept',
    awaited,
    { type: 'abandon' },
    [{ ...up, up: false }, ...sweepBoth],
  ],
]

const rfc8538: readonly Row[] = [
  [
    '§4.1 consecutive restarts do not delete what is stale, nor extend its time without end',
    { ...mutual, stale: all(stale(now - 330, now + 30), ['ipv4-unicast']) },
    lost,
    [
      {
        stale: new Map([
          ['ipv4-unicast', stale(now - 330, now + 30)],
          ['ipv6-unicast', stale(now, now + 60)],
        ]),
        up: false,
        promise: mutual.promise,
      },
      keep(...both),
    ],
  ],
  [
    '§4 a Hard Reset deletes it',
    { ...mutual, stale: all(stale(now, now + 60)) },
    { type: 'lost', graceful: false },
    [{ ...mutual, up: false }, keep()],
  ],
]

const v4 = both[0]
const long = stale(now + 60, now + 3660, true)
const llgr: Helper = { stale: new Map([[v4, long]]), up: false, promise: lasting.promise }
const llgrReturned: Helper = { ...llgr, stale: new Map([[v4, { ...long, untilSec: now + 1360, untilIfLostSec: now + 3660 }]]), up: true }
const stillLong = (forwardingPreserved: boolean): LongLived[] => [{ family: v4, forwardingPreserved, staleSec: 3600 }]

const rfc9494: readonly Row[] = [
  [
    '§4.2 the restart time is over: what has a long-lived stale time stays for it, the other family goes',
    { ...awaited, promise: lasting.promise },
    { type: 'time' },
    [llgr, sweep('ipv6-unicast'), makeLongLived(v4)],
    now + 60,
  ],
  ['§4.2 the long-lived stale time is over: all goes', llgr, { type: 'time' }, [{ ...lasting, up: false }, sweep(v4)], now + 3660],
  [
    '§4.2 restart time 0: long-lived at once',
    { ...lasting, promise: { ...lasting.promise, restartTimeSec: 0 } },
    lost,
    [
      { stale: all(stale(now, now + 3600, true), [v4]), up: false, promise: { ...lasting.promise, restartTimeSec: 0 } },
      keep(v4),
      makeLongLived(v4),
    ],
  ],
  [
    '§4.2 a family of the long-lived capability alone is long-lived at once',
    { ...lasting, promise: { ...lasting.promise, families: ['ipv6-unicast'] } },
    lost,
    [
      {
        stale: new Map([
          ['ipv6-unicast', stale(now, now + 60)],
          [v4, stale(now, now + 3600, true)],
        ]),
        up: false,
        promise: { ...lasting.promise, families: ['ipv6-unicast'] },
      },
      keep('ipv6-unicast', v4),
      makeLongLived(v4),
    ],
  ],
  [
    '§4.2 back with the F bit of this capability: stale until End-of-RIB, bounded',
    llgr,
    back([], stillLong(true)),
    [{ ...llgrReturned, promise: { ...promise, families: [], longLived: hourOfV4 } }],
    now + 1000,
  ],
  [
    '§4.2 back with F bit 0 in this capability: all goes, whatever the other says',
    llgr,
    back(preserved, stillLong(false)),
    [lasting, sweep(v4)],
    now + 1000,
  ],
  ['§4.2 back without this capability: all goes', llgr, back(preserved), [up, sweep(v4)], now + 1000],
  [
    '§4.2 lost again before End-of-RIB: it stays, and its time is not extended',
    { ...llgr, up: true },
    lost,
    [{ ...llgr, stale: new Map([...all(stale(now + 500, now + 560)), [v4, long]]) }, keep(...both), makeLongLived(v4)],
    now + 500,
  ],
  [
    '§4.2 lost again after a return: the long-lived time runs on as if there had been none',
    llgrReturned,
    lost,
    [{ ...llgr, stale: new Map([...all(stale(now + 1100, now + 1160)), [v4, long]]) }, keep(...both), makeLongLived(v4)],
    now + 1100,
  ],
  [
    '§4.2 back shortly before that time is over: it ends when it would have',
    llgr,
    back([], stillLong(true)),
    [{ ...llgr, up: true, promise: { ...promise, families: [], longLived: hourOfV4 } }],
    now + 3600,
  ],
  [
    '§4.2 back, without End-of-RIB: the bound sweeps, nothing becomes long-lived',
    { ...returned, promise: lasting.promise },
    { type: 'time' },
    [lasting, ...sweepBoth],
    now + 360,
  ],
  [
    '§4.2 a NOTIFICATION without the N bit ends this too',
    { ...llgr, up: true },
    { type: 'lost', graceful: false },
    [{ ...lasting, up: false }, keep()],
  ],
]

for (const [rfc, rows] of [
  ['RFC 4724', rfc4724],
  ['RFC 8538', rfc8538],
  ['RFC 9494', rfc9494],
] as const)
  for (const [title, helper, event, expected, atSec = now] of rows)
    t.test(`${rfc} ${title}`, async (t) => t.strictSame(helpRestart(helper, event, atSec), expected))

t.test('the next deadline is the earliest of all families', async (t) => {
  t.equal(nextDeadlineSec(up), undefined)
  t.equal(nextDeadlineSec({ ...awaited, stale: new Map([...all(stale(0, 9)), [v4, stale(0, 7)]]) }), 7)
})

t.test(
  'input 72: whatever a peer does and asks for, its routes are stale for 360 s at most, and each family that is kept is swept or finished',
  async () => {
    const anyEvent = fc.oneof(
      fc.boolean().map((notification) => ({
        type: 'established' as const,
        terms: { ...terms, gracefulRestart: { restarting: true, notification, restartTimeSec: 4095, families: preserved } },
      })),
      fc.constant(lost),
      fc.constantFrom(...both).map((family) => ({ type: 'end-of-rib' as const, family })),
      fc.constant({ type: 'time' as const }),
    )
    fc.assert(
      fc.property(fc.array(fc.tuple(anyEvent, fc.nat(400)), { maxLength: 30 }), (steps) => {
        let helper = noHelp
        let clock = 0
        for (const [event, later] of steps) {
          clock += later
          // the clock rings in time, as `nextDeadlineSec` says
          for (let due = nextDeadlineSec(helper); due !== undefined && due <= clock; due = nextDeadlineSec(helper))
            helper = helpRestart(helper, { type: 'time' }, due)[0]
          helper = helpRestart(helper, event, clock)[0]
          for (const { sinceSec, untilSec } of helper.stale.values())
            if (sinceSec > clock || untilSec <= clock || untilSec > sinceSec + 360) return false
        }
        return true
      }),
    )
  },
)
