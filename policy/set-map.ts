const none: ReadonlySet<string> = new Set()

/** A map from a key to the texts filed under it; keys without any are not kept. */
export class SetMap {
  readonly #sets = new Map<string, Set<string>>()

  /** @returns `first` if the key was not there before */
  add(key: string, value: string): 'first' | undefined {
    const existing = this.#sets.get(key)
    existing?.add(value)
    if (existing !== undefined) return undefined
    this.#sets.set(key, new Set([value]))
    return 'first'
  }

  /** @returns `last` if the key went with it */
  delete(key: string, value: string): 'last' | undefined {
    const existing = this.#sets.get(key)
    if (!existing?.delete(value) || existing.size > 0) return undefined
    this.#sets.delete(key)
    return 'last'
  }

  get(key: string): ReadonlySet<string> {
    return this.#sets.get(key) ?? none
  }

  keys(): Iterable<string> {
    return this.#sets.keys()
  }
}
