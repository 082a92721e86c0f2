import type { Cidr } from '../../src/net/prefix.ts'

/** Who has each local address, by an identity that nobody has twice: another one under the same name is another one. */
export type Holders = ReadonlyMap<Cidr, string>

/** What a pass is to see to: addresses, and for each when it became stale. */
export type StaleSnapshot = ReadonlyMap<Cidr, number>

const nobody: Holders = new Map()

/** The addresses that were taken from their holder, until the connections that he had are forgotten. Pure. */
export class StaleAddresses {
  readonly #most: number
  #holders: Holders | undefined
  readonly #stale = new Map<Cidr, number>()
  #losses = 0
  #givenUp = 0

  /** @param most of so many at most it is known; beyond, the longest known are given up */
  constructor(most: number) {
    this.#most = most
  }

  get size(): number {
    return this.#stale.size
  }

  /** How many were given up, in all. */
  get givenUp(): number {
    return this.#givenUp
  }

  /** Who has what from now on. Of the first call nothing is stale: what was before is not known. The same object is looked at no further. */
  setHolders(holders: Holders): void {
    const before = this.#holders ?? nobody
    if (holders === before) return
    this.#holders = holders
    for (const [address, holder] of before) if (holders.get(address) !== holder) this.#add(address)
  }

  /** Those that somebody has again. */
  get heldAgain(): ReadonlySet<Cidr> {
    return new Set([...this.#stale.keys()].filter((address) => this.#holders?.has(address)))
  }

  snapshot(): StaleSnapshot {
    return new Map(this.#stale)
  }

  /** Their connections are forgotten; what became stale again meanwhile stays so. */
  forgotten(snapshot: Iterable<readonly [Cidr, number]>): void {
    for (const [address, loss] of snapshot) if (this.#stale.get(address) === loss) this.#stale.delete(address)
  }

  #add(address: Cidr): void {
    this.#losses += 1
    this.#stale.delete(address)
    this.#stale.set(address, this.#losses)
    if (this.#stale.size <= this.#most) return
    const [oldest] = this.#stale.keys()
    if (oldest !== undefined) this.#stale.delete(oldest)
    this.#givenUp += 1
  }
}
