import { grown } from '../../src/net/grown.ts'
import type { AdjRibOut } from './adj-rib-out.ts'
import type { Audience, MessageLog } from './message-log.ts'
import type { Target, UpdateWriter } from './update-writer.ts'

/** Lists that are kept for the next batch. */
const mostLists = 8

/** Prefixes that one audience is told are gone. */
class Withdrawals {
  readonly audience: Audience
  ids = new Int32Array(64)
  count = 0

  constructor(audience: Audience) {
    this.audience = audience
  }

  add(prefix: number): void {
    if (this.count === this.ids.length) this.ids = grown(this.ids, this.count + 1)
    this.ids[this.count++] = prefix
  }
}

/** Changes that go out together: announcements by their attributes, withdrawals by their audience. Each prefix once per audience. */
export class UpdateBatch {
  readonly #out: AdjRibOut
  /** Rows of `OutSets` in the order they came. */
  #rows = new Int32Array(64)
  #rowCount = 0
  /** By place: a prefix, and the next place with the same row. */
  #ids = new Int32Array(64)
  #next = new Int32Array(64)
  #count = 0
  #withdrawn: Withdrawals[] = []
  /** The list that was added to last. */
  #last: Withdrawals | undefined

  constructor(out: AdjRibOut) {
    this.#out = out
  }

  /** @param row of a set that the prefix has in the Adj-RIB-Out until the batch is written */
  announce(prefix: number, row: number): void {
    const { firstInBatch, lastInBatch } = this.#out.sets
    const place = this.#count++
    if (place === this.#ids.length) {
      this.#ids = grown(this.#ids, place + 1)
      this.#next = grown(this.#next, place + 1)
    }
    this.#ids[place] = prefix
    this.#next[place] = -1
    if ((firstInBatch[row] as number) < 0) {
      firstInBatch[row] = place
      if (this.#rowCount === this.#rows.length) this.#rows = grown(this.#rows, this.#rowCount + 1)
      this.#rows[this.#rowCount++] = row
    } else this.#next[lastInBatch[row] as number] = place
    lastInBatch[row] = place
  }

  withdraw(prefix: number, audience: Audience): void {
    if (this.#last?.audience !== audience) this.#last = this.#listFor(audience)
    this.#last.add(prefix)
  }

  /** Writes and forgets everything. @param audience of the announcements; undefined: all but the source of each */
  write(writer: UpdateWriter, log: MessageLog, target: Target, audience?: Audience): void {
    const { firstInBatch, source } = this.#out.sets
    for (const list of this.#withdrawn) {
      writer.withdraw(log, list.audience, target, list.ids, list.count)
      list.count = 0
    }
    for (let i = 0; i < this.#rowCount; i++) {
      const row = this.#rows[i] as number
      const places = { first: firstInBatch[row] as number, next: this.#next, ids: this.#ids }
      writer.announce(log, audience ?? (source[row] as number), target, this.#out, row, places)
      firstInBatch[row] = -1
    }
    if (this.#withdrawn.length > mostLists) {
      this.#withdrawn = []
      this.#last = undefined
    }
    this.#rowCount = 0
    this.#count = 0
  }

  #listFor(audience: Audience): Withdrawals {
    const known = this.#withdrawn.find((list) => list.audience === audience)
    if (known !== undefined) return known
    const list = new Withdrawals(audience)
    this.#withdrawn.push(list)
    return list
  }
}
