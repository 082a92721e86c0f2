/** A collection by name that says what changed: each reader keeps the version it has seen and looks at nothing else. */
export interface Tracked<Item> {
  /** Grows by one with each change. */
  readonly version: number
  readonly size: number
  get(name: string): Item | undefined
  entries(): Iterable<readonly [name: string, item: Item]>
  /** The names put or deleted after `version`, in order, a name possibly more than once. undefined: nobody knows any more, all may have. */
  changedSince(version: number): readonly string[] | undefined
}

/** So many changes are remembered at least. */
const REMEMBERED = 1_024

export class TrackedMap<Item> implements Tracked<Item> {
  readonly #items = new Map<string, Item>()
  /** The names that changed, the last one by the change that made `version`. */
  #changes: string[] = []
  #version = 0

  get version(): number {
    return this.#version
  }

  get size(): number {
    return this.#items.size
  }

  get(name: string): Item | undefined {
    return this.#items.get(name)
  }

  entries(): Iterable<readonly [name: string, item: Item]> {
    return this.#items
  }

  changedSince(version: number): readonly string[] | undefined {
    const count = this.#version - version
    if (count > this.#changes.length) return undefined
    return count <= 0 ? [] : this.#changes.slice(-count)
  }

  /** The object that is there already is no change. */
  put(name: string, item: Item): void {
    if (this.#items.get(name) === item && this.#items.has(name)) return
    this.#items.set(name, item)
    this.#note(name)
  }

  delete(name: string): void {
    if (this.#items.delete(name)) this.#note(name)
  }

  /** Memory stays in proportion to what is there: of the changes, the older half is forgotten. */
  #note(name: string): void {
    this.#version++
    this.#changes.push(name)
    const most = Math.max(REMEMBERED, this.#items.size) * 2
    if (this.#changes.length > most) this.#changes = this.#changes.slice(most / 2)
  }
}
