import type { Prefix } from '../../src/net/prefix.ts'

/**
 * Prefixes of one family, to find which of them contain another: those nest like brackets, so that in the order of addresses and
 * lengths each has a nearest one around it. A search costs the logarithm of their number, and then only what contains.
 */
export class PrefixIndex {
  readonly #octets: number
  /** In order, `#octets` for each. */
  readonly #addresses: Uint8Array
  readonly #lengths: Uint8Array
  /** The nearest one that contains it, or -1. */
  readonly #around: Int32Array
  readonly #count: number

  /** @param prefixes in the order of `byPosition`, none twice; the numbers that the methods speak of are places in it */
  constructor(prefixes: readonly Prefix[], octets: 4 | 16) {
    this.#octets = octets
    this.#count = prefixes.length
    this.#addresses = new Uint8Array(prefixes.length * octets)
    this.#lengths = Uint8Array.from(prefixes, ({ length }) => length)
    this.#around = new Int32Array(prefixes.length)
    for (const [place, { bytes, length }] of prefixes.entries()) {
      this.#addresses.set(bytes, place * octets)
      this.#around[place] = this.#containing(place - 1, bytes, length)
    }
  }

  /**
   * The longest that contains the prefix or is it; -1 if none does.
   * @param bytes the whole address, host bits zero
   */
  find(bytes: Uint8Array, length: number): number {
    let low = 0
    let high = this.#count
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#isBehind(middle, bytes, length)) high = middle
      else low = middle + 1
    }
    return this.#containing(low - 1, bytes, length)
  }

  /** The nearest that contains this one; -1 if none does. */
  around(place: number): number {
    return this.#around[place] as number
  }

  lengthOf(place: number): number {
    return this.#lengths[place] as number
  }

  /** What contains the prefix is this one or lies around it. */
  #containing(place: number, bytes: Uint8Array, length: number): number {
    let at = place
    while (at >= 0 && !this.#contains(at, bytes, length)) at = this.#around[at] as number
    return at
  }

  #isBehind(place: number, bytes: Uint8Array, length: number): boolean {
    const start = place * this.#octets
    for (let octet = 0; octet < this.#octets; octet++) {
      const difference = (this.#addresses[start + octet] as number) - (bytes[octet] as number)
      if (difference !== 0) return difference > 0
    }
    return (this.#lengths[place] as number) > length
  }

  #contains(place: number, bytes: Uint8Array, length: number): boolean {
    const own = this.#lengths[place] as number
    if (own > length) return false
    const start = place * this.#octets
    const whole = own >>> 3
    for (let octet = 0; octet < whole; octet++) if (this.#addresses[start + octet] !== bytes[octet]) return false
    const rest = own & 7
    return rest === 0 || (((this.#addresses[start + whole] as number) ^ (bytes[whole] as number)) & (0xff00 >> rest) & 0xff) === 0
  }
}

/** The order of addresses, then of lengths. */
export function byPosition(a: Prefix, b: Prefix): number {
  for (const [octet, value] of a.bytes.entries()) {
    const difference = value - (b.bytes[octet] as number)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}
