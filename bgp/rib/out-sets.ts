import { grown } from '../../src/net/grown.ts'
import type { AttributeTable } from './attribute-table.ts'

/**
 * What one update group tells of attribute sets: a row of integers for each set, source and variant that some prefix of its Adj-RIB-Out
 * has. Row 0 is none. No octets are kept: they are written from the set's own when they are sent, so a row holds its set.
 */
export class OutSets {
  readonly #attributes: AttributeTable
  /** By row. */
  set = new Int32Array(64)
  /** The peer that it came from and is not sent to. */
  source = new Uint16Array(64)
  /** Number of what the export policy makes of it; 0: nothing. */
  variant = new Uint16Array(64)
  /** First and last place in the batch that is being written, or -1. */
  firstInBatch = new Int32Array(64)
  lastInBatch = new Int32Array(64)
  /** BGP Identifier of the source when the row was made: reflected routes are marked with it. */
  #routerId = new Uint32Array(64)
  /** Prefixes that have it. */
  #uses = new Int32Array(64)
  /** The next row of the same set; of free rows the next free one. */
  #next = new Int32Array(64)
  /** By attribute set. */
  #first = new Int32Array(64)
  #firstFree = 0
  #fresh = 1

  constructor(attributes: AttributeTable) {
    this.#attributes = attributes
  }

  /** The row, or 0. */
  find(set: number, source: number, routerId: number, variant: number): number {
    if (set >= this.#first.length) return 0
    let row = this.#first[set] as number
    while (row !== 0 && (this.source[row] !== source || this.#routerId[row] !== routerId || this.variant[row] !== variant))
      row = this.#next[row] as number
    return row
  }

  /** A row that no prefix has yet: the caller holds it. */
  add(set: number, source: number, routerId: number, variant: number): number {
    const row = this.#allocate()
    if (set >= this.#first.length) this.#first = grown(this.#first, this.#attributes.capacity)
    this.set[row] = set
    this.source[row] = source
    this.variant[row] = variant
    this.firstInBatch[row] = -1
    this.#routerId[row] = routerId
    this.#uses[row] = 0
    this.#next[row] = this.#first[set] as number
    this.#first[set] = row
    this.#attributes.hold(set)
    return row
  }

  hold(row: number): void {
    this.#uses[row] = (this.#uses[row] as number) + 1
  }

  release(row: number): void {
    const left = (this.#uses[row] as number) - 1
    this.#uses[row] = left
    if (left > 0) return
    this.#unlink(row)
    this.#next[row] = this.#firstFree
    this.#firstFree = row
    this.#attributes.release(this.set[row] as number)
  }

  /** Lets go of every set: the group is dissolved. */
  clear(): void {
    for (const first of this.#first)
      for (let row = first; row !== 0; row = this.#next[row] as number) this.#attributes.release(this.set[row] as number)
    this.#first = new Int32Array(0)
  }

  /** Whether both rows are of the same source in the same incarnation. */
  haveSameSource(a: number, b: number): boolean {
    return this.source[a] === this.source[b] && this.#routerId[a] === this.#routerId[b]
  }

  #unlink(row: number): void {
    const set = this.set[row] as number
    const next = this.#next[row] as number
    let before = this.#first[set] as number
    if (before === row) {
      this.#first[set] = next
      return
    }
    while (this.#next[before] !== row) before = this.#next[before] as number
    this.#next[before] = next
  }

  #allocate(): number {
    if (this.#firstFree !== 0) {
      const row = this.#firstFree
      this.#firstFree = this.#next[row] as number
      return row
    }
    if (this.#fresh === this.set.length) this.#grow()
    return this.#fresh++
  }

  #grow(): void {
    const length = this.#fresh + 1
    this.set = grown(this.set, length)
    this.source = grown(this.source, length)
    this.variant = grown(this.variant, length)
    this.firstInBatch = grown(this.firstInBatch, length)
    this.lastInBatch = grown(this.lastInBatch, length)
    this.#routerId = grown(this.#routerId, length)
    this.#uses = grown(this.#uses, length)
    this.#next = grown(this.#next, length)
  }
}
