import type { IpSet } from '../kernel.ts'
import { asWanted, type SavedSet, setChange, suspects } from './ip-set-text.ts'
import { parseSavedSets } from './saved-sets.ts'

/** What is known of the IP sets of ours in the kernel: as they were read, and written since. */
export class KnownSets {
  #sets: Map<string, SavedSet> | undefined

  /** By name; undefined: nothing is known. */
  get all(): ReadonlyMap<string, SavedSet> | undefined {
    return this.#sets
  }

  get(name: string): SavedSet | undefined {
    return this.#sets?.get(name)
  }

  has(name: string): boolean {
    return this.#sets?.has(name) === true
  }

  names(): readonly string[] {
    return [...(this.#sets?.keys() ?? [])]
  }

  /** @param output of `ipset save` */
  read(output: string): void {
    this.#sets = parseSavedSets(output)
  }

  /** Of all. */
  forget(): void {
    this.#sets = undefined
  }

  /** A set is not there any more, or nobody knows what it holds. */
  delete(name: string): void {
    this.#sets?.delete(name)
  }

  /** Whether each has as many members as were last seen or written. @param counts members by name */
  hasCounts(counts: ReadonlyMap<string, number>): boolean {
    return [...(this.#sets ?? [])].every(([name, { elements, members }]) => counts.get(name) === (elements ?? members.size))
  }

  /** Whether it is known in what the set differs from what is wanted; one that is not there differs in all. */
  canCompare(set: IpSet): boolean {
    const saved = this.get(set.name)
    return saved === undefined || suspects(set, saved) !== undefined
  }

  /**
   * All that may be written of a set is.
   *
   * @param isChanged whether that was anything
   * @param isPruned whether members that are not wanted may be removed
   * @returns whether it is as wanted
   */
  written(set: IpSet, maxMembers: number, { isChanged, isPruned }: { readonly isChanged: boolean; readonly isPruned: boolean }): boolean {
    const before = this.get(set.name)
    const isAsWanted = isPruned || before === undefined || setChange(set, before, true, maxMembers).commands.length === 0
    if (isAsWanted) this.#sets?.set(set.name, asWanted(set, maxMembers))
    else if (isChanged) this.#sets?.set(set.name, withMembersOf(set, before))
    return isAsWanted
  }
}

function withMembersOf(set: IpSet, before: SavedSet): SavedSet {
  const { type, family, maxMembers } = before
  return { type, family, maxMembers, members: new Set([...before.members, ...set.members, ...(suspects(set, before) ?? [])]) }
}
