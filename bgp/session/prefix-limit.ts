import type { PeerConfig } from '../peer.ts'
import { overLimit } from '../rib/over-limit.ts'
import type { PeerCounts } from '../rib/rib-face.ts'
import type { BgpError } from '../wire/bgp-error.ts'
import { ceaseReason, errorCode } from '../wire/error-code.ts'
import type { AddressFamily } from '../wire/message.ts'
import { Deadline } from './deadline.ts'
import type { Log } from './log.ts'

const usualWarnPercent = 75
/** Who goes over the limit within so many seconds was not near it: one sentence is enough. */
const usualSettleSec = 1

export type PrefixLimitDependencies = {
  readonly log: Log
  /** Prefixes of the family that the peer has announced, without stale ones. */
  readonly received: (family: AddressFamily) => number
  /** The time a peer is kept out is over. */
  readonly onRestart: () => void
  /** How long a peer is near its limit before that is told; default 1. */
  readonly settleSec?: number
}

/** How many prefixes one peer may announce in each family: when to warn, and how long it is kept out afterwards (RFC 4486 §4). */
export class PrefixLimit {
  readonly #deps: PrefixLimitDependencies
  readonly #restart = new Deadline(() => this.#over())
  readonly #near = new Deadline(() => this.#warn())
  readonly #warned = new Set<AddressFamily>()
  #config: PeerConfig
  #reached = false

  constructor(config: PeerConfig, dependencies: PrefixLimitDependencies) {
    this.#config = config
    this.#deps = dependencies
  }

  /** What was decided by another limit is no longer decided. @returns whether the peer was kept out */
  configure(config: PeerConfig): boolean {
    const { maxPrefixes, maxPrefixesWarnPercent, maxPrefixesRestartSec } = this.#config
    this.#config = config
    const isSame =
      maxPrefixes === config.maxPrefixes &&
      maxPrefixesWarnPercent === config.maxPrefixesWarnPercent &&
      maxPrefixesRestartSec === config.maxPrefixesRestartSec
    if (isSame) return false
    this.#warned.clear()
    return this.lift()
  }

  /** Warns once, until it has been fewer again. @returns the Cease for a peer that is over it */
  watch(): BgpError | undefined {
    const { families, maxPrefixes, maxPrefixesWarnPercent = usualWarnPercent } = this.#config
    if (maxPrefixes === 0) return undefined
    let over: BgpError | undefined
    for (const family of families) {
      const received = this.#deps.received(family)
      if (received > maxPrefixes)
        over = overLimit(family, maxPrefixes) // that is said by the end of its session
      else if (received * 100 < maxPrefixes * maxPrefixesWarnPercent) this.#warned.delete(family)
      else if (!this.#warned.has(family) && !this.#near.running) this.#near.start(this.#deps.settleSec ?? usualSettleSec)
    }
    return over
  }

  /** @property leftSec until it is tried again; undefined: it is not, by itself */
  get keptOut(): { readonly leftSec: number | undefined } | undefined {
    return this.#reached ? { leftSec: this.#restart.remainingSec } : undefined
  }

  /** The peer has gone over it: it is kept out for its time, or until `lift`. */
  keepOut(): void {
    this.#reached = true
    this.#near.stop()
    const { maxPrefixesRestartSec } = this.#config
    if (maxPrefixesRestartSec !== undefined) this.#restart.start(maxPrefixesRestartSec)
  }

  /** @returns whether the peer was kept out */
  lift(): boolean {
    const was = this.#reached
    this.#reached = false
    this.#near.stop()
    this.#restart.stop()
    return was
  }

  #warn(): void {
    const { name: peer, families, maxPrefixes, maxPrefixesWarnPercent = usualWarnPercent } = this.#config
    for (const family of families) {
      const received = this.#deps.received(family)
      if (received * 100 < maxPrefixes * maxPrefixesWarnPercent || received > maxPrefixes || this.#warned.has(family)) continue
      this.#warned.add(family)
      this.#deps.log.warn({ peer, family, received, limit: maxPrefixes }, 'a peer is near its limit of prefixes')
    }
  }

  #over(): void {
    this.#reached = false
    this.#deps.onRestart()
  }
}

/** Prefixes that the peer has announced in this session: what is stale is not counted towards its limit. */
export function confirmed({ received, stale }: PeerCounts): number {
  return received - stale
}

/** Whether a session ends for it. */
export function isOverLimit({ code, subcode }: BgpError): boolean {
  return code === errorCode.cease && subcode === ceaseReason.maxPrefixes
}
