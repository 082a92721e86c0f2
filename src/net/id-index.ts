import { grown, resized } from './grown.ts'

/**
 * Small integers found again by a hash: open addressing with linear probing over typed arrays, at most half full. What an id stands
 * for lives in its owner's arrays; the owner probes `slots` itself, so that comparing keys costs no call:
 *
 *     for (let slot = index.home(hash); (entry = index.slots[slot]) !== 0; slot = index.next(slot))
 *       if (index.slots[slot + 1] === hash) … entry - 1 is the id
 *
 * Hashes are signed 32-bit integers. They stand beside the ids, so that looking for one touches a single place of a large table.
 */
export class IdIndex {
  /** Pairs of id + 1, or 0 for an empty one, and its hash. */
  slots: Int32Array
  size = 0
  #mask: number
  #capacity: number
  readonly #free = new FreeIds()
  /** Ids at or above were never used. */
  #fresh = 0

  constructor(capacity = 64) {
    this.#capacity = capacity
    this.slots = new Int32Array(capacity * 4)
    this.#mask = capacity * 4 - 2
  }

  /** Ids in use are below; a power of two. */
  get capacity(): number {
    return this.#capacity
  }

  /** Where looking for a hash begins. */
  home(hash: number): number {
    return (hash << 1) & this.#mask
  }

  next(slot: number): number {
    return (slot + 2) & this.#mask
  }

  /** A new id under `hash`: the smallest never used one, or one that was freed. */
  add(hash: number): number {
    if (this.size === this.#capacity) this.#grow()
    const id = this.#free.count > 0 ? this.#free.take() : this.#fresh++
    this.#place(id + 1, hash)
    this.size++
    return id
  }

  /** Frees an id in use, which was added under `hash`. Followers are shifted back, so that churn leaves no tombstones. */
  remove(id: number, hash: number): void {
    const { slots } = this
    const mask = this.#mask
    let hole = this.home(hash)
    while (slots[hole] !== id + 1) hole = (hole + 2) & mask
    for (let slot = (hole + 2) & mask; slots[slot] !== 0; slot = (slot + 2) & mask) {
      const home = this.home(slots[slot + 1] as number)
      if (((slot - home) & mask) < ((slot - hole) & mask)) continue
      slots[hole] = slots[slot] as number
      slots[hole + 1] = slots[slot + 1] as number
      hole = slot
    }
    slots[hole] = 0
    this.#free.put(id)
    this.size--
  }

  #place(entry: number, hash: number): void {
    const { slots } = this
    let slot = this.home(hash)
    while (slots[slot] !== 0) slot = (slot + 2) & this.#mask
    slots[slot] = entry
    slots[slot + 1] = hash
  }

  /** In the order of the old slots: what is written next lies near to what was written last. */
  #grow(): void {
    const old = this.slots
    this.#capacity *= 2
    this.slots = new Int32Array(this.#capacity * 4)
    this.#mask = this.#capacity * 4 - 2
    for (let slot = 0; slot < old.length; slot += 2) if (old[slot] !== 0) this.#place(old[slot] as number, old[slot + 1] as number)
    resized(old, 0)
  }
}

/** Ids that were freed: the last one is used again first. */
class FreeIds {
  count = 0
  #ids = new Int32Array(64)

  put(id: number): void {
    if (this.count === this.#ids.length) this.#ids = grown(this.#ids, this.count + 1)
    this.#ids[this.count++] = id
  }

  take(): number {
    return this.#ids[--this.count] as number
  }
}

/** A random odd multiplier: whoever does not know it cannot choose keys that collide. */
export function hashSeed(): number {
  return Math.floor(Math.random() * 0x1_0000_0000) | 1
}
