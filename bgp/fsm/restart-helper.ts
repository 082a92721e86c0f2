/**
 * The receiving speaker of RFC 4724 §4.2, RFC 8538 §4.1 and RFC 9494 §4.2, one per peer: which routes of a lost peer stay, how, and
 * until when. Times are seconds of the caller's clock.
 */
import type { AddressFamily } from '../wire/message.ts'
import type { Terms } from './terms.ts'
import { unreachable } from './unreachable.ts'

/** How long routes may stay stale in all, whatever the peer asks for (up to 4095 s) and however often it restarts: §4.2's upper bound. */
export const stalePathTimeSec = 360

/** What is stale of one family. */
export type Stale = {
  /** Kept as a last resort only (RFC 9494). */
  readonly longLived: boolean
  readonly sinceSec: number
  /** Then they go, or become long-lived. */
  readonly untilSec: number
  /** The same if the peer, that is back, is lost again: its long-lived time runs on (RFC 9494 §4.2). Absent: no later than `untilSec`. */
  readonly untilIfLostSec?: number
}

/** What the peer said on the current or last session: what to keep when it is lost, and for how long. */
export type RestartPromise = {
  readonly families: readonly AddressFamily[]
  readonly restartTimeSec: number
  /** N bit (RFC 8538). */
  readonly notification: boolean
  /** Long-lived stale times, seconds above 0. */
  readonly longLived: ReadonlyMap<AddressFamily, number>
}

export type Helper = {
  readonly stale: ReadonlyMap<AddressFamily, Stale>
  /** There is a session. */
  readonly up: boolean
  readonly promise: RestartPromise
}

export type HelperEvent =
  | { readonly type: 'established'; readonly terms: Terms }
  | { readonly type: 'lost'; readonly graceful: boolean }
  | { readonly type: 'end-of-rib'; readonly family: AddressFamily }
  /** `nextDeadlineSec` has come. */
  | { readonly type: 'time' }
  /** The peer cannot forward: nothing stale is worth keeping (RFC 5882 §4.3.1). */
  | { readonly type: 'abandon' }

export type HelperAction =
  /** The session is over: routes of these families become stale, or stay it, all others go. */
  | { readonly type: 'keep'; readonly families: readonly AddressFamily[] }
  | { readonly type: 'sweep'; readonly family: AddressFamily }
  /** What is stale becomes long-lived stale; what carries NO_LLGR goes (RFC 9494 §4.2). */
  | { readonly type: 'make-long-lived'; readonly family: AddressFamily }

type Step = readonly [Helper, ...HelperAction[]]

export const noHelp: Helper = {
  stale: new Map(),
  up: false,
  promise: { families: [], restartTimeSec: 0, notification: false, longLived: new Map() },
}

export function helpRestart(helper: Helper, event: HelperEvent, nowSec: number): Step {
  switch (event.type) {
    case 'established':
      return established(helper, event.terms, nowSec)
    case 'lost':
      return event.graceful ? lost(helper, nowSec) : lostForGood(helper)
    case 'end-of-rib':
      return without(helper, [event.family])
    case 'time':
      return dueNow(helper, nowSec)
    case 'abandon':
      return without(helper, [...helper.stale.keys()])
    default:
      return unreachable(event)
  }
}

/** When the helper is to be asked again; undefined: nothing is stale. */
export function nextDeadlineSec({ stale }: Helper): number | undefined {
  return stale.size === 0 ? undefined : Math.min(...[...stale.values()].map(({ untilSec }) => untilSec))
}

/**
 * Stale routes stay only where the peer says now that it kept forwarding: in the capability that kept them so far (RFC 4724 §4.2,
 * RFC 9494 §4.2). What stays has until End-of-RIB, and no longer than it would have had without this session.
 */
function established(helper: Helper, terms: Terms, nowSec: number): Step {
  const preserved = (family: AddressFamily, { longLived }: Stale) =>
    (longLived ? terms.longLived : terms.gracefulRestart?.families)?.some((entry) => entry.family === family && entry.forwardingPreserved)
  const gone = [...helper.stale].filter(([family, entry]) => preserved(family, entry) !== true).map(([family]) => family)
  const [left, ...actions] = without(helper, gone)
  const stale = new Map([...left.stale].map(([family, entry]) => [family, onReturn(entry, nowSec)]))
  return [{ stale, up: true, promise: promiseOf(terms) }, ...actions]
}

