import { orchestratorLabel } from './effective-selector.ts'
import { matches } from './selector/evaluate.ts'
import { restrictions } from './selector/restrictions.ts'
import type { Selector } from './selector/selector.ts'
import { SetMap } from './set-map.ts'

export type Labels = ReadonlyMap<string, string>

/** Where a selector waits for candidates: under one label's values, under one label, or among those that any object may match. */
type Placement =
  | { readonly type: 'values'; readonly label: string; readonly values: readonly string[] }
  | { readonly type: 'label'; readonly label: string }
  | { readonly type: 'scan' }

/** Presence alone ranks behind any list of values; the orchestrator, the same on nearly all, behind any other label's values. */
const manyValues = 1_000_000

type Entry = { readonly selector: Selector; readonly placement: Placement; readonly items: Set<string> }
type Item = { readonly labels: Labels; readonly selectors: Set<string> }

/**
 * Which items match which selectors, kept as either changes. The work of a change grows with the candidates its labels leave
 * over, not with selectors times items. Items and selectors are named by the caller (selectors: their canonical text).
 */
export class LabelIndex {
  readonly #onMatch: (selector: string, item: string, matched: boolean) => void
  readonly #selectors = new Map<string, Entry>()
  readonly #items = new Map<string, Item>()
  /** Selectors and items by the places where they look for each other. */
  readonly #waiting = new SetMap()
  readonly #having = new SetMap()

  /** @param onMatch told of each match that begins or ends, while the change is being made */
  constructor(onMatch: (selector: string, item: string, matched: boolean) => void) {
    this.#onMatch = onMatch
  }

  putItem(id: string, labels: Labels): void {
    const old = this.#items.get(id)
    const item: Item = { labels, selectors: old?.selectors ?? new Set() }
    if (old !== undefined) for (const place of placesOf(old.labels)) this.#having.delete(place, id)
    for (const place of placesOf(labels)) this.#having.add(place, id)
    this.#items.set(id, item)
    const candidates = new Set(item.selectors)
    for (const place of placesOf(labels)) for (const name of this.#waiting.get(place)) candidates.add(name)
    for (const name of candidates) this.#evaluate(name, id)
  }

  deleteItem(id: string): void {
    const item = this.#items.get(id)
    if (item === undefined) return
    for (const name of item.selectors) this.#set(name, id, false)
    for (const place of placesOf(item.labels)) this.#having.delete(place, id)
    this.#items.delete(id)
  }

  putSelector(name: string, selector: Selector): void {
    if (this.#selectors.has(name)) return
    const placement = placementOf(selector)
    this.#selectors.set(name, { selector, placement, items: new Set() })
    for (const place of waitingPlaces(placement)) {
      this.#waiting.add(place, name)
      for (const id of this.#having.get(place)) this.#evaluate(name, id)
    }
  }

  deleteSelector(name: string): void {
    const entry = this.#selectors.get(name)
    if (entry === undefined) return
    for (const id of entry.items) this.#set(name, id, false)
    for (const place of waitingPlaces(entry.placement)) this.#waiting.delete(place, name)
    this.#selectors.delete(name)
  }

  /** The selectors an item matches now. */
  selectorsOf(id: string): ReadonlySet<string> {
    return this.#items.get(id)?.selectors ?? new Set()
  }

  /** The items a selector matches now. */
  itemsOf(name: string): ReadonlySet<string> {
    return this.#selectors.get(name)?.items ?? new Set()
  }

  /** The items that a selector would match; it need not be there. */
  itemsMatching(selector: Selector): readonly string[] {
    const candidates = new Set<string>()
    for (const place of waitingPlaces(placementOf(selector))) for (const id of this.#having.get(place)) candidates.add(id)
    return [...candidates].filter((id) => {
      const item = this.#items.get(id)
      return item !== undefined && matches(selector, item.labels)
    })
  }

  /** The selectors that an item with these labels would match; it need not be there. */
  matching(labels: Labels): readonly string[] {
    const candidates = new Set<string>()
    for (const place of placesOf(labels)) for (const name of this.#waiting.get(place)) candidates.add(name)
    return [...candidates].filter((name) => {
      const entry = this.#selectors.get(name)
      return entry !== undefined && matches(entry.selector, labels)
    })
  }

  #evaluate(name: string, id: string): void {
    const entry = this.#selectors.get(name)
    const item = this.#items.get(id)
    if (entry !== undefined && item !== undefined) this.#set(name, id, matches(entry.selector, item.labels))
  }

  #set(name: string, id: string, matched: boolean): void {
    const entry = this.#selectors.get(name)
    const item = this.#items.get(id)
    if (entry === undefined || item === undefined || entry.items.has(id) === matched) return
    if (matched) {
      entry.items.add(id)
      item.selectors.add(name)
    } else {
      entry.items.delete(id)
      item.selectors.delete(name)
    }
    this.#onMatch(name, id, matched)
  }
}

/** Fewest values first, then presence of a label; absence says too little to be an index. */
function placementOf(selector: Selector): Placement {
  let best: Placement = { type: 'scan' }
  let bestCost = Number.POSITIVE_INFINITY
  for (const [label, restriction] of restrictions(selector)) {
    if (restriction.type === 'absent') continue
    const { values } = restriction
    const cost = (values?.length ?? manyValues) + (label === orchestratorLabel ? manyValues / 2 : 0)
    if (cost >= bestCost) continue
    best = values === undefined ? { type: 'label', label } : { type: 'values', label, values }
    bestCost = cost
  }
  return best
}

/** Keys of both sides of the index. No label contains a space, so the three kinds never clash. */
const anywhere = ' '
const valuePlace = (label: string, value: string) => `${label} =${value}`

function waitingPlaces(placement: Placement): readonly string[] {
  if (placement.type === 'scan') return [anywhere]
  if (placement.type === 'label') return [placement.label]
  return placement.values.map((value) => valuePlace(placement.label, value))
}

function* placesOf(labels: Labels): Generator<string> {
  yield anywhere
  for (const [label, value] of labels) {
    yield label
    yield valuePlace(label, value)
  }
}
