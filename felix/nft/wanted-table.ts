import type { Family } from '../../src/net/address.ts'
import type { Chain, Hook, IpSet, TableName } from '../kernel.ts'
import type { PolicyState } from '../policy-writer.ts'
import { Stated } from '../stated.ts'
import { chainName, setName } from './names.ts'
import { closedChain, type NftChain, nftBaseChains, nftChain, setNamesIn } from './nft-chain.ts'
import type { NftSet } from './set-elements.ts'
import { isGuarded, READABLE, readableRules } from './unreadable-packets.ts'
import { WantedChain } from './wanted-chain.ts'

const tableNames = ['filter', 'nat', 'mangle', 'raw'] as const

/** What is wanted in our table of one family, by the names of nf_tables, and what of it changed. */
export class WantedTable {
  readonly chains = new Map<string, WantedChain>()
  readonly sets = new Map<string, NftSet>()
  /** Why, by name. */
  readonly refusedSets = new Map<string, string>()
  readonly closedChains = new Set<string>()
  readonly #family: Family
  readonly #stated: Readonly<Record<TableName, Stated<Chain>>>
  readonly #statedSets = new Stated<IpSet>()
  #hooks: readonly Hook[] = []
  /** The chains that have what cannot be read dropped first. */
  readonly #guarded: Readonly<Record<TableName, Set<string>>> = { filter: new Set(), nat: new Set(), mangle: new Set(), raw: new Set() }
  readonly #touchedChains = new Set<string>()
  readonly #touchedSets = new Set<string>()

  constructor(family: Family) {
    this.#family = family
    this.#stated = { filter: new Stated(), nat: new Stated(), mangle: new Stated(), raw: new Stated() }
  }

  get isEmpty(): boolean {
    return this.chains.size + this.sets.size === 0
  }

  /** The chains and sets that changed, came or went since `settle`. */
  get touchedChains(): ReadonlySet<string> {
    return this.#touchedChains
  }

  get touchedSets(): ReadonlySet<string> {
    return this.#touchedSets
  }

  /** How many sets and chains the kernel has refused. */
  get refusals(): number {
    return this.refusedSets.size + this.closedChains.size
  }

