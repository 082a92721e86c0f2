import { grown } from '../../src/net/grown.ts'
import type { PrefixTable } from '../../src/net/prefix-table.ts'
import { wellKnownCommunity } from '../policy/well-known-community.ts'
import type { AddressFamily } from '../wire/message.ts'
import type { AttributeSet } from './attribute-set.ts'
import type { AttributeTable } from './attribute-table.ts'
import type { BestPath } from './best-path.ts'
import type { NextHop } from './next-hop.ts'
import { PathTable } from './path-table.ts'
import { localPeer, type PeerSlot } from './peer-slot.ts'
import type { RibWatcher } from './rib-watcher.ts'
import type { UpdateGroup } from './update-group.ts'

/** States of a prefix that is to be decided again. */
const dirty = 1
const changed = 2

/** Instead of a row: the decision has to be gone through. */
const undecided = -2

/** Prefixes of one family with their paths (Adj-RIB-In of all peers), the best of each (Loc-RIB), and those to be decided again. */
export class FamilyTable {
  readonly family: AddressFamily
  readonly prefixes: PrefixTable
  readonly paths = new PathTable()
  /** Prefixes with a best path. */
  bestCount = 0
  /** The same by peer. */
  readonly #bestFrom: number[] = []
  readonly attributes: AttributeTable
  readonly #peers: readonly (PeerSlot | undefined)[]
  /** By prefix: the best path's set + 1, and its peer. */
  #bestSet = new Int32Array(64)
  #bestPeer = new Uint16Array(64)
  #isDirty = new Uint8Array(64)
  #dirty = new Int32Array(64)
  #dirtyCount = 0
  #dirtyDone = 0
  /** By prefix: the next hop that `nextHops` says changed is in the batch already. */
  #isChanged = new Uint8Array(64)
  /** By prefix: equally good paths may share its traffic. */
  #isShared = new Uint8Array(64)
  /** Whether they do at all. */
  sharing = true
  changed = new Uint32Array(64)
  changedCount = 0
  /** Prefixes still to be told again, without regard to whether anything changed. */
  #again: IterableIterator<number> | undefined
  /** Decided, and without a best path: perhaps nothing is left of them. */
  #unused = new Int32Array(64)
  #unusedCount = 0
  /** Paths that the last decision looked at. */
  walked = 0
  #chosenSet = -1
  #chosenPeer = 0
  #chosenTie = false
  #lastPathId = 0
  /** Update groups of this family. */
  readonly groups: UpdateGroup[] = []
  /** Whoever is told of changes. */
  readonly watchers = new Set<RibWatcher>()

