import type { AddressFamily } from '../wire/message.ts'
import type { AdjRibIn } from './adj-rib-in.ts'
import type { AttributeTable } from './attribute-table.ts'
import type { FamilyTable } from './family-table.ts'
import { LongLivedSets } from './long-lived-sets.ts'
import type { PeerSlot } from './peer-slot.ts'

type Job = { readonly slot: PeerSlot; readonly table: FamilyTable; row: number }

/** Routes between two looks at the clock: each may need a set of attributes of its own. */
const stretch = 128

/** Stale routes that become long-lived (RFC 9494 §4.2), piece by piece: a peer may leave a million of them. */
export class LongLivedReview {
  readonly #attributes: AttributeTable
  readonly #in: AdjRibIn
  #jobs: readonly Job[] = []

  constructor(attributes: AttributeTable, adjRibIn: AdjRibIn) {
    this.#attributes = attributes
    this.#in = adjRibIn
  }

  begin(slot: PeerSlot, table: FamilyTable): void {
    this.finish(slot, table.family)
    this.#jobs = [...this.#jobs, { slot, table, row: 0 }]
  }

  /** @returns whether there is more to do */
  run(until: number): boolean {
    for (let job = this.#jobs[0]; job !== undefined; job = this.#jobs[0]) {
      if (this.#work(job, until)) return true
      this.#jobs = this.#jobs.slice(1)
    }
    return false
  }

  /** At once: other routes of the peer are about to become stale. */
  finish(slot: PeerSlot, family: AddressFamily): void {
    for (const job of this.cancel(slot, family)) this.#work(job, Number.POSITIVE_INFINITY)
  }

  /** The peer's stale routes are about to go. @returns what was not done */
  cancel(slot: PeerSlot, family: AddressFamily): readonly Job[] {
    const cancelled = this.#jobs.filter((job) => job.slot === slot && job.table.family === family)
    if (cancelled.length > 0) this.#jobs = this.#jobs.filter((job) => !cancelled.includes(job))
    return cancelled
  }

  /** Rows that the peer filled meanwhile are not stale. @returns whether there is more to do */
  #work(job: Job, until: number): boolean {
    const { slot, table } = job
    const { paths } = table
    // Between two pieces the number of a set may become another's.
    const sets = new LongLivedSets(this.#attributes, table.family)
    for (let count = 0; job.row < paths.length; job.row++) {
      if (paths.stale[job.row] === 0 || paths.peer[job.row] !== slot.id || !paths.has(job.row)) continue
      if (count++ === stretch) {
        if (performance.now() >= until) return true
        count = 1
      }
      this.#makeLongLived(job, sets)
    }
    return false
  }

  #makeLongLived({ slot, table, row }: Job, sets: LongLivedSets): void {
    const set = sets.of(table.paths.set[row] as number)
    if (set === undefined) {
      this.#in.drop(table, slot, row)
      return
    }
    this.#in.replace(table, slot, row, set)
    table.paths.stale[row] = 1
    slot.counts[table.family].stale++
  }
}
