import type { Family } from '../../src/net/address.ts'
import { Ipv4PrefixTable } from '../../src/net/ipv4-prefix-table.ts'
import { Ipv6PrefixTable } from '../../src/net/ipv6-prefix-table.ts'
import type { PrefixTable } from '../../src/net/prefix-table.ts'

/** Marks of a row. It waits in the queue of the many. */
export const QUEUED = 1
/** Wanted at some time since the start: what is let go of may be deleted at once. */
export const CLAIMED = 2
/** Somebody else changed what was right. */
export const DRIFTED = 4
/** Somebody else took the slot over: in the kernel there is now his route instead of ours. */
export const TAKEN = 8
/** Somebody else has a route in the same slot beside ours: we step back. */
export const SHARED = 16
/** The wish has changed: no earlier refusal says anything about it. */
export const CHANGED = 32
/** It waits in the queue of what is urgent, perhaps in the other one too. */
export const URGENT = 64
/** A change of it is in the batch that is being written. */
export const WRITING = 128

/** One family's routes, a row of small integers for each prefix: what is stated, learned (wish ids) and in the kernel (hop ids); 0 is none. */
export class RouteRows {
  readonly family: Family
  readonly prefixes: PrefixTable
  stated: Int32Array
  learned: Int32Array
  actual: Int32Array
  marks: Uint8Array

  constructor(family: Family) {
    this.family = family
    this.prefixes = family === 4 ? new Ipv4PrefixTable() : new Ipv6PrefixTable()
    const { capacity } = this.prefixes
    this.stated = new Int32Array(capacity)
    this.learned = new Int32Array(capacity)
    this.actual = new Int32Array(capacity)
    this.marks = new Uint8Array(capacity)
  }

  row(bytes: Uint8Array, at: number, length: number): number {
    const id = this.prefixes.insert(bytes, at, length)
    if (id >= this.marks.length) this.#grow(this.prefixes.capacity)
    return id
  }

  /** The wish id that counts: a stated route wins over a learned one. */
  wanted(id: number): number {
    return this.stated[id] || (this.learned[id] as number)
  }

  isMarked(id: number, mark: number): boolean {
    return ((this.marks[id] as number) & mark) !== 0
  }

  mark(id: number, mark: number): void {
    this.marks[id] = (this.marks[id] as number) | mark
  }

  unmark(id: number, mark: number): void {
    this.marks[id] = (this.marks[id] as number) & ~mark
  }

  /** Forgets a row that nobody wants and the kernel does not have; its id is reused. */
  removeIfEmpty(id: number): void {
    if (this.wanted(id) !== 0 || this.actual[id] !== 0 || this.isMarked(id, QUEUED | URGENT | WRITING)) return
    this.marks[id] = 0
    this.prefixes.remove(id)
  }

  #grow(capacity: number): void {
    this.stated = grown(this.stated, capacity)
    this.learned = grown(this.learned, capacity)
    this.actual = grown(this.actual, capacity)
    const marks = new Uint8Array(capacity)
    marks.set(this.marks)
    this.marks = marks
  }
}

function grown(rows: Int32Array, capacity: number): Int32Array {
  const bigger = new Int32Array(capacity)
  bigger.set(rows)
  return bigger
}
