import { hash } from 'node:crypto'
import { namespaceLabel, orchestratorLabel } from './effective-selector.ts'
import { MultiMap } from './multi-map.ts'
import { compareText } from './resource-key.ts'
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

/** What makes a label a worse place: a namespace is common to more than any other label with as few values. */
const commonLabels: ReadonlyMap<string, number> = new Map([
  [orchestratorLabel, manyValues / 2],
  [namespaceLabel, 0.5],
])

/** All items with the same labels: they match the same selectors, and pods that are copies of one another are many. */
type Group = { readonly key: string; readonly labels: Labels; selectors: Set<string> | undefined }
/** @property groups undefined while it matches none, as most policies do on most nodes */
type Entry = { readonly selector: Selector; groups: Set<Group> | undefined }

/** Some of the items of an index. */
export interface Matched extends Iterable<string> {
  readonly size: number
  has(id: string): boolean
}

const nobody: ReadonlySet<string> = new Set()
const noGroups: ReadonlySet<Group> = new Set()

/**
 * Which items match which selectors, kept as either changes. The work of a change grows with the candidates its labels leave
 * over, not with selectors times items. Items and selectors are named by the caller (selectors: their canonical text).
 */
export class LabelIndex {
  readonly #onMatch: (selector: string, item: string, matched: boolean) => void
  readonly #selectors = new Map<string, Entry>()
  readonly #items = new Map<string, Group>()
  readonly #groups = new Map<string, Group>()
  readonly #members = new MultiMap<Group, string>()
  /** Selectors by the places where they look for groups, and groups by their labels and values. */
  readonly #waiting = new SetMap()
  readonly #having = new Map<string, MultiMap<string, Group>>()

  /** @param onMatch told of each match that begins or ends, while the change is being made */
  constructor(onMatch: (selector: string, item: string, matched: boolean) => void) {
    this.#onMatch = onMatch
  }

  putItem(id: string, labels: Labels): void {
    const old = this.#items.get(id)
    const key = groupKey(labels)
    if (old?.key === key) return
    const group = this.#groups.get(key) ?? this.#addGroup(key, labels)
    this.#items.set(id, group)
    this.#members.add(group, id)
    for (const name of group.selectors ?? nobody) if (!old?.selectors?.has(name)) this.#onMatch(name, id, true)
    if (old !== undefined) this.#leave(id, old, group.selectors ?? nobody)
  }

  deleteItem(id: string): void {
    const group = this.#items.get(id)
    if (group === undefined) return
    this.#items.delete(id)
    this.#leave(id, group, nobody)
  }

