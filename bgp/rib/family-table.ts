import type { PrefixTable } from '../../src/net/prefix-table.ts'
import type { AddressFamily } from '../wire/message.ts'
import type { AttributeSet } from './attribute-set.ts'
import type { AttributeTable } from './attribute-table.ts'
import { type BestPath, isUsable } from './best-path.ts'
import type { NextHop } from './next-hop-table.ts'
import { grown, PathTable } from './path-table.ts'
import type { PeerSlot } from './peer-slot.ts'
import type { RibWatcher } from './rib-watcher.ts'
import type { UpdateGroup } from './update-group.ts'

/** States of a prefix that is to be decided again. */
const dirty = 1
const changed = 2

/** Prefixes of one family with their paths (Adj-RIB-In of all peers), the best of each (Loc-RIB), and those to be decided again. */
export class FamilyTable {
  readonly family: AddressFamily
  readonly prefixes: PrefixTable
  readonly paths = new PathTable()
  /** Prefixes with a best path. */
  bestCount = 0
  readonly #attributes: AttributeTable
  readonly #peers: readonly (PeerSlot | undefined)[]
  /** By prefix: the best path's set + 1, and its peer. */
  #bestSet = new Int32Array(64)
  #bestPeer = new Int32Array(64)
  #isDirty = new Uint8Array(64)
  #dirty = new Int32Array(64)
  #dirtyCount = 0
  #dirtyDone = 0
  /** By prefix: the next hop that `nextHops` says changed is in the batch already. */
  #isChanged = new Uint8Array(64)
  readonly changed: number[] = []
  /** Prefixes still to be told again, without regard to whether anything changed. */
  #again: IterableIterator<number> | undefined
  /** Decided, and without a best path: perhaps nothing is left of them. */
  #unused: number[] = []
  /** Update groups of this family. */
  readonly groups: UpdateGroup[] = []
  /** Whoever is told of changes. */
  readonly watchers = new Set<RibWatcher>()

  constructor(family: AddressFamily, prefixes: PrefixTable, attributes: AttributeTable, peers: readonly (PeerSlot | undefined)[]) {
    this.family = family
    this.prefixes = prefixes
    this.#attributes = attributes
    this.#peers = peers
  }

  /** Prefixes to be decided. */
  get dirtyCount(): number {
    return this.#dirtyCount - this.#dirtyDone
  }

