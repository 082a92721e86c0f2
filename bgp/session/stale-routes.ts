import { type Helper, type HelperEvent, helpRestart, nextDeadlineSec, noHelp } from '../fsm/restart-helper.ts'
import type { PeerId, RibFace } from '../rib/rib-face.ts'
import type { AddressFamily } from '../wire/message.ts'
import { Deadline } from './deadline.ts'

/** Long-lived stale times go up to 194 days, the system's timers to 24: beyond this it is asked again. */
const longestSleepSec = 86_400

type StaleRib = Pick<RibFace, 'sessionDown' | 'sweepStale' | 'makeLongLived'>

/** What is stale of a family, for people. */
export type StaleFamily = {
  readonly family: AddressFamily
  /** 'awaited': the peer is not back yet; 'returned': it is, and has not finished; 'long-lived': RFC 9494. */
  readonly state: 'awaited' | 'returned' | 'long-lived'
  /** Seconds until they go, or become long-lived. */
  readonly leftSec: number
}

/** Helps one peer through its restart (RFC 4724 §4.2, RFC 9494 §4.2): keeps its routes, and sweeps those it does not send again. */
export class StaleRoutes {
  readonly #rib: StaleRib
  readonly #id: PeerId
  readonly #swept: () => void
  readonly #timer = new Deadline(() => this.handle({ type: 'time' }))
  #helper: Helper = noHelp

  /** @param swept routes went: there is something to decide */
  constructor(rib: StaleRib, id: PeerId, swept: () => void) {
    this.#rib = rib
    this.#id = id
    this.#swept = swept
  }

  /** Routes of the peer are kept for it: what is known of it is still needed. */
  get helping(): boolean {
    return this.#helper.stale.size > 0
  }

  get families(): readonly StaleFamily[] {
    const { stale, up } = this.#helper
    const now = nowSec()
    return [...stale].map(([family, { longLived, untilSec }]) => ({
      family,
      state: longLived ? 'long-lived' : up ? 'returned' : 'awaited',
      leftSec: Math.max(0, untilSec - now),
    }))
  }

  handle(event: HelperEvent): void {
    const [helper, ...actions] = helpRestart(this.#helper, event, nowSec())
    this.#helper = helper
    for (const action of actions) {
      if (action.type === 'keep') this.#rib.sessionDown(this.#id, action.families)
      else if (action.type === 'sweep') this.#rib.sweepStale(this.#id, action.family)
      else this.#rib.makeLongLived(this.#id, action.family)
    }
    const due = nextDeadlineSec(helper)
    if (due === undefined) this.#timer.stop()
    else this.#timer.start(Math.min(longestSleepSec, Math.max(0, due - nowSec())))
    if (actions.length > 0) this.#swept()
  }

  stop(): void {
    this.#timer.stop()
  }
}

/** Of a clock that nobody sets. */
function nowSec(): number {
  return performance.now() / 1000
}
