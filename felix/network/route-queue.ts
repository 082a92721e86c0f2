import type { RowKey } from './route-state.ts'

/** Rows that need a look, in the order of their coming; deletes wait until everything else of their queue is done: add before delete. */
export class RouteQueue {
  /** The mark of the rows that wait here. */
  readonly mark: number
  keys: RowKey[] = []
  deletes: RowKey[] = []
  next = 0

  constructor(mark: number) {
    this.mark = mark
  }

  get isEmpty(): boolean {
    return this.next >= this.keys.length && this.deletes.length === 0
  }

  /** undefined where the first pass is over. */
  take(): RowKey | undefined {
    const key = this.keys[this.next]
    if (key === undefined) {
      this.keys = []
      this.next = 0
      return undefined
    }
    this.next += 1
    return key
  }
}
