import { resized } from '../../src/net/grown.ts'

const smallest = 4096

/** Strings of octets by id, one behind the other in one piece of memory, and moved together when too much of it is out of use. */
export class OctetArena {
  /** Changes when something is kept: to be asked for anew. */
  octets = new Uint8Array(smallest)
  #start = new Uint32Array(64)
  #length = new Uint16Array(64)
  #end = 0
  #live = 0

  startOf(id: number): number {
    return this.#start[id] as number
  }

  endOf(id: number): number {
    return (this.#start[id] as number) + (this.#length[id] as number)
  }

  holds(id: number, bytes: Uint8Array, start: number, end: number): boolean {
    const length = end - start
    if (this.#length[id] !== length) return false
    const own = this.#start[id] as number
    const { octets } = this
    for (let i = 0; i < length; i++) if (octets[own + i] !== bytes[start + i]) return false
    return true
  }

  /**
   * @param id free
   * @param capacity ids are below
   * @param end at most 65535 octets behind `start`
   */
  keep(id: number, capacity: number, bytes: Uint8Array, start: number, end: number): void {
    if (id >= this.#start.length) {
      this.#start = resized(this.#start, capacity)
      this.#length = resized(this.#length, capacity)
    }
    const length = end - start
    if (this.#end + length > this.octets.length) this.#makeRoom(length)
    const { octets } = this
    const own = this.#end
    for (let i = 0; i < length; i++) octets[own + i] = bytes[start + i] as number
    this.#start[id] = own
    this.#length[id] = length
    this.#end = own + length
    this.#live += length
  }

  drop(id: number): void {
    this.#live -= this.#length[id] as number
    this.#length[id] = 0
  }

  /** Grown by half if most of it is in use, else what is in use is moved together. */
  #makeRoom(more: number): void {
    if (this.#live * 4 < this.#end * 3) this.#compact()
    const needed = this.#end + more
    let size = this.octets.length
    while (size < needed || size < this.#live * 1.25) size += size >>> 1
    if (size > this.octets.length) this.octets = resized(this.octets, size)
  }

  /** In the order they lie in, so that each moves to where nothing is needed any more. */
  #compact(): void {
    const ids = new Uint32Array(this.#length.length)
    let count = 0
    for (let id = 0; id < ids.length; id++) if (this.#length[id] !== 0) ids[count++] = id
    const ordered = ids.subarray(0, count)
    ordered.sort((a, b) => (this.#start[a] as number) - (this.#start[b] as number))
    let end = 0
    for (const id of ordered) {
      const length = this.#length[id] as number
      this.octets.copyWithin(end, this.#start[id] as number, (this.#start[id] as number) + length)
      this.#start[id] = end
      end += length
    }
    this.#end = end
  }
}
