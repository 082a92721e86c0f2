import { type Cidr, parsePrefix } from '../../src/net/prefix.ts'

/** Host addresses of both families, to be looked up by their octets, quickly where most are none of them. */
export class AddressSet {
  /** The last four octets of each: what they rule out costs no more. */
  readonly #tails = new Set<number>()
  readonly #texts = new Set<string>()

  /** @param addresses each as /32 or /128 */
  constructor(addresses: Iterable<Cidr>) {
    for (const address of addresses) {
      const prefix = parsePrefix(address)
      if (prefix === undefined || prefix.length !== prefix.bytes.length * 8) throw new RangeError(`"${address}" is no host address`)
      this.#tails.add(tailOf(prefix.bytes, prefix.bytes.length))
      this.#texts.add(textOf(prefix.bytes, 0, prefix.bytes.length))
    }
  }

  get size(): number {
    return this.#texts.size
  }

  /** Whether the octets `bytes[from, to)`, 4 or 16, are an address of the set. */
  has(bytes: Uint8Array, from: number, to: number): boolean {
    return this.#tails.has(tailOf(bytes, to)) && this.#texts.has(textOf(bytes, from, to))
  }
}

function tailOf(bytes: Uint8Array, to: number): number {
  const at = (i: number) => bytes[to - i] ?? 0
  return ((at(4) << 24) | (at(3) << 16) | (at(2) << 8) | at(1)) >>> 0
}

function textOf(bytes: Uint8Array, from: number, to: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('latin1')
}
