import { grown } from '../../src/net/grown.ts'
import { pathIdLength } from '../wire/nlri.ts'
import { putU32, u32At } from '../wire/octets.ts'
import type { AdjRibOut } from './adj-rib-out.ts'
import type { BestPath } from './best-path.ts'
import type { FamilyTable } from './family-table.ts'
import type { Outgoing } from './outgoing.ts'
import { PendingPrefixes } from './pending-prefixes.ts'

/** Told of each slot that another message is due for: `row` of the Adj-RIB-Out, 0 for none, and whose route it was, -1 for nobody's. */
export type OnSlot = (slot: number, row: number, sourceBefore: number) => void

/**
 * The paths of prefixes that an update group tells (RFC 7911): a slot for each, which stands in the Adj-RIB-Out where a prefix stands
 * otherwise. A slot has one path identifier for all its life and goes when everybody knows that the path is gone. Identifiers are not
 * used twice in a table, so that a peer which is behind never takes one path for another.
 */
export class OutPaths {
  readonly #table: FamilyTable
  readonly #out: AdjRibOut
  readonly #best: BestPath
  /** Paths of a prefix that are told at most. */
  readonly #most: number
  /** By slot. */
  #prefix = new Int32Array(64)
  #pathId = new Uint32Array(64)
  /** The row of the path in the table, -1: it is gone, or was told elsewhere. */
  #path = new Int32Array(64)
  /** The next slot of the prefix + 1; of free slots the next free one + 1. */
  #next = new Int32Array(64)
  /** By prefix: its first slot + 1. */
  #first = new Int32Array(64)
  #firstFree = 0
  #fresh = 0
  /** Without a path since the last `takeGone`. */
  #gone: number[] = []

  constructor(table: FamilyTable, out: AdjRibOut, best: BestPath, most: number) {
    this.#table = table
    this.#out = out
    this.#best = best
    this.#most = most
  }

