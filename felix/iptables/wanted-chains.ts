import type { Chain, Rule } from '../kernel.ts'
import { Stated } from '../stated.ts'
import type { Tracked } from '../tracked.ts'
import { sameHashes } from './chain-diff.ts'
import { hashRules } from './chain-hash.ts'
import { ClosedChains } from './closed-chains.ts'
import type { RulesPlace } from './nft-changes.ts'

/** @property hashes of its rules, or of those that close it */
export type HashedChain = { readonly chain: Chain; readonly hashes: readonly string[] }

/** The chains of one table as they are wanted: each with the hashes of what is to stand in the kernel, which is something else where it is closed. */
export class WantedChains {
  readonly closed = new ClosedChains()
  readonly #place: RulesPlace
  readonly #onRewrite: (name: string) => void
  readonly #stated = new Stated<Chain>()
  readonly #chains = new Map<string, HashedChain>()
  /** What chains are written with, by name, until `forgetLines`: their text is made once. */
  readonly #lines = new Map<string, readonly string[]>()

  /** @param onRewrite told each chain that is to have other rules than before */
  constructor(place: RulesPlace, onRewrite: (name: string) => void) {
    this.#place = place
    this.#onRewrite = onRewrite
  }

  get all(): ReadonlyMap<string, HashedChain> {
    return this.#chains
  }

  hashesOf(name: string): readonly string[] {
    return this.#chains.get(name)?.hashes ?? []
  }

  /**
   * What is wanted from now on: a few chains, whole, and those that tell what changed among them.
   * @returns the chains that came, went or are others; `isWhole`: it is not known that these are all
   */
  state(chains: readonly Chain[], tracked?: Tracked<Chain>): { readonly changed: readonly string[]; readonly isWhole: boolean } {
    const told = this.#stated.state(chains, tracked)
    const names = [...(told ?? new Set([...this.#chains.keys(), ...this.#stated.names()]))]
    return { changed: names.filter((name) => this.#stateChain(name)), isWhole: told === undefined }
  }

  /** IP sets that are not as wanted, with the reason. @returns the chains that closed or opened by it */
  setBroken(sets: ReadonlyMap<string, string>): readonly string[] {
    const changed = this.closed.setBroken(sets, this.#open())
    this.rehash(changed)
    return changed
  }

  /** These were closed or opened. */
  rehash(names: Iterable<string>): void {
    for (const name of names) {
      const chain = this.#chains.get(name)?.chain
      if (chain !== undefined) this.#hash(chain)
    }
  }

  /** What stands after "-A CHAIN " in restore input, closed where it is. */
  linesOf(name: string): readonly string[] {
    const rules = () => this.closed.rulesOf(name, this.#place.table) ?? this.#chains.get(name)?.chain.rules ?? []
    return this.#lines.get(name) ?? this.textOf(name, rules())
  }

  /** The same, not closed. */
  openLinesOf(name: string): readonly string[] {
    return this.textOf(name, this.#chains.get(name)?.chain.rules ?? [])
  }

  textOf(name: string, rules: readonly Rule[]): readonly string[] {
    return hashRules(name, rules, this.#place.family).lines
  }

  /** All is written: their text is not needed any more. */
  forgetLines(): void {
    this.#lines.clear()
  }

  /** All, as they are wanted. */
  *#open(): Generator<Chain, void, undefined> {
    for (const { chain } of this.#chains.values()) yield chain
  }

  /** @returns whether it is another now */
  #stateChain(name: string): boolean {
    const chain = this.#stated.get(name)
    if (this.#chains.get(name)?.chain === chain) return false
    this.closed.restated(name, chain)
    if (chain !== undefined) this.#hash(chain)
    else {
      this.#chains.delete(name)
      this.#lines.delete(name)
    }
    return true
  }

  #hash(chain: Chain): void {
    const { name, rules } = chain
    const before = this.#chains.get(name)
    const { table, family } = this.#place
    const { hashes, lines } = hashRules(name, this.closed.rulesOf(name, table) ?? rules, family)
    this.#lines.set(name, lines)
    this.#chains.set(name, { chain, hashes })
    if (before === undefined || !sameHashes(hashes, before.hashes)) this.#onRewrite(name)
  }
}
