/** The receiving speaker of RFC 4724 §4.2, one per peer: which of a restarting peer's routes stay, and until when. */
import type { AddressFamily } from '../wire/message.ts'
import type { Terms } from './terms.ts'
import { unreachable } from './unreachable.ts'

/** How long routes may stay stale after the peer is back but does not finish: §4.2's upper bound. */
export const stalePathTimeSec = 360

export type Helper = {
  /** Families with stale routes. */
  readonly stale: readonly AddressFamily[]
  /** The peer's promise on the current or last session: what to keep when TCP is lost, and for how long. */
  readonly promise: { readonly families: readonly AddressFamily[]; readonly restartTimeSec: number }
}

export type HelperEvent =
  | { readonly type: 'established'; readonly terms: Terms }
  | { readonly type: 'lost'; readonly graceful: boolean }
  | { readonly type: 'end-of-rib'; readonly family: AddressFamily }
  | { readonly type: 'timer' }
  /** The peer cannot forward: nothing stale is worth keeping (RFC 5882 §4.3.1). */
  | { readonly type: 'abandon' }

export type HelperAction =
  /** The session is over: routes of these families become stale, all others go. */
  | { readonly type: 'keep'; readonly families: readonly AddressFamily[] }
  | { readonly type: 'sweep'; readonly family: AddressFamily }
  | { readonly type: 'start-timer'; readonly afterSec: number }
  | { readonly type: 'stop-timer' }

type Step = readonly [Helper, ...HelperAction[]]

export const noHelp: Helper = { stale: [], promise: { families: [], restartTimeSec: 0 } }

export function helpRestart(helper: Helper, event: HelperEvent): Step {
  switch (event.type) {
    case 'established':
      return established(helper, event.terms)
    case 'lost':
      return lost(helper, event.graceful)
    case 'end-of-rib':
      return swept(
        helper,
        helper.stale.filter((family) => family === event.family),
      )
    case 'timer':
    case 'abandon':
      return swept(helper, helper.stale)
    default:
      return unreachable(event)
  }
}

/** Stale routes stay only where the peer says now that it kept forwarding; the rest go at once. */
function established(helper: Helper, terms: Terms): Step {
  const restart = terms.gracefulRestart
  const preserved = (restart?.families ?? []).filter((entry) => entry.forwardingPreserved).map((entry) => entry.family)
  const promise = { families: (restart?.families ?? []).map((entry) => entry.family), restartTimeSec: restart?.restartTimeSec ?? 0 }
  const gone = helper.stale.filter((family) => !preserved.includes(family))
  const [next, ...actions] = swept(helper, gone)
  const bound: HelperAction[] = next.stale.length === 0 ? [] : [{ type: 'start-timer', afterSec: stalePathTimeSec }]
  return [{ ...next, promise }, ...actions, ...bound]
}

/** "To deal with possible consecutive restarts, a route previously marked as stale MUST be deleted": so the sweep before. */
function lost(helper: Helper, graceful: boolean): Step {
  const { families, restartTimeSec } = helper.promise
  const keep = graceful && restartTimeSec > 0 ? families : []
  const [, ...actions] = swept(helper, helper.stale)
  const wait: HelperAction[] = keep.length === 0 ? [] : [{ type: 'start-timer', afterSec: restartTimeSec }]
  return [{ ...helper, stale: keep }, ...actions, { type: 'keep', families: keep }, ...wait]
}

function swept(helper: Helper, families: readonly AddressFamily[]): Step {
  if (families.length === 0) return [helper]
  const stale = helper.stale.filter((family) => !families.includes(family))
  const done: HelperAction[] = stale.length === 0 ? [{ type: 'stop-timer' }] : []
  return [{ ...helper, stale }, ...families.map((family) => ({ type: 'sweep', family }) as const), ...done]
}
