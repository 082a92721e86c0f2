/**
 * The paths of one family as rows of small integers. Each row is in two lists: of its prefix, which the decision walks, and of its
 * peer, so that losing a peer costs only what it sent. Rows are numbered densely and used again; -1 ends a list.
 */
export class PathTable {
  /** By row. */
  prefix = new Int32Array(64)
  peer = new Int32Array(64)
  set = new Int32Array(64)
  stale = new Uint8Array(64)
  nextOfPrefix = new Int32Array(64)
  nextOfPeer = new Int32Array(64)
  #previousOfPeer = new Int32Array(64)
  /** By prefix: its first row + 1. */
  #firstOfPrefix = new Int32Array(64)
  /** By peer: its first row, or -1. */
  readonly #firstOfPeer: number[] = []
  #firstFree = -1
  #fresh = 0

  firstOfPrefix(prefix: number): number {
    return prefix < this.#firstOfPrefix.length ? (this.#firstOfPrefix[prefix] as number) - 1 : -1
  }

  firstOfPeer(peer: number): number {
    return this.#firstOfPeer[peer] ?? -1
  }

  /** The one path of this peer to this prefix, or -1. */
  find(prefix: number, peer: number): number {
    let row = this.firstOfPrefix(prefix)
    while (row >= 0 && this.peer[row] !== peer) row = this.nextOfPrefix[row] as number
    return row
  }

  add(prefix: number, peer: number, set: number): number {
    const row = this.#allocate()
    this.prefix[row] = prefix
    this.peer[row] = peer
    this.set[row] = set
    this.stale[row] = 0
    if (prefix >= this.#firstOfPrefix.length) this.#firstOfPrefix = grown(this.#firstOfPrefix, prefix)
    this.nextOfPrefix[row] = (this.#firstOfPrefix[prefix] as number) - 1
    this.#firstOfPrefix[prefix] = row + 1
    const next = this.firstOfPeer(peer)
    this.nextOfPeer[row] = next
    this.#previousOfPeer[row] = -1
    if (next >= 0) this.#previousOfPeer[next] = row
    this.#firstOfPeer[peer] = row
    return row
  }

  remove(row: number): void {
    this.#unlinkFromPrefix(row)
    const next = this.nextOfPeer[row] as number
    const previous = this.#previousOfPeer[row] as number
    if (previous >= 0) this.nextOfPeer[previous] = next
    else this.#firstOfPeer[this.peer[row] as number] = next
    if (next >= 0) this.#previousOfPeer[next] = previous
    this.nextOfPeer[row] = this.#firstFree
    this.#firstFree = row
  }

  #unlinkFromPrefix(row: number): void {
    const prefix = this.prefix[row] as number
    const next = this.nextOfPrefix[row] as number
    let before = this.firstOfPrefix(prefix)
    if (before === row) {
      this.#firstOfPrefix[prefix] = next + 1
      return
    }
    while (this.nextOfPrefix[before] !== row) before = this.nextOfPrefix[before] as number
    this.nextOfPrefix[before] = next
  }

  #allocate(): number {
    if (this.#firstFree >= 0) {
      const row = this.#firstFree
      this.#firstFree = this.nextOfPeer[row] as number
      return row
    }
    if (this.#fresh === this.prefix.length) this.#grow()
    return this.#fresh++
  }

  #grow(): void {
    const size = this.#fresh
    this.prefix = grown(this.prefix, size)
    this.peer = grown(this.peer, size)
    this.set = grown(this.set, size)
    this.nextOfPrefix = grown(this.nextOfPrefix, size)
    this.nextOfPeer = grown(this.nextOfPeer, size)
    this.#previousOfPeer = grown(this.#previousOfPeer, size)
    const stale = new Uint8Array(this.prefix.length)
    stale.set(this.stale)
    this.stale = stale
  }
}

/** The array, doubled until `index` is inside. */
export function grown(array: Int32Array, index: number): Int32Array<ArrayBuffer> {
  let size = Math.max(64, array.length)
  while (size <= index) size *= 2
  const copy = new Int32Array(size)
  copy.set(array)
  return copy
}