  putSelector(name: string, selector: Selector): void {
    if (this.#selectors.has(name)) return
    const placement = placementOf(selector)
    const entry: Entry = { selector, groups: undefined }
    this.#selectors.set(name, entry)
    for (const place of waitingPlaces(placement)) this.#waiting.add(place, name)
    for (const group of this.#candidates(placement)) {
      if (!this.#matches(name, entry, group)) continue
      for (const id of this.#members.get(group)) this.#onMatch(name, id, true)
    }
  }

  deleteSelector(name: string): void {
    const entry = this.#selectors.get(name)
    if (entry === undefined) return
    this.#selectors.delete(name)
    for (const place of waitingPlaces(placementOf(entry.selector))) this.#waiting.delete(place, name)
    for (const group of entry.groups ?? noGroups) {
      group.selectors?.delete(name)
      for (const id of this.#members.get(group)) this.#onMatch(name, id, false)
    }
  }

  /** The selectors an item matches now. */
  selectorsOf(id: string): ReadonlySet<string> {
    return this.#items.get(id)?.selectors ?? nobody
  }

  /** The items a selector matches, read whenever it is asked: it follows what changes. */
  itemsOf(name: string): Matched {
    const [items, members] = [this.#items, this.#members]
    const entry = this.#selectors.get(name)
    return {
      get size() {
        let size = 0
        for (const group of entry?.groups ?? noGroups) size += members.count(group)
        return size
      },
      has(id) {
        const group = items.get(id)
        return group !== undefined && entry?.groups?.has(group) === true
      },
      *[Symbol.iterator]() {
        for (const group of entry?.groups ?? noGroups) yield* members.get(group)
      },
    }
  }

  /** The items that a selector would match; it need not be there. */
  itemsMatching(selector: Selector): readonly string[] {
    const groups = [...this.#candidates(placementOf(selector))].filter(({ labels }) => matches(selector, labels))
    return groups.flatMap((group) => [...this.#members.get(group)])
  }

  /** The selectors that an item with these labels would match; it need not be there. */
  matching(labels: Labels): readonly string[] {
    return this.#waitingFor(labels).flatMap(([name, { selector }]) => (matches(selector, labels) ? [name] : []))
  }

  #addGroup(key: string, labels: Labels): Group {
    const group: Group = { key, labels, selectors: undefined }
    this.#groups.set(key, group)
    for (const [label, value] of labels) {
      const values = this.#having.get(label) ?? new MultiMap()
      this.#having.set(label, values)
      values.add(value, group)
    }
    for (const [name, entry] of this.#waitingFor(labels)) this.#matches(name, entry, group)
    return group
  }

  /** An item is in the group no more. @param kept selectors that it matches all the same */
  #leave(id: string, group: Group, kept: ReadonlySet<string>): void {
    this.#members.delete(group, id)
    for (const name of group.selectors ?? nobody) if (!kept.has(name)) this.#onMatch(name, id, false)
    const [other] = this.#members.get(group)
    if (other !== undefined) return
    this.#groups.delete(group.key)
    for (const name of group.selectors ?? nobody) this.#selectors.get(name)?.groups?.delete(group)
    for (const [label, value] of group.labels) {
      const values = this.#having.get(label)
      values?.delete(value, group)
      if (values?.size === 0) this.#having.delete(label)
    }
  }

  #matches(name: string, entry: Entry, group: Group): boolean {
    if (!matches(entry.selector, group.labels)) return false
    entry.groups ??= new Set()
    entry.groups.add(group)
    group.selectors ??= new Set()
    group.selectors.add(name)
    return true
  }

  #waitingFor(labels: Labels): readonly (readonly [name: string, Entry])[] {
    const names = new Set<string>()
    for (const place of placesOf(labels)) for (const name of this.#waiting.get(place)) names.add(name)
    return [...names].flatMap((name) => {
      const entry = this.#selectors.get(name)
      return entry === undefined ? [] : [[name, entry] as const]
    })
  }

  /** The groups that a selector may match, each once: one has one value of a label. */
  *#candidates(placement: Placement): Generator<Group, void, undefined> {
    if (placement.type === 'scan') {
      yield* this.#groups.values()
      return
    }
    const having = this.#having.get(placement.label)
    const values = placement.type === 'values' ? new Set(placement.values) : having?.keys()
    for (const value of values ?? []) yield* having?.get(value) ?? []
  }
}

/** One text for equal labels, in whatever order they came: a digest, as the labels themselves are long and many. */
function groupKey(labels: Labels): string {
  const pairs = [...labels].toSorted(([a], [b]) => compareText(a, b))
  return hash('sha256', JSON.stringify(pairs), 'base64url')
}

/** Fewest values first, then presence of a label; absence says too little to be an index. */
function placementOf(selector: Selector): Placement {
  let best: Placement = { type: 'scan' }
  let bestCost = Number.POSITIVE_INFINITY
  for (const [label, restriction] of restrictions(selector)) {
    if (restriction.type === 'absent') continue
    const { values } = restriction
    const cost = (values?.length ?? manyValues) + (commonLabels.get(label) ?? 0)
    if (cost >= bestCost) continue
    best = values === undefined ? { type: 'label', label } : { type: 'values', label, values }
    bestCost = cost
  }
  return best
}

/** Where selectors wait. No label contains a space, so the three kinds never clash. */
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