  /** What is wanted from now on; only what changed is taken over. */
  state({ policy, ipSets, chains, hooks }: PolicyState): void {
    const isHere = ({ family }: { readonly family: Family }) => family === this.#family
    for (const table of tableNames) {
      const stated = this.#stated[table]
      const here = chains.filter((chain) => isHere(chain) && chain.table === table)
      const changed = stated.state(here, policy?.chains[table][this.#family])
      for (const name of changed ?? this.#allOf(table, stated)) this.#takeChain({ table, name }, stated.get(name))
    }
    const changed = this.#statedSets.state(ipSets.filter(isHere), policy?.ipSets)
    for (const name of changed ?? new Set([...this.#statedSets.names(), ...this.#ipSetNames()])) this.#takeIpSet(name)
    this.#takeHooks([...(policy?.hooks ?? []), ...hooks].filter(isHere))
  }

  /** All that was touched is in the kernel. */
  settle(): void {
    this.#touchedChains.clear()
    this.#touchedSets.clear()
  }

  /**
   * From now on the chain is wanted closed, until it is wanted anew or `reopen`.
   * @returns false for one that others than workloads go through: closed, it would cut off the node
   */
  closeChain(name: string, reason: string): boolean {
    const wanted = this.chains.get(name)
    if (wanted === undefined || wanted.refused !== undefined || this.#isTrunk(wanted.chain)) return false
    const chain = closedChain(wanted.chain)
    this.chains.set(name, new WantedChain(chain, reason))
    this.closedChains.add(name)
    this.#touchedChains.add(name)
    if (wanted.chain.dispatch !== undefined) this.#takeMap(name, undefined)
    return true
  }

  /** A set that cannot be filled is left alone, and the chains that ask it are closed: what is missing might be what they deny. */
  closeSet(name: string, reason: string): boolean {
    if (!this.sets.has(name) || this.refusedSets.has(name)) return false
    this.refusedSets.set(name, reason)
    for (const [chain, { chain: wanted }] of this.chains) {
      if (setNamesIn(wanted).includes(name) && !this.closeChain(chain, `its set ${name}: ${reason}`)) return false
    }
    return true
  }

  /** What was refused is wanted as it was stated again. */
  reopen(): void {
    for (const name of this.refusedSets.keys()) this.#touchedSets.add(name)
    this.refusedSets.clear()
    for (const name of this.closedChains) {
      const table = this.chains.get(name)?.chain.table ?? 'filter'
      const place = { table, name: name.slice(table.length + 1) }
      this.#takeChain(place, this.#stated[table].get(place.name))
    }
  }

  #takeChain(place: Pick<Chain, 'table' | 'name'>, stated: Chain | undefined): void {
    const name = chainName(place)
    const chain = stated === undefined || stated.branch ? undefined : nftChain(stated)
    this.#touchedChains.add(name)
    this.closedChains.delete(name)
    this.#takeMap(name, chain?.dispatch?.map)
    if (chain === undefined) this.chains.delete(name)
    else this.#takeOpen(name, chain)
    if (chain !== undefined && isGuarded(chain.rules)) this.#guarded[place.table].add(name)
    else this.#guarded[place.table].delete(name)
    this.#takeGuard(place.table)
  }

  #takeGuard(table: TableName): void {
    const name = chainName({ table, name: READABLE })
    const isWanted = this.#guarded[table].size > 0
    if (isWanted === this.chains.has(name)) return
    this.#touchedChains.add(name)
    if (isWanted) this.chains.set(name, new WantedChain({ family: this.#family, table, name, rules: readableRules(this.#family) }))
    else this.chains.delete(name)
  }

  /** Unless it asks a set that is refused: that one may hold less, or more, than it should. */
  #takeOpen(name: string, chain: NftChain): void {
    this.chains.set(name, new WantedChain(chain))
    if (this.refusedSets.size === 0) return
    const refused = setNamesIn(chain).find((set) => this.refusedSets.has(set))
    if (refused !== undefined) this.closeChain(name, `its set ${refused}: ${this.refusedSets.get(refused)}`)
  }

  #takeMap(name: string, map: NftSet | undefined): void {
    if (map === undefined && this.sets.get(name)?.type !== 'map') return
    this.#takeSet(name, map)
  }

  /** Those of both families are in one list. */
  #takeIpSet(name: string): void {
    const stated = this.#statedSets.get(name)
    const { type, family, members } = stated ?? {}
    const isHere = type !== undefined && family === this.#family && members !== undefined
    this.#takeSet(setName(name), isHere ? { family, name: setName(name), type, members } : undefined)
  }

  #takeSet(name: string, set: NftSet | undefined): void {
    this.#touchedSets.add(name)
    this.refusedSets.delete(name)
    if (set === undefined) this.sets.delete(name)
    else this.sets.set(name, set)
  }

  #takeHooks(hooks: readonly Hook[]): void {
    if (hooks.length === this.#hooks.length && hooks.every((hook, i) => hook === this.#hooks[i])) return
    this.#hooks = hooks
    const wanted = new Map(nftBaseChains(hooks).map((chain) => [chain.name, chain]))
    const before = [...this.chains.values()].filter(({ chain }) => chain.place !== undefined).map(({ chain }) => chain.name)
    for (const name of new Set([...before, ...wanted.keys()])) {
      const chain = wanted.get(name)
      this.#touchedChains.add(name)
      if (chain === undefined) this.chains.delete(name)
      else this.chains.set(name, new WantedChain(chain))
    }
  }

  #isTrunk({ name, table, place }: NftChain): boolean {
    return (
      place !== undefined ||
      name === chainName({ table, name: READABLE }) ||
      this.#hooks.some(({ rule: { action } }) => 'chain' in action && chainName({ table, name: action.chain }) === name)
    )
  }

  #allOf(table: TableName, stated: Stated<Chain>): ReadonlySet<string> {
    const before = [...this.chains.values()].filter(({ chain }) => chain.table === table && chain.place === undefined)
    const names = new Set([...stated.names(), ...before.map(({ chain }) => chain.name.slice(table.length + 1))])
    names.delete(READABLE)
    return names
  }

  #ipSetNames(): readonly string[] {
    return [...this.sets.values()].filter(({ type }) => type !== 'map').map(({ name }) => name)
  }
}
