/**
 * A peer that tells its routes again says where that begins and ends (RFC 7313 §4.2): what it did not repeat in between is gone. Times
 * are seconds of the caller's clock.
 */
import type { AddressFamily } from '../wire/message.ts'
import type { Terms } from './terms.ts'
import { unreachable } from './unreachable.ts'

/** How long routes may stay stale if EoRR never comes: §4.2's upper bound. */
export const refreshTimeSec = 360

export type RefreshSweep = {
  /** Both announced the capability. */
  readonly agreed: boolean
  /** Families of which BoRR counts: the first table is whole. */
  readonly framed: readonly AddressFamily[]
  /** Families between BoRR and EoRR, and when the wait for EoRR ends. */
  readonly open: ReadonlyMap<AddressFamily, number>
}

export type RefreshEvent =
  | { readonly type: 'established'; readonly terms: Terms }
  | { readonly type: 'lost' }
  | { readonly type: 'end-of-rib' | 'begin' | 'end'; readonly family: AddressFamily }
  /** `nextRefreshDeadlineSec` has come. */
  | { readonly type: 'time' }

export type RefreshAction = { readonly type: 'mark' | 'sweep'; readonly family: AddressFamily }

type Step = readonly [RefreshSweep, ...RefreshAction[]]

export const nothingRefreshed: RefreshSweep = { agreed: false, framed: [], open: new Map() }

export function sweepRefreshed(state: RefreshSweep, event: RefreshEvent, nowSec: number): Step {
  switch (event.type) {
    case 'established':
      return [established(event.terms)]
    case 'lost':
      return [nothingRefreshed]
    case 'end-of-rib':
      return [{ ...state, framed: [...state.framed.filter((family) => family !== event.family), event.family] }]
    case 'begin':
      return begun(state, event.family, nowSec)
    case 'end':
      return closed(state, [event.family])
    case 'time':
      return closed(
        state,
        [...state.open].filter(([, untilSec]) => untilSec <= nowSec).map(([family]) => family),
      )
    default:
      return unreachable(event)
  }
}

/** undefined: no EoRR is awaited. */
export function nextRefreshDeadlineSec({ open }: RefreshSweep): number | undefined {
  return open.size === 0 ? undefined : Math.min(...open.values())
}

/** A peer that tells of its restarts ends its first table with End-of-RIB: a BoRR before it is ignored (RFC 7313 §4.2). */
function established({ enhancedRouteRefresh, gracefulRestart, families }: Terms): RefreshSweep {
  return { agreed: enhancedRouteRefresh, framed: gracefulRestart === undefined ? families : [], open: new Map() }
}

/** Begun again before its end: all is stale again, and its time is not extended. */
function begun(state: RefreshSweep, family: AddressFamily, nowSec: number): Step {
  if (!state.agreed || !state.framed.includes(family)) return [state]
  const open = new Map(state.open).set(family, state.open.get(family) ?? nowSec + refreshTimeSec)
  return [
    { ...state, open },
    { type: 'mark', family },
  ]
}

/** An EoRR without its BoRR is ignored (RFC 7313 §4.2). */
function closed(state: RefreshSweep, families: readonly AddressFamily[]): Step {
  const known = families.filter((family) => state.open.has(family))
  if (known.length === 0) return [state]
  const open = new Map([...state.open].filter(([family]) => !known.includes(family)))
  return [{ ...state, open }, ...known.map((family) => ({ type: 'sweep', family }) as const)]
}
