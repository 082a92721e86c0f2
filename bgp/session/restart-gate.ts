import { type DeferralEvent, defer, noPeers, waitingFor } from '../fsm/restart-deferral.ts'
import type { RibFace } from '../rib/rib-face.ts'
import { Deadline } from './deadline.ts'

/** The longest we keep peers waiting for our routes, in seconds: the Selection_Deferral_Timer of RFC 4724 §4.1. */
const maxDeferralSec = 30

/** How long we wait for peers that may wait for us. */
const patienceSec = 2

export type RestartGateOptions = { readonly restarting: boolean; readonly restartTimeSec: number }

export type ReleaseReason = 'all peers finished' | 'only restarting peers are left' | 'deferral timer'

/** Holds the first decision of a restarted speaker until its peers have told what they know (RFC 4724 §4.1). */
export class RestartGate {
  readonly #rib: Pick<RibFace, 'holdDecisions' | 'releaseDecisions'>
  readonly #onRelease: (reason: ReleaseReason) => void
  readonly #timer = new Deadline(() => this.#release('deferral timer'))
  readonly #patience = new Deadline(() => this.#release('only restarting peers are left'))
  readonly #opened = Promise.withResolvers<void>()
  #state = noPeers
  #held: boolean
  #peersKnown = false

  constructor(
    options: RestartGateOptions,
    rib: Pick<RibFace, 'holdDecisions' | 'releaseDecisions'>,
    onRelease: (reason: ReleaseReason) => void,
  ) {
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
    this.#patience.stop()
  }

  #check(): void {
    if (!this.#held || !this.#peersKnown) return
    const left = waitingFor(this.#state)
    if (left === 'nobody') this.#release('all peers finished')
    else if (left === 'peers') this.#patience.stop()
    else if (!this.#patience.running) this.#patience.start(patienceSec)
  }

  #release(reason: ReleaseReason): void {
    this.#held = false
    this.stop()
    this.#rib.releaseDecisions()
    this.#onRelease(reason)
    this.#opened.resolve()
  }
}
