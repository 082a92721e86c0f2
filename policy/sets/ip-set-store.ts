import type { IpSet, IpSetType } from '../../felix/kernel.ts'
import { type Tracked, TrackedMap } from '../../felix/tracked.ts'
import { type Family, familyOf } from '../../src/net/address.ts'
import { bareAddress } from '../../src/net/prefix.ts'
import type { SelectorTerm } from '../effective-selector.ts'
import { LabelIndex, type Labels, type Matched } from '../label-index.ts'
import { setName } from '../names.ts'
import type { Selector } from '../selector/selector.ts'
import { MemberCounts } from './member-counts.ts'
import { membersOf, type ServiceName, type ServiceSlice, ServiceSlices } from './service-slices.ts'
import { portMembers, type SetItem, type SetMember, sameItem } from './set-item.ts'
import { SetMembers } from './set-members.ts'
import { type SetSource, setKey } from './set-source.ts'

type Entry = {
  readonly key: string
  readonly source: SetSource
  /** The policies and profiles whose chains name the set. */
  readonly users: Set<string>
  readonly members: Readonly<Record<Family, MemberCounts>>
  /** How many matching items need `hash:net`. */
  netItems: number
  /** What was published of it last, one set a family. */
  published: readonly IpSet[]
}

/** The IP sets that rendered rules name, with their members, kept as labels, addresses and rules change. */
export class IpSetStore {
  readonly #families: readonly Family[]
  readonly #entries = new Map<string, Entry>()
  /** Made once for each term that is asked about: explanations ask for many, often. */
  readonly #termKeys = new WeakMap<SelectorTerm, string>()
  readonly #usedBy = new Map<string, ReadonlySet<string>>()
  readonly #items = new Map<string, SetItem>()
  readonly #index = new LabelIndex((key, id, matched) => this.#matched(key, id, matched))
  readonly #slices = new ServiceSlices()
  readonly #retyped = new Set<string>()
  /** The entries that changed or went since they were published. */
  readonly #stale = new Set<Entry>()
  readonly #published = new TrackedMap<IpSet>()

  constructor(families: readonly Family[]) {
    this.#families = families
  }

  /** An endpoint or network set is there, or changed. */
  putItem(id: string, labels: Labels, item: SetItem): void {
    const old = this.#items.get(id)
    this.#items.set(id, item)
    if (old !== undefined && !sameItem(old, item)) this.#replaced(id, old, item)
    this.#index.putItem(id, withPortLabels(labels, item))
  }

  /** Only the labels of an item changed. */
  relabel(id: string, labels: Labels): void {
    const item = this.#items.get(id)
    if (item !== undefined) this.#index.putItem(id, withPortLabels(labels, item))
  }

  deleteItem(id: string): void {
    this.#index.deleteItem(id)
    this.#items.delete(id)
  }

  /** An EndpointSlice is there, or changed. @param slice undefined: it is gone, or of no service */
  putSlice(id: string, slice: ServiceSlice | undefined): void {
    const old = this.#slices.put(id, slice)
    // What stays is counted twice for a moment, and so never goes.
    if (slice !== undefined) this.#countSlice(slice, 1)
    if (old !== undefined) this.#countSlice(old, -1)
  }

  /** The slices of a service, with their ids. */
  slicesOf(service: ServiceName): Iterable<readonly [id: string, slice: ServiceSlice]> {
    return this.#slices.of(service)
  }