  constructor(family: AddressFamily, prefixes: PrefixTable, attributes: AttributeTable, peers: readonly (PeerSlot | undefined)[]) {
    this.family = family
    this.prefixes = prefixes
    this.attributes = attributes
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

  /** The best path's set; -1: there is none. */
  bestSetId(prefix: number): number {
    return (this.#bestSet[prefix] as number) - 1
  }

  bestSet(prefix: number): AttributeSet | undefined {
    const id = this.bestSetId(prefix)
    return id < 0 ? undefined : this.attributes.get(id)
  }

  /** Of a prefix that has a best path. */
  bestPeer(prefix: number): PeerSlot {
    return this.peer(this.#bestPeer[prefix] as number)
  }

  /** One that no path of this table was told under so far, 1..4294967295; after so many from the start again (RFC 7911 §3). */
  nextPathId(): number {
    this.#lastPathId = (this.#lastPathId % 0xffff_ffff) + 1
    return this.#lastPathId
  }

  /** Where the best path is; of several that are all the same (RFC 7911) the one with the lowest identifier. -1: there is none. */
  bestRow(prefix: number): number {
    const set = this.bestSetId(prefix)
    if (set < 0) return -1
    const { paths } = this
    const peer = this.#bestPeer[prefix] as number
    let found = paths.find(prefix, peer)
    for (let row = found; row >= 0; row = paths.nextOfPrefix[row] as number) {
      if (paths.peer[row] !== peer || paths.usedSet(row) !== set) continue
      if (paths.usedSet(found) !== set || paths.pathIdOf(row) < paths.pathIdOf(found)) found = row
    }
    return found
  }

  /** Of the best path, if it was learned. */
  bestNextHop(prefix: number): NextHop | undefined {
    const id = this.bestSetId(prefix)
    return id < 0 ? undefined : this.attributes.nextHop(id)
  }

  /** Whether the best path asks for packets to be dropped, and its peer may ask (RFC 7999 §3.3). */
  discards(prefix: number): boolean {
    const id = this.bestSetId(prefix)
    if (id < 0 || !this.attributes.isMarked(id) || this.bestPeer(prefix).config?.acceptBlackhole !== true) return false
    return this.attributes.get(id).attributes.communities?.includes(wellKnownCommunity.blackhole) === true
  }

  /** One whose routes are in the table, or were when it was decided last. */
  peer(id: number): PeerSlot {
    return this.#peers[id] as PeerSlot
  }

  isShared(prefix: number): boolean {
    return this.#isShared[prefix] !== 0
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

  /** Next hops are on a subnet no more: what depends on how they are resolved is looked for. */
  noteUsers(): void {
    for (const prefix of this.prefixes.ids())
      for (let row = this.paths.firstOfPrefix(prefix); row >= 0; row = this.paths.nextOfPrefix[row] as number) {
        const nextHop = this.attributes.nextHop(this.paths.set[row] as number)
        if (nextHop?.isConnected === false) nextHop.users[this.family].add(prefix)
      }
  }

  /** A next hop of the prefix's paths is: it is decided again, and its best path handed over again. */
  reachedOtherwise(prefix: number): void {
    this.markDirty(prefix)
    if (this.bestNextHop(prefix) !== undefined) this.#noteChanged(prefix)
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
    if (this.#dirty.length > 2 ** 18) this.#dirty = new Int32Array(64)
    return prefix
  }

  /** Fills `best` with the usable paths of the prefix. */
  gather(prefix: number, best: BestPath): void {
    best.clear()
    const { paths } = this
    for (let row = paths.firstOfPrefix(prefix); row >= 0; row = paths.nextOfPrefix[row] as number) {
      if (!this.isUsable(row)) continue
      const set = paths.usedSet(row)
      const peer = paths.peer[row] as number
      best.add(this.attributes.look(set), this.peer(peer), row, paths.pathIdOf(row))
      if (set + 1 === this.#bestSet[prefix] && peer === this.#bestPeer[prefix]) best.markExisting()
    }
  }

  /** Prefixes whose best path came from the peer. */
  bestFrom(peer: number): number {
    return this.#bestFrom[peer] ?? 0
  }

  /** Decides again what `takeDirty` gave. @returns whether the best path is another one now, or its peer is */
  decide(prefix: number, best: BestPath): boolean {
    const isSame = this.#isDirty[prefix] !== changed
    this.#isDirty[prefix] = 0
    this.#choose(prefix, best)
    this.#noteSharing(prefix, this.#chosenTie && this.sharing)
    const entry = this.#chosenSet + 1
    const peer = this.#chosenPeer
    const old = this.#bestSet[prefix] as number
    if (entry === old && (entry === 0 || peer === this.#bestPeer[prefix])) return !isSame
    this.#noteNextHop(prefix, entry - 1)
    if (entry !== 0) this.attributes.hold(entry - 1)
    const peerBefore = this.#bestPeer[prefix] as number
    this.#bestSet[prefix] = entry
    this.#bestPeer[prefix] = peer
    if (old === 0) this.bestCount++
    else this.attributes.release(old - 1)
    if (entry === 0) this.bestCount--
    if (old !== 0) this.#bestFrom[peerBefore] = this.bestFrom(peerBefore) - 1
    if (entry !== 0) this.#bestFrom[peer] = this.bestFrom(peer) + 1
    if (this.watchers.size > 0) for (const watcher of this.watchers) watcher.bestChanged(this.family, prefix)
    return true
  }

  /** Forgets the prefix if nothing is known of it any more. */
  removeIfUnused(prefix: number): void {
    if (this.#isUnused(prefix)) this.prefixes.remove(prefix)
  }

  noteDecided(prefix: number): void {
    if (this.#bestSet[prefix] !== 0) return
    if (this.#unusedCount === this.#unused.length) this.#unused = grown(this.#unused, this.#unusedCount + 1)
    this.#unused[this.#unusedCount++] = prefix
  }

  /** After the batch was handed over: ids are used again from now on. */
  removeUnused(): void {
    const unused = this.#unused
    let count = 0
    for (let i = 0; i < this.#unusedCount; i++) if (this.#isUnused(unused[i] as number)) unused[count++] = unused[i] as number
    this.#unusedCount = 0
    this.prefixes.removeAll(unused, count)
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
      else if (this.bestNextHop(prefix) !== undefined) this.#noteChanged(prefix)
    }
    return this.#again !== undefined
  }

  /** Empties `changed` after it was handed over. */
  clearChanged(): void {
    for (let i = 0; i < this.changedCount; i++) this.#isChanged[this.changed[i] as number] = 0
    this.changedCount = 0
  }

  #isUnused(prefix: number): boolean {
    if (this.paths.firstOfPrefix(prefix) >= 0 || this.#bestSet[prefix] !== 0 || this.#isDirty[prefix] !== 0) return false
    for (const group of this.groups) if (group.isPending(prefix)) return false
    if (this.watchers.size > 0) for (const watcher of this.watchers) if (watcher.isPending(this.family, prefix)) return false
    return true
  }

  #makeRoom(): void {
    if (this.#dirtyDone * 2 < this.#dirtyCount) {
      this.#dirty = grown(this.#dirty, this.#dirtyCount + 1)
      return
    }
    this.#dirty.copyWithin(0, this.#dirtyDone, this.#dirtyCount)
    this.#dirtyCount -= this.#dirtyDone
    this.#dirtyDone = 0
  }

  /** Puts the best path into `#chosenSet`, -1 for none, and `#chosenPeer`. Most often one path, or the sets alone, leave nothing to ask. */
  #choose(prefix: number, best: BestPath): void {
    const row = this.#preferred(prefix)
    this.#chosenTie = false
    if (row === undecided) {
      this.gather(prefix, best)
      best.decide()
      this.#chosenSet = best.set?.id ?? -1
      this.#chosenPeer = best.peer?.id ?? 0
      this.#chosenTie = best.isTie
    } else {
      this.#chosenSet = row < 0 ? -1 : this.paths.usedSet(row)
      this.#chosenPeer = row < 0 ? 0 : (this.paths.peer[row] as number)
    }
  }

  /** The one usable path that the first steps of the decision prefer, -1 if none is usable; `undecided`: there are more, or our own. */
  #preferred(prefix: number): number {
    const { paths } = this
    let preferred = -1
    let lowest = Number.POSITIVE_INFINITY
    let isAlone = true
    this.walked = 0
    for (let row = paths.firstOfPrefix(prefix); row >= 0; row = paths.nextOfPrefix[row] as number) {
      this.walked++
      if (!this.isUsable(row)) continue
      if (paths.peer[row] === localPeer) return undecided
      const preference = this.attributes.preference(paths.usedSet(row))
      if (preference > lowest) continue
      isAlone = preference < lowest
      lowest = preference
      preferred = row
    }
    return isAlone ? preferred : undecided
  }

  /** RFC 4271 §9.1.2: imported (so no loop), next hop reachable. */
  isUsable(row: number): boolean {
    const set = this.paths.usedSet(row)
    if (set < 0) return false
    const nextHop = this.attributes.nextHop(set)
    return nextHop === undefined || nextHop.metric !== undefined
  }

  /** The kernel's route may be another with this set: its next hop is, or one of both is marked. */
  #noteNextHop(prefix: number, set: number): void {
    const before = this.bestSetId(prefix)
    const isMarked = (id: number): boolean => id >= 0 && this.attributes.isMarked(id)
    const nextHop = set < 0 ? undefined : this.attributes.nextHop(set)
    if (this.bestNextHop(prefix) !== nextHop || isMarked(before) || isMarked(set)) this.#noteChanged(prefix)
  }

  /** Who shares may be others now, though the best path is the same. */
  #noteSharing(prefix: number, shared: boolean): void {
    if (!shared && this.#isShared[prefix] === 0) return
    this.#isShared[prefix] = shared ? 1 : 0
    this.#noteChanged(prefix)
  }

  #noteChanged(prefix: number): void {
    if (this.#isChanged[prefix] !== 0) return
    this.#isChanged[prefix] = 1
    if (this.changedCount === this.changed.length) this.changed = grown(this.changed, this.changedCount + 1)
    this.changed[this.changedCount++] = prefix
  }

  #grow(prefix: number): void {
    this.#bestSet = grown(this.#bestSet, prefix + 1)
    this.#bestPeer = grown(this.#bestPeer, prefix + 1)
    this.#isDirty = grown(this.#isDirty, prefix + 1)
    this.#isShared = grown(this.#isShared, prefix + 1)
    this.#isChanged = grown(this.#isChanged, prefix + 1)
  }
}
