/** All resources of one kind: by name, and in the order of namespace, name without sorting for each list. */
import type { StoredResource } from './datastore.ts'

export class SortedKind {
  /** By namespace, then name: texts that the resources have anyway. */
  readonly #namespaces = new Map<string, Map<string, StoredResource>>()
  #size = 0
  /** undefined: the next list sorts. */
  #sorted: StoredResource[] | undefined

  get size(): number {
    return this.#size
  }

  get(namespace: string, name: string): StoredResource | undefined {
    return this.#namespaces.get(namespace)?.get(name)
  }

  put(namespace: string, name: string, stored: StoredResource): void {
    const named = this.#namespaces.get(namespace) ?? new Map<string, StoredResource>()
    const before = named.get(name)
    named.set(name, stored)
    this.#namespaces.set(namespace, named)
    if (before === undefined) this.#size++
    this.#sorted?.splice(firstAt(this.#sorted, namespace, name), before === undefined ? 0 : 1, stored)
  }

  delete(namespace: string, name: string): void {
    const named = this.#namespaces.get(namespace)
    if (!named?.delete(name)) return
    if (named.size === 0) this.#namespaces.delete(namespace)
    this.#size--
    this.#sorted?.splice(firstAt(this.#sorted, namespace, name), 1)
  }

  /** In the order of namespace, name. The caller owns the list. @param namespace absent: all */
  list(namespace?: string): readonly StoredResource[] {
    const sorted = this.#sorted ?? [...this.#namespaces.values()].flatMap((named) => [...named.values()]).sort(byName)
    this.#sorted = sorted
    if (namespace === undefined) return [...sorted]
    return sorted.slice(firstAt(sorted, namespace, ''), firstAt(sorted, `${namespace}\0`, ''))
  }
}

/** The index of the first that is not before namespace, name. */
function firstAt(sorted: readonly StoredResource[], namespace: string, name: string): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    const { metadata } = (sorted[middle] as StoredResource).resource
    const isBefore = (compare(metadata.namespace ?? '', namespace) || compare(metadata.name, name)) < 0
    if (isBefore) low = middle + 1
    else high = middle
  }
  return low
}

function byName(a: StoredResource, b: StoredResource): number {
  const [left, right] = [a.resource.metadata, b.resource.metadata]
  return compare(left.namespace ?? '', right.namespace ?? '') || compare(left.name, right.name)
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
