import type { SavedTable } from './chains-text.ts'
import { isOwnChain, savedRule } from './saved-rules.ts'

/**
 * Compares what `iptables-save` prints of one table, while it prints it, with what is known to be in the kernel: our chains, those of
 * others that hold rules of ours, and which of ours rules of others lead to. Of 50,000 rules none is kept.
 */
export class SavedRulesComparison {
  readonly #known: SavedTable
  /** Chains of others that are known to hold rules of ours: there it matters what stands before and behind. */
  readonly #hooked: ReadonlySet<string>
  /** What is known and was not seen to its end. */
  readonly #left: Set<string>
  readonly #leftHolds: Set<string>
  /** Chains that are not as known. */
  readonly #strays = new Set<string>()
  #isHeldAsKnown = true
  #chain: string | undefined
  /** The place of the next rule in it. */
  #index = 0

  /** @param known what is written meanwhile is noted there too */
  constructor(known: SavedTable) {
    this.#known = known
    this.#hooked = new Set([...known.others].filter(([, rules]) => rules.some((rule) => rule !== undefined)).map(([name]) => name))
    this.#left = new Set([...known.own.keys(), ...this.#hooked])
    this.#leftHolds = new Set(known.heldByOthers)
  }

  onChain(chain: string): void {
    if (!isOwnChain(chain)) return
    const rules = this.#known.own.get(chain)
    if (rules === undefined) this.#strays.add(chain)
    else if (rules.length === 0) this.#left.delete(chain)
  }

  onRule(chain: string, line: string): void {
    if (chain !== this.#chain) {
      this.#chain = chain
      this.#index = 0
    }
    const { hash, holds } = savedRule(chain, line)
    if (!this.#isKnown(chain, hash)) this.#strays.add(chain)
    if (holds !== undefined) this.#takeHold(holds)
    this.#index += 1
    if (this.#index === this.#rulesOf(chain)?.length) this.#left.delete(chain)
  }

  /**
   * Whether all is as known. To be asked behind the last part.
   *
   * @param written chains that were written meanwhile, whole: what was seen of them says nothing. undefined: nobody knows which
   */
  isAsKnown(written: readonly string[] | undefined): boolean {
    if (written === undefined || !this.#isHeldAsKnown || this.#leftHolds.size > 0) return false
    const ours = new Set(written)
    return [...this.#left, ...this.#strays].every((chain) => ours.has(chain))
  }

  /** Whether the rule is the one that is known at this place. */
  #isKnown(chain: string, hash: string | undefined): boolean {
    const rules = this.#rulesOf(chain)
    if (rules === undefined) return hash === undefined && !isOwnChain(chain)
    const known = rules[this.#index]
    return this.#index < rules.length && (typeof known === 'object' ? known.hash : known) === hash
  }

  /** Of a chain in which it matters. */
  #rulesOf(chain: string) {
    return isOwnChain(chain) ? this.#known.own.get(chain) : this.#hooked.has(chain) ? this.#known.others.get(chain) : undefined
  }

  #takeHold(chain: string): void {
    if (this.#known.heldByOthers.has(chain)) this.#leftHolds.delete(chain)
    else this.#isHeldAsKnown = false
  }
}
