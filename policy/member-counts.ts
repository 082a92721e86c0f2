import type { IpSetType } from '../felix/kernel.ts'
import type { Family } from '../src/net/address.ts'
import type { SetMember } from './set-item.ts'
import { bareAddress } from './set-source.ts'

const none: ReadonlySet<string> = new Set()

/** The members of one IP set, each counted: one address may come from two endpoints, and stays until both are gone. */
export class MemberCounts {
  readonly #counts: Readonly<Record<Family, Map<string, number>>> = { 4: new Map(), 6: new Map() }
  readonly #snapshots: Record<Family, ReadonlySet<string>> = { 4: none, 6: none }

  count({ family, text }: SetMember, by: 1 | -1): void {
    const counts = this.#counts[family]
    const now = (counts.get(text) ?? 0) + by
    if (now > 0) counts.set(text, now)
    else counts.delete(text)
  }

  /** In the words of a set of that type: `hash:net` has hosts with their length, `hash:ip` without. The same object as last time if it is the same. */
  of(family: Family, type: IpSetType): ReadonlySet<string> {
    const texts = [...this.#counts[family].keys()]
    const members = type === 'hash:net' ? texts : texts.map(bareAddress)
    const old = this.#snapshots[family]
    if (members.length !== old.size || members.some((text) => !old.has(text))) this.#snapshots[family] = new Set(members)
    return this.#snapshots[family]
  }
}
