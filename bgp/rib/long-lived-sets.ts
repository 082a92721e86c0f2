import { wellKnownCommunity } from '../policy/well-known-community.ts'
import type { AddressFamily } from '../wire/message.ts'
import type { AttributeTable } from './attribute-table.ts'

const { llgrStale, noLlgr } = wellKnownCommunity

/** What the attribute sets of a lost peer become when its routes are long-lived stale (RFC 9494 §4.2); each is looked at once. */
export class LongLivedSets {
  readonly #attributes: AttributeTable
  readonly #family: AddressFamily
  readonly #known = new Map<number, number | undefined>()

  constructor(attributes: AttributeTable, family: AddressFamily) {
    this.#attributes = attributes
    this.#family = family
  }

  /**
   * The set with LLGR_STALE. The caller holds it before it asks for the next, as long as it asks.
   * @returns undefined: NO_LLGR, its routes are not to be kept
   */
  of(set: number): number | undefined {
    if (this.#known.has(set)) return this.#known.get(set)
    const { attributes } = this.#attributes.get(set)
    const { communities = [] } = attributes
    const isMarked = communities.includes(llgrStale)
    const kept = communities.includes(noLlgr)
      ? undefined
      : isMarked
        ? set
        : this.#attributes.internDerived({ ...attributes, communities: [...communities, llgrStale] }, set, this.#family)
    this.#known.set(set, kept)
    return kept
  }
}