  /**
   * Says which sets the chains of some policies and profiles name from now on; a set that nobody names is gone. All that is needed
   * is asked for first, so that a set that only changes hands stays as it is.
   */
  use(changes: ReadonlyMap<string, readonly SetSource[]>): void {
    for (const [user, sources] of changes) for (const source of sources) this.#acquire(setKey(source), source).users.add(user)
    for (const [user, sources] of changes) {
      const wanted = new Set(sources.map(setKey))
      for (const key of this.#usedBy.get(user) ?? []) if (!wanted.has(key)) this.#release(key, user)
      if (wanted.size === 0) this.#usedBy.delete(user)
      else this.#usedBy.set(user, wanted)
    }
  }

  /** The name of a set in use. One that begins or ceases to need `hash:net` gets another name: the kernel cannot change a set's type. */
  readonly name = (source: SetSource, family: Family): string => {
    const key = setKey(source)
    if (source.type === 'named-ports') return setName(family, 'p', key)
    if (source.type === 'nets') return setName(family, 'c', key)
    if (source.type === 'service') return setName(family, source.withPorts ? 'p' : 's', key)
    return setName(family, this.#entries.get(key)?.netItems ? 'n' : 's', key)
  }

  /** Ids of the items in the set of a selector; undefined when no rule in use names it. */
  membersOf(term: SelectorTerm): Matched | undefined {
    const key = this.#termKeys.get(term) ?? setKey({ type: 'selector', term })
    this.#termKeys.set(term, key)
    return this.#entries.has(key) ? this.#index.itemsOf(key) : undefined
  }

  /** Ids of the items that a selector means, whether or not a rule names it. */
  idsMatching(term: SelectorTerm): readonly string[] {
    return this.#index.itemsMatching(term.selector)
  }

  /** What an item puts into the sets that have it. */
  itemOf(id: string): SetItem | undefined {
    return this.#items.get(id)
  }

  /** The users of sets whose names changed since the last call: their chains must be rendered again. */
  takeRetyped(): ReadonlySet<string> {
    const users = [...this.#retyped].flatMap((key) => [...(this.#entries.get(key)?.users ?? [])])
    this.#retyped.clear()
    return new Set(users)
  }

  /** All sets by name, as they were when `publish` was called last: the same object for good. */
  get sets(): Tracked<IpSet> {
    return this.#published
  }

  /** Shows what changed since the last call. */
  publish(): void {
    for (const entry of this.#stale) this.#publish(entry, this.#entries.get(entry.key) === entry)
    this.#stale.clear()
  }

  /** A set of another name or type is another object; one whose members changed is the same. */
  #publish(entry: Entry, isUsed: boolean): void {
    const { source, members, netItems } = entry
    const type = typeOf(source, netItems)
    const families = isUsed ? familiesOf(source, this.#families) : []
    const before = new Map(entry.published.map((set) => [set.name, set]))
    entry.published = families.map((family) => {
      const name = this.name(source, family)
      return before.get(name) ?? { name, type, family, members: new SetMembers(members[family], family, type) }
    })
    for (const set of entry.published) {
      const changed = members[set.family].publish()
      if (before.delete(set.name) && changed) this.#published.touch(set.name)
      this.#published.put(set.name, set)
    }
    for (const [name, set] of before) if (this.#published.get(name) === set) this.#published.delete(name)
  }

  #acquire(key: string, source: SetSource): Entry {
    const existing = this.#entries.get(key)
    if (existing !== undefined) return existing
    const members = { 4: new MemberCounts(), 6: new MemberCounts() }
    const entry: Entry = { key, source, users: new Set(), members, netItems: 0, published: [] }
    this.#entries.set(key, entry)
    this.#stale.add(entry)
    if (source.type === 'nets') for (const net of source.nets) members[familyOf(net)].count(bareAddress(net), 1)
    else if (source.type === 'service') for (const [, slice] of this.#slices.of(source.service)) countMembers(entry, slice, 1)
    else this.#index.putSelector(key, source.type === 'selector' ? source.term.selector : anyPortOf(source.names))
    return entry
  }

  #release(key: string, user: string): void {
    const entry = this.#entries.get(key)
    if (entry === undefined || !entry.users.delete(user) || entry.users.size > 0) return
    this.#index.deleteSelector(key)
    this.#entries.delete(key)
    this.#stale.add(entry)
  }

  #countSlice(slice: ServiceSlice, by: 1 | -1): void {
    for (const withPorts of [false, true]) {
      const entry = this.#entries.get(setKey({ type: 'service', service: slice.service, withPorts }))
      if (entry === undefined) continue
      this.#stale.add(entry)
      countMembers(entry, slice, by)
    }
  }

  #matched(key: string, id: string, matched: boolean): void {
    const entry = this.#entries.get(key)
    const item = this.#items.get(id)
    if (entry !== undefined && item !== undefined) this.#count(entry, item, matched ? 1 : -1)
  }

  #replaced(id: string, old: SetItem, item: SetItem): void {
    for (const key of this.#index.selectorsOf(id)) {
      const entry = this.#entries.get(key)
      if (entry === undefined) continue
      this.#count(entry, item, 1)
      this.#count(entry, old, -1)
    }
  }

  #count(entry: Entry, item: SetItem, by: 1 | -1): void {
    this.#stale.add(entry)
    for (const { family, text } of contribution(entry.source, item)) entry.members[family].count(text, by)
    if (!item.nets || entry.source.type !== 'selector') return
    entry.netItems += by
    if (entry.netItems === (by === 1 ? 1 : 0)) this.#retyped.add(entry.key)
  }
}

function countMembers({ source, members }: Entry, slice: ServiceSlice, by: 1 | -1): void {
  const withPorts = source.type === 'service' && source.withPorts
  for (const { family, text } of membersOf(slice, withPorts)) members[family].count(text, by)
}

function contribution(source: SetSource, item: SetItem): readonly SetMember[] {
  return source.type === 'named-ports' ? source.names.flatMap((name) => portMembers(item, name)) : item.members
}

function typeOf(source: SetSource, netItems: number): IpSetType {
  if (source.type === 'named-ports' || (source.type === 'service' && source.withPorts)) return 'hash:ip,port'
  return source.type === 'nets' || netItems > 0 ? 'hash:net' : 'hash:ip'
}

function familiesOf(source: SetSource, families: readonly Family[]): readonly Family[] {
  return source.type === 'nets' ? families.filter((family) => source.nets.some((net) => familyOf(net) === family)) : families
}

/** Port names stand in the index as labels of their own: with a space, which no label of a resource has. */
const portLabel = (name: string) => `port ${name}`

function withPortLabels(labels: Labels, { ports }: SetItem): Labels {
  return ports.size === 0 ? labels : new Map([...labels, ...[...ports.keys()].map((name): [string, string] => [portLabel(name), ''])])
}

function anyPortOf(names: readonly string[]): Selector {
  const operands = names.map((name): Selector => ({ type: 'has', label: portLabel(name) }))
  const [only] = operands
  return only !== undefined && operands.length === 1 ? only : { type: 'or', operands }
}
