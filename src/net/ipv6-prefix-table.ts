import { formatAddress } from './address.ts'
import { resized } from './grown.ts'
import { hashSeed, IdIndex } from './id-index.ts'
import { ipv4Mask, readIpv4, writeIpv4 } from './ipv4.ts'
import type { PrefixTable } from './prefix-table.ts'

const free = 255

/** IPv6 prefixes: four 32-bit words and a length per id. */
export class Ipv6PrefixTable implements PrefixTable {
  readonly family = 6
  readonly #index = new IdIndex()
  readonly #seed: number
  /** What `prefetch` read, so that it is not optimised away. */
  readonly #prefetched = new Int32Array(1)
  /** Four words for each id, one behind the other. */
  #words = new Uint32Array(this.#index.capacity * 4)
  #lengths = new Uint8Array(this.#index.capacity).fill(free)
  /** The masked address of the prefix that is being looked up. */
  readonly #key = new Uint32Array(4)
  readonly #text = new Uint8Array(16)

  /** @param seed odd; given by tests that want the same order again */
  constructor(seed: number = hashSeed()) {
    this.#seed = seed
  }

  get capacity(): number {
    return this.#index.capacity
  }

  get size(): number {
    return this.#index.size
  }

  insert(bytes: Uint8Array, at: number, length: number): number {
    const hash = this.#load(bytes, at, length)
    const found = this.#probe(length, hash)
    if (found >= 0) return found
    const id = this.#index.add(hash)
    if (id >= this.#lengths.length) this.#grow()
    this.#words.set(this.#key, id * 4)
    this.#lengths[id] = length
    return id
  }

  find(bytes: Uint8Array, at: number, length: number): number {
    return this.#probe(length, this.#load(bytes, at, length))
  }

  prefetch(bytes: Uint8Array, start: number, end: number): void {
    const { slots } = this.#index
    let seen = 0
    for (let at = start; at < end; ) {
      const length = bytes[at] as number
      seen ^= slots[this.#index.home(this.#load(bytes, at + 1, length))] as number
      at += 1 + ((length + 7) >>> 3)
    }
    this.#prefetched[0] = seen
  }

  remove(id: number): void {
    const length = this.#lengths[id] as number
    this.copyAddress(id, this.#text, 0)
    this.#index.remove(id, this.#load(this.#text, 0, length))
    this.#lengths[id] = free
  }

  removeAll(ids: Int32Array, count: number): void {
    for (let i = 0; i < count; i++) this.remove(ids[i] as number)
  }

  has(id: number): boolean {
    return id < this.#lengths.length && this.#lengths[id] !== free
  }

  lengthOf(id: number): number {
    return this.#lengths[id] as number
  }

  copyAddress(id: number, into: Uint8Array, at: number): number {
    for (let word = 0; word < 4; word++) writeIpv4(into, at + word * 4, this.#words[id * 4 + word] as number)
    return 16
  }

  writeNlri(id: number, into: Uint8Array, at: number): number {
    const length = this.#lengths[id] as number
    const octets = (length + 7) >>> 3
    into[at] = length
    for (let i = 0; i < octets; i++) into[at + 1 + i] = (this.#words[id * 4 + (i >>> 2)] as number) >>> (24 - (i & 3) * 8)
    return at + 1 + octets
  }

  format(id: number): string {
    this.copyAddress(id, this.#text, 0)
    return `${formatAddress(this.#text)}/${this.#lengths[id]}`
  }

  compare(a: number, b: number): number {
    for (let word = 0; word < 4; word++) {
      const difference = (this.#words[a * 4 + word] as number) - (this.#words[b * 4 + word] as number)
      if (difference !== 0) return difference
    }
    return (this.#lengths[a] as number) - (this.#lengths[b] as number)
  }

  compareTo(id: number, bytes: Uint8Array, length: number): number {
    for (let word = 0; word < 4; word++) {
      const difference = (this.#words[id * 4 + word] as number) - readIpv4(bytes, word * 4)
      if (difference !== 0) return difference
    }
    return (this.#lengths[id] as number) - length
  }

  *ids(): IterableIterator<number> {
    for (let id = 0; id < this.#lengths.length; id++) if (this.#lengths[id] !== free) yield id
  }

  /** Puts the masked prefix into `#key`. @returns its hash */
  #load(bytes: Uint8Array, at: number, length: number): number {
    let hash = this.#seed ^ length
    for (let word = 0; word < 4; word++) {
      const bits = Math.min(32, length - word * 32)
      // Octets behind the last significant one may be missing; what stands there instead is masked.
      const value = bits <= 0 ? 0 : (readIpv4(bytes, at + word * 4) & ipv4Mask(bits)) >>> 0
      this.#key[word] = value
      hash = Math.imul(hash ^ value, this.#seed)
      hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b)
    }
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
    return hash ^ (hash >>> 16)
  }

  #probe(length: number, hash: number): number {
    const index = this.#index
    const { slots } = index
    const words = this.#words
    const [a, b, c, d] = this.#key
    for (let slot = index.home(hash); ; slot = index.next(slot)) {
      const id = (slots[slot] as number) - 1
      if (id < 0) return -1
      if (slots[slot + 1] !== hash) continue
      const at = id * 4
      if (words[at] !== a || words[at + 1] !== b || words[at + 2] !== c || words[at + 3] !== d) continue
      if (this.#lengths[id] === length) return id
    }
  }

  #grow(): void {
    const { capacity } = this.#index
    const { length } = this.#lengths
    this.#words = resized(this.#words, capacity * 4)
    this.#lengths = resized(this.#lengths, capacity).fill(free, length)
  }
}
