import { formatAddress, type IpAddress } from '../../src/net/address.ts'

/** A next hop that routes have, with what the IGP says about it. */
export class NextHop {
  readonly address: IpAddress
  /** Sets of attributes that have it. */
  uses = 0
  /** IGP metric; undefined: unreachable (RFC 4271 §9.1.2.1). */
  metric: number | undefined

  constructor(address: IpAddress, metric: number | undefined) {
    this.address = address
    this.metric = metric
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