  /** The prefix's id; the arrays here are long enough for it then. */
  insert(bytes: Uint8Array, at: number, length: number): number {
    const id = this.prefixes.insert(bytes, at, length)
    if (id >= this.#isDirty.length) this.#grow(id)
    return id
  }

  bestSet(prefix: number): AttributeSet | undefined {
    const entry = this.#bestSet[prefix] as number
    return entry === 0 ? undefined : this.#attributes.get(entry - 1)
  }

  /** Of a prefix that has a best path. */
  bestPeer(prefix: number): PeerSlot {
    return this.#peers[this.#bestPeer[prefix] as number] as PeerSlot
  }

  /** Of the best path, if it was learned. */
  bestNextHop(prefix: number): NextHop | undefined {
    return this.bestSet(prefix)?.nextHop
  }

  markDirty(prefix: number): void {
    if (this.#isDirty[prefix] !== 0) return
    this.#isDirty[prefix] = dirty
    if (this.#dirtyCount === this.#dirty.length) this.#makeRoom()
    this.#dirty[this.#dirtyCount++] = prefix
  }

  /** The same best path may have to be told anew. */
  markChanged(prefix: number): void {
    this.markDirty(prefix)
    this.#isDirty[prefix] = changed
  }

  /** The path of this peer to the prefix is another one now, or none. */
  pathChanged(prefix: number, peer: PeerSlot): void {
    if (this.watchers.size === 0) return
    for (const watcher of this.watchers) watcher.pathChanged(this.family, prefix, peer.id)
  }

  markAllDirty(): void {
    for (const prefix of this.prefixes.ids()) this.markDirty(prefix)
  }

  /** The next prefix to be decided; the caller has seen that there is one. */
  takeDirty(): number {
    const prefix = this.#dirty[this.#dirtyDone++] as number
    if (this.#dirtyDone < this.#dirtyCount) return prefix
    this.#dirtyDone = 0
    this.#dirtyCount = 0
    if (this.#dirty.length > 65536) this.#dirty = new Int32Array(64)
    return prefix
  }

  /** Fills `best` with the usable paths of the prefix. */
  gather(prefix: number, best: BestPath): void {
    best.clear()
    const { paths } = this
    for (let row = paths.firstOfPrefix(prefix); row >= 0; row = paths.nextOfPrefix[row] as number) {
      const set = this.#attributes.get(paths.set[row] as number)
      const peer = this.#peers[paths.peer[row] as number] as PeerSlot
      if (isUsable(set, peer)) best.add(set, peer)
    }
  }

  /** Decides again what `takeDirty` gave. @returns whether the best path is another one now, or its peer is */
  decide(prefix: number, best: BestPath): boolean {
    const isSame = this.#isDirty[prefix] !== changed
    this.#isDirty[prefix] = 0
    this.gather(prefix, best)
    best.decide()
    const set = best.set
    const peer = best.peer?.id ?? 0
    const entry = set === undefined ? 0 : set.id + 1
    const old = this.#bestSet[prefix] as number
    if (entry === old && (entry === 0 || peer === this.#bestPeer[prefix])) return !isSame
    this.#noteNextHop(prefix, set?.nextHop)
    if (set !== undefined) this.#attributes.hold(set)
    this.#bestSet[prefix] = entry
    this.#bestPeer[prefix] = peer
    if (old === 0) this.bestCount++
    else this.#attributes.release(this.#attributes.get(old - 1))
    if (entry === 0) this.bestCount--
    if (this.watchers.size > 0) for (const watcher of this.watchers) watcher.bestChanged(this.family, prefix)
    return true
  }

  /** Forgets the prefix if nothing is known of it any more. */
  removeIfUnused(prefix: number): void {
    if (this.paths.firstOfPrefix(prefix) >= 0 || this.#bestSet[prefix] !== 0 || this.#isDirty[prefix] !== 0) return
    for (const group of this.groups) if (group.isPending(prefix)) return
    for (const watcher of this.watchers) if (watcher.isPending(this.family, prefix)) return
    this.prefixes.remove(prefix)
  }

  noteDecided(prefix: number): void {
    if (this.#bestSet[prefix] === 0) this.#unused.push(prefix)
  }

  /** After the batch was handed over: ids are used again from now on. */
  removeUnused(): void {
    for (const prefix of this.#unused) this.removeIfUnused(prefix)
    if (this.#unused.length > 0) this.#unused = []
  }

  /** What a next hop means may be something else now: `changed` is to hold every learned best path once more. */
  tellAllAgain(): void {
    this.#again = this.prefixes.ids()
  }

  /**
   * Puts the next `limit` prefixes of those into `changed`. Prefixes may come and go between two calls: what comes is told by itself.
   * @returns whether more are left
   */
  gatherAgain(limit: number): boolean {
    for (let count = 0; count < limit && this.#again !== undefined; count++) {
      const { value: prefix, done } = this.#again.next()
      if (done) this.#again = undefined
      else if (this.#isChanged[prefix] === 0 && this.bestNextHop(prefix) !== undefined) {
        this.#isChanged[prefix] = 1
        this.changed.push(prefix)
      }
    }
    return this.#again !== undefined
  }

  /** Empties `changed` after it was handed over. */
  clearChanged(): void {
    for (const prefix of this.changed) this.#isChanged[prefix] = 0
    this.changed.length = 0
  }

  #makeRoom(): void {
    if (this.#dirtyDone * 2 < this.#dirtyCount) {
      this.#dirty = grown(this.#dirty, this.#dirtyCount)
      return
    }
    this.#dirty.copyWithin(0, this.#dirtyDone, this.#dirtyCount)
    this.#dirtyCount -= this.#dirtyDone
    this.#dirtyDone = 0
  }

  #noteNextHop(prefix: number, nextHop: NextHop | undefined): void {
    if (this.#isChanged[prefix] !== 0 || this.bestNextHop(prefix) === nextHop) return
    this.#isChanged[prefix] = 1
    this.changed.push(prefix)
  }

  #grow(prefix: number): void {
    this.#bestSet = grown(this.#bestSet, prefix)
    this.#bestPeer = grown(this.#bestPeer, prefix)
    const isDirty = new Uint8Array(this.#bestSet.length)
    isDirty.set(this.#isDirty)
    this.#isDirty = isDirty
    const isChanged = new Uint8Array(this.#bestSet.length)
    isChanged.set(this.#isChanged)
    this.#isChanged = isChanged
  }
}
