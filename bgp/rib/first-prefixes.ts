import type { PrefixTable } from '../../src/net/prefix-table.ts'

/**
 * The first few of many prefixes, in the order of addresses and lengths, without sorting them all: a heap with the last of the first
 * on top. Most prefixes cost one comparison, so that a page of a large table that changes all the time stays cheap.
 */
export class FirstPrefixes {
  readonly #table: PrefixTable
  readonly #limit: number
  readonly #heap: number[] = []

  /** @param limit how many are kept, at least 1 */
  constructor(table: PrefixTable, limit: number) {
    this.#table = table
    this.#limit = limit
  }

  /** @param id of a prefix in use, offered once */
  offer(id: number): void {
    const heap = this.#heap
    if (heap.length < this.#limit) {
      heap.push(id)
      this.#rise(heap.length - 1)
    } else if (this.#table.compare(id, heap[0] as number) < 0) {
      heap[0] = id
      this.#sink()
    }
  }

  /** In their order. */
  ids(): number[] {
    return this.#heap.toSorted((a, b) => this.#table.compare(a, b))
  }

  #rise(from: number): void {
    const heap = this.#heap
    for (let at = from; at > 0; ) {
      const parent = (at - 1) >> 1
      if (this.#table.compare(heap[at] as number, heap[parent] as number) <= 0) return
      this.#swap(at, parent)
      at = parent
    }
  }

  #sink(): void {
    const heap = this.#heap
    for (let at = 0; ; ) {
      const left = at * 2 + 1
      if (left >= heap.length) return
      const right = left + 1
      const child = right < heap.length && this.#table.compare(heap[right] as number, heap[left] as number) > 0 ? right : left
      if (this.#table.compare(heap[child] as number, heap[at] as number) <= 0) return
      this.#swap(at, child)
      at = child
    }
  }

  #swap(a: number, b: number): void {
    const heap = this.#heap
    const held = heap[a] as number
    heap[a] = heap[b] as number
    heap[b] = held
  }
}
