import { formatAddress, type IpAddress } from '../../src/net/address.ts'
import type { LearnedNextHop } from '../peer.ts'

/** Of all meanings that next hops ever had. */
let lastMeaning = 0

/** A next hop that routes have, with what the IGP says about it. */
export class NextHop {
  readonly address: IpAddress
  /** Sets of attributes that have it. */
  uses = 0
  /** IGP metric; undefined: unreachable (RFC 4271 §9.1.2.1). */
  metric: number | undefined
  /** As it is handed over: another object, with another number, when it is reached otherwise. */
  learned: LearnedNextHop
  meaning = 0
  /** It as the only one of a route. */
  alone: readonly LearnedNextHop[]

  constructor(address: IpAddress, metric: number | undefined) {
    this.address = address
    this.metric = metric
    this.learned = { address, gateways: [address] }
    this.alone = [this.learned]
    this.meaning = ++lastMeaning
  }
}

/** Every next hop in use once, so that equal ones are the same object and the IGP is asked once for each. */
export class NextHopTable {
  readonly #metricOf: (nextHop: IpAddress) => number | undefined
  readonly #byAddress = new Map<IpAddress, NextHop>()

  constructor(metricOf: (nextHop: IpAddress) => number | undefined) {
    this.#metricOf = metricOf
  }

  /** @param octets 4, 16 or 32 (RFC 2545 §3: the global address counts) */
  acquire(octets: Uint8Array): NextHop {
    const address = formatAddress(octets, 0, Math.min(octets.length, 16))
    let nextHop = this.#byAddress.get(address)
    if (nextHop === undefined) {
      nextHop = new NextHop(address, this.#metricOf(address))
      this.#byAddress.set(address, nextHop)
    }
    nextHop.uses++
    return nextHop
  }

  release(nextHop: NextHop): void {
    if (--nextHop.uses === 0) this.#byAddress.delete(nextHop.address)
  }

  /** Asks again for all. @returns whether any answer is another one now */
  refresh(): boolean {
    let changed = false
    for (const nextHop of this.#byAddress.values()) {
      const metric = this.#metricOf(nextHop.address)
      if (metric === nextHop.metric) continue
      nextHop.metric = metric
      changed = true
    }
    return changed
  }
}