  /** Takes over the best paths of the prefix, those of them that may be told. */
  enter(prefix: number, onSlot: OnSlot): void {
    const best = this.#best
    const told = this.#choose(prefix)
    const rows = new Set(told.map((i) => best.rowAt(i)))
    for (const slot of this.slotsOf(prefix)) if (!rows.has(this.#path[slot] as number)) this.#set(slot, 0, onSlot)
    for (const i of told) {
      const slot = this.#slotFor(prefix, best.rowAt(i))
      this.#set(slot, this.#out.rowOf(best.setAt(i).id, best.peerAt(i), prefix), onSlot)
    }
  }

  /** All that the prefix has, also those whose path is gone. */
  slotsOf(prefix: number): readonly number[] {
    const slots: number[] = []
    for (let at = this.#first[prefix] ?? 0; at !== 0; at = this.#next[at - 1] as number) slots.push(at - 1)
    return slots
  }

  /** Of one of the paths that the peer is told; 0: it is told none. */
  rowFor(prefix: number, peer: number): number {
    const slot = this.slotsOf(prefix).find((slot) => this.#out.rowFor(slot, peer) !== 0)
    return slot === undefined ? 0 : this.#out.rowFor(slot, peer)
  }

  /** All that the peer is told of the prefix, as it is sent. */
  told(prefix: number, peer: number): readonly { readonly pathId: number; readonly sent: Outgoing }[] {
    const slots = this.slotsOf(prefix).filter((slot) => this.#out.rowFor(slot, peer) !== 0)
    return slots.map((slot) => ({ pathId: this.pathIdOf(slot), sent: this.#out.show(this.#out.rowFor(slot, peer)) }))
  }

  /** What somebody was told as slots of another group, as slots of this one. */
  slotsFor(others: OutPaths | undefined, slots: Int32Array): PendingPrefixes {
    const ours = new PendingPrefixes()
    if (others !== undefined) for (const slot of slots) ours.add(this.slotOf(others.prefixOf(slot), others.pathIdOf(slot)))
    return ours
  }

  /** Whether somebody has still to be told something of the prefix. */
  holds(prefix: number): boolean {
    return (this.#first[prefix] ?? 0) !== 0
  }

  prefixOf(slot: number): number {
    return this.#prefix[slot] as number
  }

  pathIdOf(slot: number): number {
    return this.#pathId[slot] as number
  }

  /** The slot that was told under this identifier; if it is gone another without a path, so that it can be withdrawn. */
  slotOf(prefix: number, pathId: number): number {
    return this.slotsOf(prefix).find((slot) => this.#pathId[slot] === pathId) ?? this.#allocate(prefix, pathId)
  }

  /** RFC 7911 §3:  identifier u32 | prefix @returns where it ends */
  writeNlri(slot: number, into: Uint8Array, at: number): number {
    putU32(into, at, this.#pathId[slot] as number)
    return this.#table.prefixes.writeNlri(this.#prefix[slot] as number, into, at + pathIdLength)
  }

  /** The slot of what `writeNlri` wrote. */
  readNlri(bytes: Uint8Array, at: number): number {
    return this.slotOf(this.#table.insert(bytes, at + pathIdLength + 1, bytes[at + pathIdLength] as number), u32At(bytes, at))
  }

  /** Slots without a path, once; whoever has to be told of none of them lets them go. */
  takeGone(): readonly number[] {
    const gone = this.#gone
    this.#gone = []
    return gone
  }

  /** Everybody knows of it: frees the slot unless it has a path again. @returns its prefix */
  release(slot: number): number {
    const prefix = this.#prefix[slot] as number
    if (this.#out.has(slot) || !this.#unlink(prefix, slot)) return prefix
    this.#next[slot] = this.#firstFree
    this.#firstFree = slot + 1
    return prefix
  }

  #choose(prefix: number): readonly number[] {
    const best = this.#best
    this.#table.gather(prefix, best)
    for (let i = 0; i < best.count; i++) if (!this.#out.mayTell(best.setAt(i).id, best.peerAt(i), prefix)) best.leaveOut(i)
    return best.ranked(this.#most)
  }

  #set(slot: number, row: number, onSlot: OnSlot): void {
    if (row === 0) {
      this.#path[slot] = -1
      this.#gone.push(slot)
    }
    if (this.#out.put(slot, row)) onSlot(slot, this.#out.row, this.#out.sourceBefore)
  }

  #slotFor(prefix: number, path: number): number {
    const known = this.slotsOf(prefix).find((slot) => this.#path[slot] === path)
    if (known !== undefined) return known
    const slot = this.#allocate(prefix, this.#table.nextPathId())
    this.#path[slot] = path
    return slot
  }

  #allocate(prefix: number, pathId: number): number {
    const slot = this.#firstFree === 0 ? this.#fresh++ : this.#firstFree - 1
    if (this.#firstFree !== 0) this.#firstFree = this.#next[slot] as number
    else if (slot === this.#prefix.length) this.#grow()
    if (prefix >= this.#first.length) this.#first = grown(this.#first, prefix + 1)
    this.#prefix[slot] = prefix
    this.#pathId[slot] = pathId
    this.#path[slot] = -1
    this.#next[slot] = this.#first[prefix] as number
    this.#first[prefix] = slot + 1
    this.#out.reserve(slot)
    return slot
  }

  /** @returns whether it was there */
  #unlink(prefix: number, slot: number): boolean {
    if (this.#first[prefix] === slot + 1) {
      this.#first[prefix] = this.#next[slot] as number
      return true
    }
    const before = this.slotsOf(prefix).find((other) => this.#next[other] === slot + 1)
    if (before === undefined) return false
    this.#next[before] = this.#next[slot] as number
    return true
  }

  #grow(): void {
    const length = this.#prefix.length + 1
    this.#prefix = grown(this.#prefix, length)
    this.#pathId = grown(this.#pathId, length)
    this.#path = grown(this.#path, length)
    this.#next = grown(this.#next, length)
  }
}
