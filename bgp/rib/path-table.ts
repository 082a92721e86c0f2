import { grown } from '../../src/net/grown.ts'

/** Paths of one prefix, of all peers together, beyond which no more with path identifiers are taken: finding one walks them. */
const mostPaths = 2048

/**
 * The paths of one family as rows of small integers. Each row is in two lists: of its prefix, which the decision walks, and of its
 * peer, so that losing a peer costs only what it sent. Rows are numbered densely and used again; -1 ends a list.
 */
export class PathTable {
  /** By row. */
  prefix = new Int32Array(64)
  peer = new Uint16Array(64)
  /** As it was received. */
  set = new Int32Array(64)
  stale = new Uint8Array(64)
  nextOfPrefix = new Int32Array(64)
  nextOfPeer = new Int32Array(64)
  #previousOfPeer = new Int32Array(64)
  /** By prefix: its first row + 1. */
  #firstOfPrefix = new Int32Array(64)
  /** By peer: its first row, or -1. */
  readonly #firstOfPeer: number[] = []
  /** By row, once an import policy changed some set: what it made of it, -1 where it refused the path. */
  #used: Int32Array | undefined
  /** By row, once some peer has sent path identifiers. */
  #pathId: Uint32Array | undefined
  #firstFree = -1
  #fresh = 0

  /** Rows are below. */
  get length(): number {
    return this.#fresh
  }

  /** Whether the row is in use. */
  has(row: number): boolean {
    return this.prefix[row] !== -1
  }

  firstOfPrefix(prefix: number): number {
    return prefix < this.#firstOfPrefix.length ? (this.#firstOfPrefix[prefix] as number) - 1 : -1
  }

  firstOfPeer(peer: number): number {
    return this.#firstOfPeer[peer] ?? -1
  }

  /** The path of this peer to this prefix, or -1; one of them if it sends several. */
  find(prefix: number, peer: number): number {
    let row = this.firstOfPrefix(prefix)
    while (row >= 0 && this.peer[row] !== peer) row = this.nextOfPrefix[row] as number
    return row
  }

  /** The path of this peer with this identifier (RFC 7911 §3), or -1; -2 if there are so many paths that one more is not taken. */
  findWithId(prefix: number, peer: number, pathId: number): number {
    let row = this.firstOfPrefix(prefix)
    let count = 0
    for (; row >= 0; count++) {
      if (this.peer[row] === peer && this.pathIdOf(row) === pathId) return row
      row = this.nextOfPrefix[row] as number
    }
    return count < mostPaths ? -1 : -2
  }

  /** As it was received, unsigned; 0 without one. */
  pathIdOf(row: number): number {
    return this.#pathId === undefined ? 0 : (this.#pathId[row] as number)
  }

  /** Of a new row. */
  setPathId(row: number, pathId: number): void {
    if (this.#pathId === undefined && pathId === 0) return
    this.#pathId ??= new Uint32Array(this.prefix.length)
    this.#pathId[row] = pathId
  }

  /** The set that is decided on, -1 if the path is refused: the one received, unless an import policy says otherwise. */
  usedSet(row: number): number {
    return (this.#used ?? this.set)[row] as number
  }

  /** An import policy's answer; `add` and a new `set` take it back. */
  use(row: number, set: number): void {
    if (this.#used === undefined && set === this.set[row]) return
    this.#used ??= this.set.slice()
    this.#used[row] = set
  }

  add(prefix: number, peer: number, set: number): number {
    const row = this.#allocate()
    this.prefix[row] = prefix
    this.peer[row] = peer
    this.put(row, set)
    this.stale[row] = 0
    if (this.#pathId !== undefined) this.#pathId[row] = 0
    if (prefix >= this.#firstOfPrefix.length) this.#firstOfPrefix = grown(this.#firstOfPrefix, prefix + 1)
    this.nextOfPrefix[row] = (this.#firstOfPrefix[prefix] as number) - 1
    this.#firstOfPrefix[prefix] = row + 1
    const next = this.firstOfPeer(peer)
    this.nextOfPeer[row] = next
    this.#previousOfPeer[row] = -1
    if (next >= 0) this.#previousOfPeer[next] = row
    this.#firstOfPeer[peer] = row
    return row
  }

  /** The path's set is another one now. */
  put(row: number, set: number): void {
    this.set[row] = set
    if (this.#used !== undefined) this.#used[row] = set
  }

  remove(row: number): void {
    this.#unlinkFromPrefix(row)
    const next = this.nextOfPeer[row] as number
    const previous = this.#previousOfPeer[row] as number
    if (previous >= 0) this.nextOfPeer[previous] = next
    else this.#firstOfPeer[this.peer[row] as number] = next
    if (next >= 0) this.#previousOfPeer[next] = previous
    this.prefix[row] = -1
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
    const length = this.#fresh + 1
    this.prefix = grown(this.prefix, length)
    this.peer = grown(this.peer, length)
    this.set = grown(this.set, length)
    this.stale = grown(this.stale, length)
    this.nextOfPrefix = grown(this.nextOfPrefix, length)
    this.nextOfPeer = grown(this.nextOfPeer, length)
    this.#previousOfPeer = grown(this.#previousOfPeer, length)
    if (this.#used !== undefined) this.#used = grown(this.#used, length)
    if (this.#pathId !== undefined) this.#pathId = grown(this.#pathId, length)
  }
}
