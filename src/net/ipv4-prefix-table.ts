import { resized } from './grown.ts'
import { hashSeed, IdIndex } from './id-index.ts'
import { formatIpv4, readIpv4, writeIpv4 } from './ipv4.ts'
import type { PrefixTable } from './prefix-table.ts'

const free = 255

/** So many places are brought into the cache at a time. */
const together = 64

/** IPv4 prefixes: one 32-bit key and a length per id. */
export class Ipv4PrefixTable implements PrefixTable {
  readonly family = 4
  readonly #index = new IdIndex()
  readonly #seed: number
  /** What `prefetch` read, so that it is not optimised away. */
  readonly #prefetched = new Int32Array(1)
  #addresses = new Uint32Array(this.#index.capacity)
  #lengths = new Uint8Array(this.#index.capacity).fill(free)

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
    const address = readMasked(bytes, at, length)
    const hash = hashOf(address, length, this.#seed)
    const found = this.#probe(address, length, hash)
    if (found >= 0) return found
    const id = this.#index.add(hash)
    if (id >= this.#addresses.length) this.#grow()
    this.#addresses[id] = address
    this.#lengths[id] = length
    return id
  }

  find(bytes: Uint8Array, at: number, length: number): number {
    const address = readMasked(bytes, at, length)
    return this.#probe(address, length, hashOf(address, length, this.#seed))
  }

  prefetch(bytes: Uint8Array, start: number, end: number): void {
    const { slots } = this.#index
    let seen = 0
    for (let at = start; at < end; ) {
      const length = bytes[at] as number
      seen ^= slots[this.#index.home(hashOf(readMasked(bytes, at + 1, length), length, this.#seed))] as number
      at += 1 + ((length + 7) >>> 3)
    }
    this.#prefetched[0] = seen
  }

  remove(id: number): void {
    this.#index.remove(id, this.#hashOf(id))
    this.#lengths[id] = free
  }

  removeAll(ids: Int32Array, count: number): void {
    const index = this.#index
    let seen = 0
    for (let start = 0; start < count; start += together) {
      const end = Math.min(count, start + together)
      for (let i = start; i < end; i++) seen ^= index.slots[index.home(this.#hashOf(ids[i] as number))] as number
      for (let i = start; i < end; i++) this.remove(ids[i] as number)
    }
    this.#prefetched[0] = seen
  }

  has(id: number): boolean {
    return id < this.#lengths.length && this.#lengths[id] !== free
  }

  lengthOf(id: number): number {
    return this.#lengths[id] as number
  }

  copyAddress(id: number, into: Uint8Array, at: number): number {
    writeIpv4(into, at, this.#addresses[id] as number)
    return 4
  }

  writeNlri(id: number, into: Uint8Array, at: number): number {
    const address = this.#addresses[id] as number
    const length = this.#lengths[id] as number
    let next = at
    into[next++] = length
    if (length > 0) into[next++] = address >>> 24
    if (length > 8) into[next++] = address >>> 16
    if (length > 16) into[next++] = address >>> 8
    if (length > 24) into[next++] = address
    return next
  }

  format(id: number): string {
    return `${formatIpv4(this.#addresses[id] as number)}/${this.#lengths[id]}`
  }

  compare(a: number, b: number): number {
    return (this.#addresses[a] as number) - (this.#addresses[b] as number) || (this.#lengths[a] as number) - (this.#lengths[b] as number)
  }

  compareTo(id: number, bytes: Uint8Array, length: number): number {
    return (this.#addresses[id] as number) - readIpv4(bytes, 0) || (this.#lengths[id] as number) - length
  }

  *ids(): IterableIterator<number> {
    for (let id = 0; id < this.#lengths.length; id++) if (this.#lengths[id] !== free) yield id
  }

  #hashOf(id: number): number {
    return hashOf(this.#addresses[id] as number, this.#lengths[id] as number, this.#seed)
  }

  #probe(address: number, length: number, hash: number): number {
    const index = this.#index
    const { slots } = index
    for (let slot = index.home(hash); ; slot = index.next(slot)) {
      const id = (slots[slot] as number) - 1
      if (id < 0) return -1
      if (slots[slot + 1] === hash && this.#addresses[id] === address && this.#lengths[id] === length) return id
    }
  }

  #grow(): void {
    const { capacity } = this.#index
    const { length } = this.#lengths
    this.#addresses = resized(this.#addresses, capacity)
    this.#lengths = resized(this.#lengths, capacity).fill(free, length)
  }
}

/** The octets that the length makes significant, host bits cleared, unsigned. */
function readMasked(bytes: Uint8Array, at: number, length: number): number {
  if (length === 0) return 0
  let address = (bytes[at] as number) << 24
  if (length > 8) address |= (bytes[at + 1] as number) << 16
  if (length > 16) address |= (bytes[at + 2] as number) << 8
  if (length > 24) address |= bytes[at + 3] as number
  return (address & (-1 << (32 - length))) >>> 0
}

function hashOf(address: number, length: number, seed: number): number {
  let hash = Math.imul(address ^ seed ^ (length << 3), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 15) ^ length, seed)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}
