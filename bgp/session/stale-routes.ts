import { type Helper, type HelperEvent, helpRestart, noHelp } from '../fsm/restart-helper.ts'
import type { PeerId, RibFace } from '../rib/rib-face.ts'
import { Deadline } from './deadline.ts'

/** Helps one peer through its restart (RFC 4724 §4.2): keeps its routes, and sweeps those it does not send again. */
export class StaleRoutes {
  readonly #rib: Pick<RibFace, 'sessionDown' | 'sweepStale'>
  readonly #id: PeerId
  readonly #swept: () => void
  readonly #timer = new Deadline(() => this.handle({ type: 'timer' }))
  #helper: Helper = noHelp

  /** @param swept routes went: there is something to decide */
  constructor(rib: Pick<RibFace, 'sessionDown' | 'sweepStale'>, id: PeerId, swept: () => void) {
    this.#rib = rib
    this.#id = id
    this.#swept = swept
  }

  handle(event: HelperEvent): void {
    const [helper, ...actions] = helpRestart(this.#helper, event)
    this.#helper = helper
    for (const action of actions) {
      if (action.type === 'keep') this.#rib.sessionDown(this.#id, action.families)
      else if (action.type === 'sweep') this.#rib.sweepStale(this.#id, action.family)
      else if (action.type === 'start-timer') this.#timer.start(action.afterSec)
      else this.#timer.stop()
    }
    if (actions.length > 0) this.#swept()
  }

  stop(): void {
    this.#timer.stop()
  }
}