function onReturn(entry: Stale, nowSec: number): Stale {
  if (!entry.longLived) return { ...entry, untilSec: entry.sinceSec + stalePathTimeSec }
  const boundSec = nowSec + stalePathTimeSec
  return entry.untilSec <= boundSec ? entry : { ...entry, untilSec: boundSec, untilIfLostSec: entry.untilSec }
}

function promiseOf({ gracefulRestart, longLived = [] }: Terms): RestartPromise {
  return {
    families: (gracefulRestart?.families ?? []).map(({ family }) => family),
    restartTimeSec: gracefulRestart?.restartTimeSec ?? 0,
    notification: gracefulRestart?.notification ?? false,
    longLived: new Map(longLived.filter(({ staleSec }) => staleSec > 0).map(({ family, staleSec }) => [family, staleSec])),
  }
}

/**
 * "To deal with possible consecutive restarts, a route previously marked as stale MUST be deleted" (RFC 4724 §4.2); not so where both
 * sides set the N bit (RFC 8538 §4.1), nor what is long-lived: that stays, for the time it has left.
 */
function lost(helper: Helper, nowSec: number): Step {
  const { promise } = helper
  const [left, ...actions] = without(
    helper,
    [...helper.stale].filter(([, { longLived }]) => !longLived && !promise.notification).map(([family]) => family),
  )
  const stale = new Map<AddressFamily, Stale>()
  for (const family of new Set([...promise.families, ...promise.longLived.keys()])) {
    const entry = keptAs(promise, family, left.stale.get(family), nowSec)
    if (entry !== undefined) stale.set(family, entry)
  }
  const longLived = [...stale].filter(([, entry]) => entry.longLived).map(([family]) => ({ type: 'make-long-lived', family }) as const)
  return [{ stale, up: false, promise }, ...actions, { type: 'keep', families: [...stale.keys()] }, ...longLived]
}

function keptAs(promise: RestartPromise, family: AddressFamily, before: Stale | undefined, nowSec: number): Stale | undefined {
  const staleSec = promise.longLived.get(family)
  if (before?.longLived === true && staleSec !== undefined) {
    const { sinceSec, untilSec, untilIfLostSec = untilSec } = before
    return { longLived: true, sinceSec, untilSec: untilIfLostSec }
  }
  if (promise.restartTimeSec > 0 && promise.families.includes(family)) {
    const sinceSec = before?.sinceSec ?? nowSec
    return { longLived: false, sinceSec, untilSec: Math.min(nowSec + promise.restartTimeSec, sinceSec + stalePathTimeSec) }
  }
  return staleSec === undefined ? undefined : { longLived: true, sinceSec: nowSec, untilSec: nowSec + staleSec }
}

function lostForGood({ promise }: Helper): Step {
  return [
    { stale: new Map(), up: false, promise },
    { type: 'keep', families: [] },
  ]
}

/** A peer that is back and does not finish loses what it did not repeat; one that is not back has its long-lived time still (RFC 9494 §4.2). */
function dueNow(helper: Helper, nowSec: number): Step {
  const { promise, up } = helper
  const due = [...helper.stale].filter(([, { untilSec }]) => untilSec <= nowSec)
  const staying = due.filter(([family, { longLived }]) => !up && !longLived && promise.longLived.has(family)).map(([family]) => family)
  const [left, ...actions] = without(
    helper,
    due.map(([family]) => family).filter((family) => !staying.includes(family)),
  )
  const stale = new Map(left.stale)
  for (const family of staying)
    stale.set(family, { longLived: true, sinceSec: nowSec, untilSec: nowSec + (promise.longLived.get(family) ?? 0) })
  return [{ ...left, stale }, ...actions, ...staying.map((family) => ({ type: 'make-long-lived', family }) as const)]
}

function without(helper: Helper, families: readonly AddressFamily[]): Step {
  const gone = families.filter((family) => helper.stale.has(family))
  if (gone.length === 0) return [helper]
  const stale = new Map([...helper.stale].filter(([family]) => !gone.includes(family)))
  return [{ ...helper, stale }, ...gone.map((family) => ({ type: 'sweep', family }) as const)]
}
