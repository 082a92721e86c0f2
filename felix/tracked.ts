/** Content that tells its own changes: each reader keeps the version it has seen and looks at nothing else. */
export interface Changes {
  /** Grows by one with each change. */
  readonly version: number
  /** The names that changed after `version`, in order, a name possibly more than once. undefined: nobody knows any more, all may have. */
  changedSince(version: number): readonly string[] | undefined
}

/** A collection by name that says which were put, deleted or touched. */
export interface Tracked<Item> extends Changes {
  readonly size: number
  get(name: string): Item | undefined
  entries(): Iterable<readonly [name: string, item: Item]>
}

/** So many changes are remembered at least. */
const REMEMBERED = 1_024
/** Who is further behind than by this share of what is there looks at all of it as quickly. */
const SHARE_REMEMBERED = 1 / 4

/** The last changes of one collection, in memory that is bounded by its size. */
export class ChangeLog implements Changes {
  #names: string[] = []
  #version = 0

  get version(): number {
    return this.#version
  }

  changedSince(version: number): readonly string[] | undefined {
    const count = this.#version - version
    if (count > this.#names.length) return undefined
    return count <= 0 ? [] : this.#names.slice(-count)
  }

  /** @param size of the collection now */
  note(name: string, size: number): void {
    this.#version++
    this.#names.push(name)
    const kept = Math.floor(Math.max(REMEMBERED, size * SHARE_REMEMBERED))
    if (this.#names.length > 2 * kept) this.#names = this.#names.slice(-kept)
  }
}

export class TrackedMap<Item> implements Tracked<Item> {
  readonly #items = new Map<string, Item>()
  readonly #log = new ChangeLog()

  get version(): number {
    return this.#log.version
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
    return this.#log.changedSince(version)
  }

  /** The object that is there already is no change. */
  put(name: string, item: Item): void {
    if (this.#items.get(name) === item && this.#items.has(name)) return
    this.#items.set(name, item)
    this.touch(name)
  }

  delete(name: string): void {
    if (this.#items.delete(name)) this.touch(name)
  }

  /** An item is the same object, and something inside it changed. */
  touch(name: string): void {
    this.#log.note(name, this.#items.size)
  }
}
