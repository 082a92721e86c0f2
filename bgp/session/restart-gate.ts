import { type Debt, type DeferralEvent, defer, noPeers, waitingFor } from '../fsm/restart-deferral.ts'
import type { RibFace } from '../rib/rib-face.ts'
import type { AddressFamily } from '../wire/message.ts'
import { Deadline } from './deadline.ts'

/** The longest we keep peers waiting for our routes, in seconds: the Selection_Deferral_Timer of RFC 4724 §4.1. */
const maxDeferralSec = 30

/** How long we wait for peers that may wait for us. */
const patienceSec = 2

const families = ['ipv4-unicast', 'ipv6-unicast'] as const

export type RestartGateOptions = { readonly restarting: boolean; readonly restartTimeSec: number }

export type ReleaseReason = 'all peers finished' | 'only restarting peers are left' | 'deferral timer'

/** What is still held back, for people. */
export type Held = {
  readonly families: readonly AddressFamily[]
  /** By peer. */
  readonly waiting: ReadonlyMap<string, Debt>
  /** Until nobody is waited for any more. */
  readonly leftSec: number
}

/** Holds the first decision of a restarted speaker until its peers have told what they know (RFC 4724 §4.1), each family for itself. */
export class RestartGate {
  readonly #rib: Pick<RibFace, 'holdDecisions' | 'releaseDecisions'>
  readonly #onRelease: (family: AddressFamily, reason: ReleaseReason) => void
  readonly #held = new Set<AddressFamily>()
  readonly #timer = new Deadline(() => this.#releaseAll('deferral timer'))
  readonly #patience: Readonly<Record<AddressFamily, Deadline>>
  readonly #opened = Promise.withResolvers<void>()
  #state = noPeers
  #peersKnown = false

  constructor(
    options: RestartGateOptions,
    rib: Pick<RibFace, 'holdDecisions' | 'releaseDecisions'>,
    onRelease: (family: AddressFamily, reason: ReleaseReason) => void,
  ) {
    this.#rib = rib
    this.#onRelease = onRelease
    const patience = (family: AddressFamily) => new Deadline(() => this.#release(family, 'only restarting peers are left'))
    this.#patience = { 'ipv4-unicast': patience('ipv4-unicast'), 'ipv6-unicast': patience('ipv6-unicast') }
    if (!options.restarting) {
      this.#opened.resolve()
      return
    }
    for (const family of families) this.#held.add(family)
    rib.holdDecisions()
    this.#timer.start(Math.min(maxDeferralSec, options.restartTimeSec))
  }

  /** R bit of our OPENs. */
  get restarting(): boolean {
    return this.#held.size > 0
  }

  /** undefined: nothing is. */
  get held(): Held | undefined {
    if (!this.restarting) return undefined
    return { families: [...this.#held], waiting: this.#state.waiting, leftSec: this.#timer.remainingSec ?? 0 }
  }

  /** The held families that this peer has not finished. */
  owed(peer: string): readonly AddressFamily[] {
    if (!this.restarting) return []
    return this.#state.waiting.get(peer)?.families.filter((family) => this.#held.has(family)) ?? []
  }

  /** All families are. */
  get released(): Promise<void> {
    return this.#opened.promise
  }

  handle(event: DeferralEvent): void {
    if (!this.restarting) return
    this.#state = defer(this.#state, event)
    this.#check()
  }

  /** Peers go and come until `peersKnown`: in between nobody to wait for means nothing. */
  peersChange(): void {
    this.#peersKnown = false
  }

  /** All configured peers were added: from now on nobody to wait for means done. */
  peersKnown(): void {
    this.#peersKnown = true
    this.#check()
  }

  stop(): void {
    this.#timer.stop()
    for (const family of families) this.#patience[family].stop()
  }

  #check(): void {
    if (!this.#peersKnown) return
    for (const family of this.#held) {
      const left = waitingFor(this.#state, family)
      if (left === 'nobody') this.#release(family, 'all peers finished')
      else if (left === 'peers') this.#patience[family].stop()
      else if (!this.#patience[family].running) this.#patience[family].start(patienceSec)
    }
  }

  #releaseAll(reason: ReleaseReason): void {
    for (const family of this.#held) this.#release(family, reason)
  }

  #release(family: AddressFamily, reason: ReleaseReason): void {
    this.#held.delete(family)
    this.#patience[family].stop()
    this.#rib.releaseDecisions(family)
    this.#onRelease(family, reason)
    if (this.restarting) return
    this.stop()
    this.#opened.resolve()
  }
}
