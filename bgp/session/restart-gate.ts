import { type DeferralEvent, defer, noPeers, settled } from '../fsm/restart-deferral.ts'
import type { RibFace } from '../rib/rib-face.ts'
import { Deadline } from './deadline.ts'

/** The longest we keep peers waiting for our routes, in seconds: the Selection_Deferral_Timer of RFC 4724 §4.1. */
const maxDeferralSec = 30

export type RestartGateOptions = { readonly restarting: boolean; readonly restartTimeSec: number }

/** Holds the first decision of a restarted speaker until its peers have told what they know (RFC 4724 §4.1). */
export class RestartGate {
  readonly #rib: RibFace
  readonly #onRelease: (reason: 'all peers finished' | 'deferral timer') => void
  readonly #timer = new Deadline(() => this.#release('deferral timer'))
  readonly #opened = Promise.withResolvers<void>()
  #state = noPeers
  #held: boolean
  #peersKnown = false

  constructor(options: RestartGateOptions, rib: RibFace, onRelease: (reason: 'all peers finished' | 'deferral timer') => void) {
    this.#rib = rib
    this.#onRelease = onRelease
    this.#held = options.restarting
    if (this.#held) {
      rib.holdDecisions()
      this.#timer.start(Math.min(maxDeferralSec, options.restartTimeSec))
    } else {
      this.#opened.resolve()
    }
  }

  /** R bit of our OPENs. */
  get restarting(): boolean {
    return this.#held
  }

  get released(): Promise<void> {
    return this.#opened.promise
  }

  handle(event: DeferralEvent): void {
    if (!this.#held) return
    this.#state = defer(this.#state, event)
    this.#check()
  }

  /** All configured peers were added: from now on nobody to wait for means done. */
  peersKnown(): void {
    this.#peersKnown = true
    this.#check()
  }

  stop(): void {
    this.#timer.stop()
  }

  #check(): void {
    if (this.#held && this.#peersKnown && settled(this.#state)) this.#release('all peers finished')
  }

  #release(reason: 'all peers finished' | 'deferral timer'): void {
    this.#held = false
    this.#timer.stop()
    this.#rib.releaseDecisions()
    this.#onRelease(reason)
    this.#opened.resolve()
  }
}
