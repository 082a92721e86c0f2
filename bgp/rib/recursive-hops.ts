import type { NextHop } from './next-hop.ts'

/** Next hops of one family by their addresses, so that those inside a prefix are found without looking at the others. */
export class RecursiveHops {
  readonly #hops: NextHop[] = []
  #isSorted = true

  get size(): number {
    return this.#hops.length
  }

  add(nextHop: NextHop): void {
    this.#hops.push(nextHop)
    this.#isSorted = false
  }

  remove(nextHop: NextHop): void {
    this.#sort()
    const at = this.#hops.indexOf(nextHop, this.#firstFrom(nextHop.octets))
    if (at >= 0) this.#hops.splice(at, 1)
  }

  /** @param octets of the prefix's address, host bits zero */
  inside(octets: Uint8Array, length: number): readonly NextHop[] {
    this.#sort()
    const first = this.#firstFrom(octets)
    let end = first
    while (end < this.#hops.length && isInside((this.#hops[end] as NextHop).octets, octets, length)) end++
    return this.#hops.slice(first, end)
  }

  all(): readonly NextHop[] {
    return this.#hops
  }

  #sort(): void {
    if (this.#isSorted) return
    this.#hops.sort((a, b) => compare(a.octets, b.octets))
    this.#isSorted = true
  }

  /** The place of the first that is not below. */
  #firstFrom(octets: Uint8Array): number {
    let low = 0
    let high = this.#hops.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (compare((this.#hops[middle] as NextHop).octets, octets) < 0) low = middle + 1
      else high = middle
    }
    return low
  }
}

function compare(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < a.length; i++) {
    const difference = (a[i] as number) - (b[i] as number)
    if (difference !== 0) return difference
  }
  return 0
}

function isInside(octets: Uint8Array, prefix: Uint8Array, length: number): boolean {
  const whole = length >>> 3
  for (let i = 0; i < whole; i++) if (octets[i] !== prefix[i]) return false
  const rest = length & 7
  return rest === 0 || (((octets[whole] as number) ^ (prefix[whole] as number)) & (0xff00 >> rest) & 0xff) === 0
}
