import { nextRefreshDeadlineSec, nothingRefreshed, type RefreshEvent, type RefreshSweep, sweepRefreshed } from '../fsm/refresh-sweep.ts'
import { type Helper, type HelperEvent, helpRestart, nextDeadlineSec, noHelp } from '../fsm/restart-helper.ts'
import type { Terms } from '../fsm/terms.ts'
import type { RibFace } from '../rib/rib-face.ts'
import type { PeerId } from '../rib/session-terms.ts'
import type { AddressFamily } from '../wire/message.ts'
import { Deadline } from './deadline.ts'

/** Long-lived stale times go up to 194 days, the system's timers to 24: beyond this it is asked again. */
const longestSleepSec = 86_400

type StaleRib = Pick<RibFace, 'sessionDown' | 'sweepStale' | 'makeLongLived' | 'markStale'>

/** What is stale of a family, for people. */
export type StaleFamily = {
  readonly family: AddressFamily
  /**
   * 'awaited': the peer is not back yet; 'returned': it is, and has not finished; 'long-lived': RFC 9494; 'refreshing': it tells all
   * again (RFC 7313).
   */
  readonly state: 'awaited' | 'returned' | 'long-lived' | 'refreshing'
  /** Seconds until they go, or become long-lived. */
  readonly leftSec: number
}

/**
 * The routes that one peer has not confirmed yet: it restarts (RFC 4724 §4.2, RFC 9494 §4.2), or tells all again (RFC 7313 §4.2). They
 * are kept, and swept if it does not.
 */
export class StaleRoutes {
  readonly #rib: StaleRib
  readonly #id: PeerId
  readonly #swept: () => void
  readonly #restartTimer = new Deadline(() => this.#help({ type: 'time' }))
  readonly #refreshTimer = new Deadline(() => this.#refresh({ type: 'time' }))
  #helper: Helper = noHelp
  #refreshed: RefreshSweep = nothingRefreshed

  /** @param swept routes went: there is something to decide */
  constructor(rib: StaleRib, id: PeerId, swept: () => void) {
    this.#rib = rib
    this.#id = id
    this.#swept = swept
  }

  /** Routes of the peer are kept for its return: what is known of it is still needed. */
  get helping(): boolean {
    return this.#helper.stale.size > 0
  }

  get families(): readonly StaleFamily[] {
    const { stale, up } = this.#helper
    const left = (untilSec: number) => Math.max(0, Math.round(untilSec - nowSec()))
    const kept = [...stale].map(([family, { longLived, untilSec }]): StaleFamily => {
      const state = longLived ? 'long-lived' : up ? 'returned' : 'awaited'
      return { family, state, leftSec: left(untilSec) }
    })
    const refreshing = [...this.#refreshed.open].map(([family, untilSec]): StaleFamily => {
      return { family, state: 'refreshing', leftSec: left(untilSec) }
    })
    return [...kept, ...refreshing]
  }

  established(terms: Terms): void {
    this.#help({ type: 'established', terms })
    this.#refresh({ type: 'established', terms })
  }

  lost(graceful: boolean): void {
    this.#refresh({ type: 'lost' })
    this.#help({ type: 'lost', graceful })
  }

  endOfRib(family: AddressFamily): void {
    this.#help({ type: 'end-of-rib', family })
    this.#refresh({ type: 'end-of-rib', family })
  }

  beginOfRefresh(family: AddressFamily): void {
    this.#refresh({ type: 'begin', family })
  }

  endOfRefresh(family: AddressFamily): void {
    this.#refresh({ type: 'end', family })
  }

  /** The peer cannot forward (RFC 5882 §4.3.1). */
  abandon(): void {
    this.#help({ type: 'abandon' })
  }

  stop(): void {
    this.#restartTimer.stop()
    this.#refreshTimer.stop()
  }

  #help(event: HelperEvent): void {
    const [helper, ...actions] = helpRestart(this.#helper, event, nowSec())
    this.#helper = helper
    for (const action of actions) {
      if (action.type === 'keep') this.#rib.sessionDown(this.#id, action.families)
      else if (action.type === 'sweep') this.#rib.sweepStale(this.#id, action.family)
      else this.#rib.makeLongLived(this.#id, action.family)
    }
    wakeAt(this.#restartTimer, nextDeadlineSec(helper))
    if (actions.length > 0) this.#swept()
  }

  #refresh(event: RefreshEvent): void {
    const [refreshed, ...actions] = sweepRefreshed(this.#refreshed, event, nowSec())
    this.#refreshed = refreshed
    for (const { type, family } of actions) {
      if (type === 'mark') this.#rib.markStale(this.#id, family)
      else this.#rib.sweepStale(this.#id, family)
    }
    wakeAt(this.#refreshTimer, nextRefreshDeadlineSec(refreshed))
    if (actions.length > 0) this.#swept()
  }
}

function wakeAt(timer: Deadline, atSec: number | undefined): void {
  if (atSec === undefined) timer.stop()
  else timer.start(Math.min(longestSleepSec, Math.max(0, atSec - nowSec())))
}

/** Of a clock that nobody sets. */
function nowSec(): number {
  return performance.now() / 1000
}
