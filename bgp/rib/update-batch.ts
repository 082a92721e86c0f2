import type { Audience, MessageLog } from './message-log.ts'
import type { OutSet } from './out-set.ts'
import { grown } from './path-table.ts'
import type { Target, UpdateWriter } from './update-writer.ts'

/** Changes that go out together: announcements by their attributes, withdrawals by their audience. Each prefix once per audience. */
export class UpdateBatch {
  #sets: OutSet[] = []
  #ids = new Int32Array(64)
  #next = new Int32Array(64)
  #count = 0
  readonly #withdrawn = new Map<Audience, number[]>()

  announce(prefix: number, set: OutSet): void {
    const place = this.#count++
    if (place === this.#ids.length) {
      this.#ids = grown(this.#ids, place)
      this.#next = grown(this.#next, place)
    }
    this.#ids[place] = prefix
    this.#next[place] = -1
    if (set.firstInBatch < 0) {
      set.firstInBatch = place
      this.#sets.push(set)
    } else this.#next[set.lastInBatch] = place
    set.lastInBatch = place
  }

  withdraw(prefix: number, audience: Audience): void {
    const prefixes = this.#withdrawn.get(audience)
    if (prefixes === undefined) this.#withdrawn.set(audience, [prefix])
    else prefixes.push(prefix)
  }

  /** Writes and forgets everything. @param audience of the announcements; undefined: all but the source of each */
  write(writer: UpdateWriter, log: MessageLog, target: Target, audience?: Audience): void {
    for (const [to, prefixes] of this.#withdrawn) writer.withdraw(log, to, target, prefixes, prefixes.length)
    for (const set of this.#sets) {
      writer.announce(log, audience ?? set.source, target, set, this.#next, this.#ids)
      set.firstInBatch = -1
    }
    this.#withdrawn.clear()
    if (this.#sets.length > 0) this.#sets = []
    this.#count = 0
  }
}
