import { resized } from './grown.ts'

/**
 * Small integers found again by a hash: open addressing with linear probing over typed arrays, at most half full. What an id stands
 * for lives in its owner's arrays; the owner probes `slots` itself, so that comparing keys costs no call:
 *
 *     for (let slot = hash & index.mask; (entry = index.slots[slot]) !== 0; slot = (slot + 1) & index.mask) … entry - 1 is the id
 */
export class IdIndex {
  /** id + 1, or 0 for an empty slot. */
  slots: Int32Array
  mask: number
  size = 0
  /** By id; for a free id the next free id + 1. */
  #hashes: Uint32Array
  #firstFree = 0
  /** Ids at or above were never used. */
  #fresh = 0

  constructor(capacity = 64) {
    this.slots = new Int32Array(capacity * 2)
    this.mask = capacity * 2 - 1
    this.#hashes = new Uint32Array(capacity)
  }

  /** Ids in use are below; a power of two. */
  get capacity(): number {
    return this.#hashes.length
  }

  /** A new id under `hash` (unsigned): the smallest never used one, or one that was freed. */
  add(hash: number): number {
    if (this.size === this.#hashes.length) this.#grow()
    const id = this.#firstFree === 0 ? this.#fresh++ : this.#firstFree - 1
    if (this.#firstFree !== 0) this.#firstFree = this.#hashes[id] as number
    this.#hashes[id] = hash
    this.#place(id, hash)
    this.size++
    return id
  }

  /** Frees an id in use. Followers are shifted back, so that churn leaves no tombstones. */
  remove(id: number): void {
    let hole = (this.#hashes[id] as number) & this.mask
    while (this.slots[hole] !== id + 1) hole = (hole + 1) & this.mask
    for (let slot = (hole + 1) & this.mask; this.slots[slot] !== 0; slot = (slot + 1) & this.mask) {
      const entry = this.slots[slot] as number
      const home = (this.#hashes[entry - 1] as number) & this.mask
      if (((slot - home) & this.mask) < ((slot - hole) & this.mask)) continue
      this.slots[hole] = entry
      hole = slot
    }
    this.slots[hole] = 0
    this.#hashes[id] = this.#firstFree
    this.#firstFree = id + 1
    this.size--
  }

  #place(id: number, hash: number): void {
    let slot = hash & this.mask
    while (this.slots[slot] !== 0) slot = (slot + 1) & this.mask
    this.slots[slot] = id + 1
  }

  #grow(): void {
    const capacity = this.#hashes.length * 2
    this.#hashes = resized(this.#hashes, capacity)
    const hashes = this.#hashes
    resized(this.slots, 0)
    this.slots = new Int32Array(capacity * 2)
    this.mask = capacity * 2 - 1
    // Full, so nothing is free: every id is in use.
    for (let id = 0; id < this.size; id++) this.#place(id, hashes[id] as number)
  }
}

/** A random odd multiplier: whoever does not know it cannot choose keys that collide. */
export function hashSeed(): number {
  return Math.floor(Math.random() * 0x1_0000_0000) | 1
}
