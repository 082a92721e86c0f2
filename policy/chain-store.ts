import type { Chain } from '../felix/kernel.ts'
import { compareText } from './resource-key.ts'

/** The wanted chains by who made them. A chain that comes out as before stays the same object, so that writers can skip it. */
export class ChainStore {
  readonly #chains = new Map<string, Chain>()
  readonly #keysOf = new Map<string, readonly string[]>()
  #sortedKeys: readonly string[] | undefined = []
  #list: readonly Chain[] | undefined = []

  /** Replaces all chains of one owner; [] when it has none any more. */
  put(owner: string, chains: readonly Chain[]): void {
    const keys = chains.map(keyOf)
    const kept = new Set(keys)
    for (const key of this.#keysOf.get(owner) ?? []) if (!kept.has(key)) this.#delete(key)
    for (const chain of chains) this.#set(keyOf(chain), chain)
    if (keys.length === 0) this.#keysOf.delete(owner)
    else this.#keysOf.set(owner, keys)
  }

  /** All of them by family, table and name; the same array while nothing changed. */
  list(): readonly Chain[] {
    this.#sortedKeys ??= [...this.#chains.keys()].toSorted(compareText)
    this.#list ??= this.#sortedKeys.flatMap((key) => this.#chains.get(key) ?? [])
    return this.#list
  }

  #set(key: string, chain: Chain): void {
    const old = this.#chains.get(key)
    if (old !== undefined && same(old, chain)) return
    this.#chains.set(key, chain)
    this.#list = undefined
    if (old === undefined) this.#sortedKeys = undefined
  }

  #delete(key: string): void {
    this.#chains.delete(key)
    this.#list = undefined
    this.#sortedKeys = undefined
  }
}

function keyOf({ family, table, name }: Chain): string {
  return `${family} ${table} ${name}`
}

/** Chains are made of plain data in a fixed order of fields, so equal text means equal content. */
function same(a: Chain, b: Chain): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
