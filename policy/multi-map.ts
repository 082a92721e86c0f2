class Several<Value> extends Set<Value> {}

/** Values filed under keys. Where there is one under a key, as nearly always, it needs no set of its own. */
export class MultiMap<Key, Value> {
  readonly #filed = new Map<Key, Value | Several<Value>>()

  get size(): number {
    return this.#filed.size
  }

  add(key: Key, value: Value): void {
    const filed = this.#filed.get(key)
    if (filed instanceof Several) filed.add(value)
    else if (filed === undefined) this.#filed.set(key, value)
    else if (filed !== value) this.#filed.set(key, new Several([filed, value]))
  }

  delete(key: Key, value: Value): void {
    const filed = this.#filed.get(key)
    if (!(filed instanceof Several)) {
      if (filed === value) this.#filed.delete(key)
      return
    }
    filed.delete(value)
    if (filed.size > 1) return
    for (const only of filed) this.#filed.set(key, only)
  }

  /** In the order they came. */
  *get(key: Key): Generator<Value, void, undefined> {
    const filed = this.#filed.get(key)
    if (filed instanceof Several) yield* filed
    else if (filed !== undefined) yield filed
  }

  /** How many there are under a key. */
  count(key: Key): number {
    const filed = this.#filed.get(key)
    if (filed instanceof Several) return filed.size
    return filed === undefined ? 0 : 1
  }

  keys(): Iterable<Key> {
    return this.#filed.keys()
  }
}
