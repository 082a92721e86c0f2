import type { IpSetType, Members } from '../../felix/kernel.ts'
import type { Family } from '../../src/net/address.ts'
import { bareAddress } from '../../src/net/prefix.ts'
import type { MemberCounts } from './member-counts.ts'

/** Counted members in the words of a set of one type: `hash:net` has hosts with their length, as CIDRs; they are counted without. */
export class SetMembers implements Members {
  readonly #counts: MemberCounts
  readonly #hostLength: string

  constructor(counts: MemberCounts, family: Family, type: IpSetType) {
    this.#counts = counts
    this.#hostLength = type === 'hash:net' ? `/${family === 4 ? 32 : 128}` : ''
  }

  get size(): number {
    return this.#counts.size
  }

  get version(): number {
    return this.#counts.log.version
  }

  has(member: string): boolean {
    return this.#counts.has(this.#hostLength === '' ? member : bareAddress(member))
  }

  *[Symbol.iterator](): Generator<string, void, undefined> {
    for (const text of this.#counts.keys()) yield this.#spell(text)
  }

  changedSince(version: number): readonly string[] | undefined {
    const texts = this.#counts.log.changedSince(version)
    return this.#hostLength === '' ? texts : texts?.map((text) => this.#spell(text))
  }

  #spell(text: string): string {
    return this.#hostLength === '' || text.includes('/') ? text : text + this.#hostLength
  }
}
