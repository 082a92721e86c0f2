import type { Family } from '../src/net/address.ts'
import type { SetMember } from './set-item.ts'

const none: ReadonlySet<string> = new Set()

/** The members of one IP set, each counted: one address may come from two endpoints, and stays until both are gone. */
export class MemberCounts {
  readonly #counts: Readonly<Record<Family, Map<string, number>>> = { 4: new Map(), 6: new Map() }
  readonly #snapshots: Record<Family, ReadonlySet<string>> = { 4: none, 6: none }
  readonly #stale = new Set<Family>()

  count({ family, text }: SetMember, by: 1 | -1): void {
    const counts = this.#counts[family]
    const before = counts.get(text) ?? 0
    if (before + by > 0) counts.set(text, before + by)
    else counts.delete(text)
    if (before === 0 || before + by === 0) this.#stale.add(family)
  }

  /** The same object as last time if the members are the same. */
  of(family: Family): ReadonlySet<string> {
    if (!this.#stale.delete(family)) return this.#snapshots[family]
    const old = this.#snapshots[family]
    const counts = this.#counts[family]
    const same = counts.size === old.size && [...counts.keys()].every((text) => old.has(text))
    if (!same) this.#snapshots[family] = new Set(counts.keys())
    return this.#snapshots[family]
  }
}
