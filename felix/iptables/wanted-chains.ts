import type { Chain, Rule } from '../kernel.ts'
import { Stated } from '../stated.ts'
import type { Tracked } from '../tracked.ts'
import { sameHashes } from './chain-diff.ts'
import { hashRules } from './chain-hash.ts'
import { ClosedChains } from './closed-chains.ts'
import type { RulesPlace } from './nft-changes.ts'

/** @property hashes of its rules, or of those that close it */
export type HashedChain = { readonly chain: Chain; readonly hashes: readonly string[] }

/**
 * The chains of one table as they are wanted: each with the hashes of what is to stand in the kernel, which is something else where it is
 * closed. Text and hashes of what is stated are made when somebody asks for them: of one family while the kernel takes the other.
 */
export class WantedChains {
  readonly closed = new ClosedChains()
  readonly #place: RulesPlace
  readonly #onRewrite: (name: string) => void
  readonly #stated = new Stated<Chain>()
  readonly #hashed = new Map<string, HashedChain>()
  /** Stated, and not asked for since. */
  readonly #unhashed = new Map<string, Chain>()
  /** What chains are written with, by name, until `forgetLines`: their text is made once. */
  readonly #lines = new Map<string, readonly string[]>()

  /** @param onRewrite told each chain that is to have other rules than before */
  constructor(place: RulesPlace, onRewrite: (name: string) => void) {
    this.#place = place
    this.#onRewrite = onRewrite
  }

  get all(): ReadonlyMap<string, HashedChain> {
    this.hashStated()
    return this.#hashed
  }

  /** Otherwise it is done when somebody asks for a hash. */
  hashStated(): void {
    this.#rehash(this.#unhashed.keys())
  }

  has(name: string): boolean {
    return this.#chainOf(name) !== undefined
  }

  ownerOf(name: string): string | undefined {
    return this.#chainOf(name)?.owner
  }

  hashesOf(name: string): readonly string[] {
    return this.all.get(name)?.hashes ?? []
  }

  /**
   * What is wanted from now on: a few chains, whole, and those that tell what changed among them.
   * @returns the chains that came, went or are others; `isWhole`: it is not known that these are all
   */
  state(chains: readonly Chain[], tracked?: Tracked<Chain>): { readonly changed: readonly string[]; readonly isWhole: boolean } {
    const told = this.#stated.state(chains, tracked)
    const names = [...(told ?? new Set([...this.all.keys(), ...this.#stated.names()]))]
    return { changed: names.filter((name) => this.#stateChain(name)), isWhole: told === undefined }
  }

  /** IP sets that are not as wanted, with the reason. @returns the chains that closed or opened by it */
  setBroken(sets: ReadonlyMap<string, string>): readonly string[] {
    const changed = this.closed.setBroken(sets, this.#chains())
    this.#rehash(changed)
    return changed
  }

  /** The kernel refused these, for these reasons: something else is to stand there. */
  close(culprits: ReadonlyMap<string, string>, nowMs: number): void {
    this.closed.close(culprits)
    this.closed.tried(nowMs)
    this.#rehash(culprits.keys())
  }

  /** Those that were refused were tried again, and these were taken. */
  open(names: readonly string[], nowMs: number): void {
    for (const name of names) this.closed.open(name)
    this.closed.tried(nowMs)
    this.#rehash(names)
  }

  /** What stands after "-A CHAIN " in restore input, closed where it is. */
  linesOf(name: string): readonly string[] {
    const rules = () => this.closed.rulesOf(name, this.#place.table) ?? this.#chainOf(name)?.rules ?? []
    return this.#lines.get(name) ?? this.textOf(name, rules())
  }

  /** The same, not closed. */
  openLinesOf(name: string): readonly string[] {
    return this.textOf(name, this.#chainOf(name)?.rules ?? [])
  }

  textOf(name: string, rules: readonly Rule[]): readonly string[] {
    return hashRules(name, rules, this.#place.family).lines
  }

  /** All is written: their text is not needed any more. */
  forgetLines(): void {
    this.#lines.clear()
  }

  /** All, as they are wanted. */
  *#chains(): Generator<Chain, void, undefined> {
    for (const { chain } of this.all.values()) yield chain
  }

  /** These were closed or opened. */
  #rehash(names: Iterable<string>): void {
    for (const name of names) {
      const chain = this.#chainOf(name)
      if (chain !== undefined) this.#hash(chain)
    }
  }

  /** @returns whether it is another now */
  #stateChain(name: string): boolean {
    const chain = this.#stated.get(name)
    if (this.#chainOf(name) === chain) return false
    this.closed.restated(name, chain)
    this.#lines.delete(name)
    if (chain !== undefined) this.#unhashed.set(name, chain)
    else {
      this.#hashed.delete(name)
      this.#unhashed.delete(name)
    }
    return true
  }

  #chainOf(name: string): Chain | undefined {
    return this.#unhashed.get(name) ?? this.#hashed.get(name)?.chain
  }

  #hash(chain: Chain): void {
    const { name, rules } = chain
    const before = this.#hashed.get(name)
    const { table, family } = this.#place
    const { hashes, lines } = hashRules(name, this.closed.rulesOf(name, table) ?? rules, family)
    this.#lines.set(name, lines)
    this.#hashed.set(name, { chain, hashes })
    this.#unhashed.delete(name)
    if (before === undefined || !sameHashes(hashes, before.hashes)) this.#onRewrite(name)
  }
}
