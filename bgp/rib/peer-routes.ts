import type { AddressFamily } from '../wire/message.ts'
import type { AdjRibIn } from './adj-rib-in.ts'
import type { AttributeTable } from './attribute-table.ts'
import type { FamilyTable } from './family-table.ts'
import { LongLivedReview } from './long-lived-review.ts'
import type { PeerSlot } from './peer-slot.ts'

/** What becomes of all routes of one peer and family together: when its session ends, when it restarts, when its time is over. */
export class PeerRoutes {
  readonly #tables: Readonly<Record<AddressFamily, FamilyTable>>
  readonly #in: AdjRibIn
  readonly #longLived: LongLivedReview

  constructor(tables: Readonly<Record<AddressFamily, FamilyTable>>, adjRibIn: AdjRibIn, attributes: AttributeTable) {
    this.#tables = tables
    this.#in = adjRibIn
    this.#longLived = new LongLivedReview(attributes, adjRibIn)
  }

  /** @param act may drop the row that it is told of, no other */
  each(slot: PeerSlot, family: AddressFamily, act: (table: FamilyTable, row: number) => void): void {
    const table = this.#tables[family]
    let next: number
    for (let row = table.paths.firstOfPeer(slot.id); row >= 0; row = next) {
      next = table.paths.nextOfPeer[row] as number
      act(table, row)
    }
  }

  /** Their prefixes are decided anew. */
  markChanged(slot: PeerSlot, family: AddressFamily): void {
    this.each(slot, family, (table, row) => table.markChanged(table.paths.prefix[row] as number))
  }

  drop(slot: PeerSlot, family: AddressFamily): void {
    this.#longLived.cancel(slot, family)
    this.each(slot, family, (table, row) => this.#in.drop(table, slot, row))
  }

  /** Kept for a peer that restarts (RFC 4724 §4.2) or tells all again (RFC 7313 §4.2). Saying so again and again costs nothing more. */
  markStale(slot: PeerSlot, family: AddressFamily): void {
    const { received, stale } = slot.counts[family]
    if (stale === received) return
    this.#longLived.finish(slot, family)
    this.each(slot, family, (table, row) => {
      if (table.paths.stale[row] !== 0) return
      table.paths.stale[row] = 1
      slot.counts[family].stale++
    })
  }

  /** Drops what was not told again. */
  sweepStale(slot: PeerSlot, family: AddressFamily): void {
    if (slot.counts[family].stale === 0) return
    this.#longLived.cancel(slot, family)
    this.each(slot, family, (table, row) => {
      if (table.paths.stale[row] !== 0) this.#in.drop(table, slot, row)
    })
  }

  /** What is stale stays with LLGR_STALE, or goes with NO_LLGR (RFC 9494 §4.2); `run` does it. */
  makeLongLived(slot: PeerSlot, family: AddressFamily): void {
    if (slot.counts[family].stale > 0) this.#longLived.begin(slot, this.#tables[family])
  }

  /** Does what was not done at once. @param until of the clock of `performance.now` @returns whether there is more to do */
  run(until: number): boolean {
    return this.#longLived.run(until)
  }
}
