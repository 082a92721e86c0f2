import type { Chain, PolicyProgram, TableName } from '../felix/kernel.ts'
import { TrackedMap } from '../felix/tracked.ts'
import type { Family } from '../src/net/address.ts'

type Tables = Readonly<Record<TableName, Readonly<Record<Family, TrackedMap<Chain>>>>>

/** The wanted chains by who made them. A chain that comes out as before stays the same object, and is no change. */
export class ChainStore {
  readonly #tables: Tables = { filter: families(), nat: families(), mangle: families(), raw: families() }
  readonly #chainsOf = new Map<string, readonly Chain[]>()
  /** By chain name; made when somebody asks. */
  #owners: ReadonlyMap<string, string> | undefined

  /** Each table with what changed in it: the same object for good. */
  get tables(): PolicyProgram['chains'] {
    return this.#tables
  }

  /** Replaces all chains of one owner; [] when it has none any more. */
  put(owner: string, chains: readonly Chain[]): void {
    this.#owners = undefined
    const before = this.#chainsOf.get(owner)
    if (before !== undefined) this.#deleteAllBut(chains, before)
    const now = chains.map((chain) => this.#put(chain))
    if (now.length === 0) this.#chainsOf.delete(owner)
    else this.#chainsOf.set(owner, now)
  }

  /** Who made the chains of that name. */
  ownerOf(name: string): string | undefined {
    this.#owners ??= new Map([...this.#chainsOf].flatMap(([owner, chains]) => chains.map((chain): [string, string] => [chain.name, owner])))
    return this.#owners.get(name)
  }

  #deleteAllBut(chains: readonly Chain[], before: readonly Chain[]): void {
    const kept = new Set(chains.map(placeOf))
    for (const chain of before) if (!kept.has(placeOf(chain))) this.#tables[chain.table][chain.family].delete(chain.name)
  }

  /** @returns the one that is there, if it is equal */
  #put(chain: Chain): Chain {
    const chains = this.#tables[chain.table][chain.family]
    const old = chains.get(chain.name)
    if (old !== undefined && same(old, chain)) return old
    chains.put(chain.name, chain)
    return chain
  }
}

function families(): Readonly<Record<Family, TrackedMap<Chain>>> {
  return { 4: new TrackedMap(), 6: new TrackedMap() }
}

function placeOf({ family, table, name }: Chain): string {
  return `${family} ${table} ${name}`
}

/** Chains are made of plain data in a fixed order of fields, so equal text means equal content. */
function same(a: Chain, b: Chain): boolean {
  return a.rules.length === b.rules.length && JSON.stringify(a) === JSON.stringify(b)
}
