import type { Tracked } from './tracked.ts'

/** What is wanted in one kernel table: many things that tell their own changes, and a few that are stated whole each time. */
export class Stated<Item extends { readonly name: string }> {
  #tracked: Tracked<Item> | undefined
  /** The version of `tracked` that was seen last. */
  #seen = 0
  #list: readonly Item[] = []
  #few: ReadonlyMap<string, Item> = new Map()

  get size(): number {
    return (this.#tracked?.size ?? 0) + this.#few.size
  }

  get(name: string): Item | undefined {
    return this.#tracked?.get(name) ?? this.#few.get(name)
  }

  has(name: string): boolean {
    return this.get(name) !== undefined
  }

  *names(): Generator<string, void, undefined> {
    for (const [name] of this.#tracked?.entries() ?? []) yield name
    yield* this.#few.keys()
  }

  /**
   * What is wanted from now on.
   * @returns the names of what came, went or may have changed since the last call; undefined: any may have
   */
  state(few: readonly Item[], tracked: Tracked<Item> | undefined): ReadonlySet<string> | undefined {
    const changed = tracked === this.#tracked ? changesOf(tracked, this.#seen) : undefined
    this.#tracked = tracked
    this.#seen = tracked?.version ?? 0
    const changedFew = this.#stateFew(few)
    return changed && new Set([...changed, ...changedFew])
  }

  #stateFew(few: readonly Item[]): readonly string[] {
    if (few.length === this.#list.length && few.every((item, i) => item === this.#list[i])) return []
    const before = this.#few
    this.#list = few
    this.#few = new Map(few.map((item) => [item.name, item]))
    const names = [...new Set([...before.keys(), ...this.#few.keys()])]
    return names.filter((name) => before.get(name) !== this.#few.get(name))
  }
}

function changesOf(tracked: Tracked<unknown> | undefined, version: number): readonly string[] | undefined {
  return tracked === undefined ? [] : tracked.changedSince(version)
}
