import type { Family } from '../../src/net/address.ts'
import { type Cidr, parsePrefix } from '../../src/net/prefix.ts'
import type { NextHop, ObjectStatus, Route } from '../kernel.ts'
import { defaultMetric, hopWithout, type KernelHop, type KernelRoute, MAIN_TABLE, type RouteOperation } from './kernel-route.ts'
import type { LinkView } from './link-view.ts'
import { RouteHops } from './route-hops.ts'
import { CHANGED, CLAIMED, DRIFTED, QUEUED, RouteRows, SHARED, TAKEN, URGENT } from './route-rows.ts'

/** What one row needs: `hop` is the hop id to write. */
export type Step =
  | { readonly type: RouteOperation; readonly hop: number }
  | { readonly type: 'none' }
  | { readonly type: 'wait'; readonly status: ObjectStatus }

/** A row of either family as one number. */
export type RowKey = number

/** What is wanted and what is in the kernel, and the next step for each route. It decides; `RouteTable` acts. */
export class RouteState {
  readonly rows: { readonly 4: RouteRows; readonly 6: RouteRows } = { 4: new RouteRows(4), 6: new RouteRows(6) }
  readonly hops: RouteHops
  readonly #protocol: number
  readonly #onDirty: (key: RowKey, urgent: boolean) => void
  #statedList: readonly Route[] = []
  #stated = new Map<string, { readonly key: RowKey; readonly wish: number }>()
  #prune = false

  /** @param onDirty a row may need a step; called once until its mark (QUEUED, URGENT) is taken off */
  constructor(links: LinkView, protocol: number, onDirty: (key: RowKey, urgent: boolean) => void) {
    this.hops = new RouteHops(links)
    this.#protocol = protocol
    this.#onDirty = onDirty
  }

  setLearned(family: Family, bytes: Uint8Array, at: number, length: number, nextHop: NextHop | undefined): void {
    const rows = this.rows[family]
    const id = nextHop === undefined ? rows.prefixes.find(bytes, at, length) : rows.row(bytes, at, length)
    if (id < 0) return
    const wish = nextHop === undefined ? 0 : this.hops.wishId(nextHop)
    if (rows.learned[id] === wish) return
    rows.learned[id] = wish
    rows.mark(id, CLAIMED | CHANGED)
    this.touch(keyOf(family, id), false)
  }

  /** The list that is stated already is looked at no further. */
  setStated(routes: readonly Route[]): void {
    if (routes === this.#statedList) return
    this.#statedList = routes
    const before = this.#stated
    this.#stated = new Map()
    for (const { destination, nextHop } of routes) {
      const known = before.get(destination)
      const wish = this.hops.wishId(nextHop)
      const key = known?.key ?? this.#keyOf(destination)
      this.#stated.set(destination, { key, wish })
      if (known?.wish !== wish) this.#state(key, wish)
    }
    for (const [destination, { key }] of before) if (!this.#stated.has(destination)) this.#state(key, 0)
  }

  /** Whether the kernel has a route of ours that leads to this destination without a gateway. */
  isLocal(destination: Cidr): boolean {
    const hop = this.#actualHop(destination)
    return hop?.type === 'unicast' && hop.via === undefined
  }

  /** From now on, routes of ours that nobody wants may go. */
  allowPrune(): void {
    if (this.#prune) return
    this.#prune = true
    for (const key of this.keys()) if (this.wanted(key) === 0) this.touch(key, false)
  }

  get mayPrune(): boolean {
    return this.#prune
  }

  touch(key: RowKey, urgent: boolean): void {
    const rows = this.rowsOf(key)
    if (rows.isMarked(key >> 1, urgent ? URGENT : QUEUED | URGENT)) return
    rows.mark(key >> 1, urgent ? URGENT : QUEUED)
    this.#onDirty(key, urgent)
  }

  step(key: RowKey): Step {
    const rows = this.rowsOf(key)
    const id = key >> 1
    const wish = rows.wanted(id)
    const actual = rows.actual[id] as number
    const hop = this.hops.hopOf(wish, rows.family)
    const mayDelete = this.#prune || rows.isMarked(id, CLAIMED)
    if (actual !== 0 && mayDelete && (hop === 0 || rows.isMarked(id, SHARED))) return { type: 'delete', hop: 0 }
    if (wish === 0) return { type: 'none' }
    if (hop === 0) return { type: 'wait', status: { state: 'pending', reason: this.hops.reasonOf(wish) } }
    if (actual === 0) return { type: rows.isMarked(id, TAKEN) ? 'replace' : 'create', hop }
    return this.hops.fits(hop, actual) ? { type: 'none' } : { type: 'replace', hop }
  }

  /** The kernel has made a step. Gives whether it repaired what somebody else had changed. */
  made(key: RowKey, operation: RouteOperation, hop: number): boolean {
    const rows = this.rowsOf(key)
    const id = key >> 1
    const repaired = operation !== 'delete' && rows.isMarked(id, DRIFTED)
    rows.actual[id] = hop
    rows.unmark(id, DRIFTED | TAKEN | SHARED)
    if (operation === 'delete' && rows.wanted(id) !== 0) this.touch(key, true)
    return repaired
  }

  /** Whether a route lies in the slot (main table, tos, metric) that we use; others are not our business unless they have our protocol. */
  isOurSlot(route: KernelRoute): boolean {
    return route.table === MAIN_TABLE && route.tos === 0 && route.metric === defaultMetric(route.family)
  }

  /**
   * An event: a route was added, replaced (`replaced`) or removed by somebody else, in our slot.
   * @returns whether one of ours drifted by it
   */
  observe(route: KernelRoute, change: 'added' | 'replaced' | 'removed'): boolean {
    const rows = this.rows[route.family]
    const isOurs = route.protocol === this.#protocol
    const id = isOurs && change !== 'removed' ? rows.row(route.bytes, 0, route.length) : rows.prefixes.find(route.bytes, 0, route.length)
    if (id < 0) return false
    if (isOurs) return this.see(rows, id, change === 'removed' ? this.#leftOf(rows, id, route) : this.hops.hopId(route.hop))
    return this.#observeForeign(rows, id, change)
  }

  /** What the kernel has for a row; gives whether one of ours drifted. */
  see(rows: RouteRows, id: number, hop: number): boolean {
    if (rows.actual[id] === hop) return false
    const was = rows.actual[id] as number
    const wanted = this.hops.hopOf(rows.wanted(id), rows.family)
    const drifted = was !== 0 && this.hops.fits(wanted, was) && !this.hops.fits(wanted, hop)
    rows.actual[id] = hop
    if (hop !== 0) rows.unmark(id, TAKEN)
    if (drifted) rows.mark(id, DRIFTED)
    this.touch(keyOf(rows.family, id), true)
    return drifted
  }

  /**
   * All routes over this device alone are gone: the kernel takes them without telling (IPv4). What leads over others too is written
   * again in any case, without this one.
   */
  deviceLost(index: number): void {
    for (const key of this.keys()) {
      const devices = this.#devicesOf(key)
      if (devices.length > 0 && devices.every((device) => device === index)) this.see(this.rowsOf(key), key >> 1, 0)
    }
  }

  /** Whether the kernel has a route of ours over this device. */
  usesDevice(index: number): boolean {
    for (const key of this.keys()) if (this.#devicesOf(key).includes(index)) return true
    return false
  }

  linksChanged(): void {
    const changed = this.hops.linksChanged()
    if (changed.size === 0) return
    for (const key of this.keys()) if (changed.has(this.wanted(key))) this.touch(key, true)
  }

  /** The row of a route, if there is one. */
  find(route: KernelRoute): RowKey[] {
    const id = this.rows[route.family].prefixes.find(route.bytes, 0, route.length)
    return id < 0 ? [] : [keyOf(route.family, id)]
  }

  wanted(key: RowKey): number {
    return this.rowsOf(key).wanted(key >> 1)
  }

  rowsOf(key: RowKey): RouteRows {
    return this.rows[(key & 1) === 0 ? 4 : 6]
  }

  *keys(): IterableIterator<RowKey> {
    for (const id of this.rows[4].prefixes.ids()) yield keyOf(4, id)
    for (const id of this.rows[6].prefixes.ids()) yield keyOf(6, id)
  }

  destination(key: RowKey): string {
    return this.rowsOf(key).prefixes.format(key >> 1)
  }

  #actualHop(destination: Cidr): KernelHop | undefined {
    const prefix = parsePrefix(destination)
    if (prefix === undefined) return undefined
    const { family, bytes, length } = prefix
    const id = this.rows[family].prefixes.find(bytes, 0, length)
    return id < 0 ? undefined : this.hops.hop(this.rows[family].actual[id] as number)
  }

  #devicesOf(key: RowKey): readonly number[] {
    const hop = this.hops.hop(this.rowsOf(key).actual[key >> 1] as number)
    if (hop === undefined || hop.type === 'blackhole') return []
    return hop.legs?.map(({ index }) => index) ?? [hop.index]
  }

  /** IPv6 lets single next hops of a route be deleted. */
  #leftOf(rows: RouteRows, id: number, { hop }: KernelRoute): number {
    const had = this.hops.hop(rows.actual[id] as number)
    const left = had && hopWithout(had, hop)
    return left === undefined ? 0 : this.hops.hopId(left)
  }

  #observeForeign(rows: RouteRows, id: number, change: 'added' | 'replaced' | 'removed'): boolean {
    const had = rows.actual[id] !== 0
    if (change === 'replaced' && had) {
      rows.actual[id] = 0
      rows.mark(id, TAKEN | DRIFTED)
    } else if (change === 'added' && had) rows.mark(id, SHARED)
    else if (change === 'removed') rows.unmark(id, SHARED | TAKEN)
    else return false
    this.touch(keyOf(rows.family, id), true)
    return had && change === 'replaced'
  }

  #keyOf(destination: string): RowKey {
    const prefix = parsePrefix(destination)
    if (prefix === undefined) throw new RangeError(`"${destination}" is no route destination`)
    return keyOf(prefix.family, this.rows[prefix.family].row(prefix.bytes, 0, prefix.length))
  }

  #state(key: RowKey, wish: number): void {
    const rows = this.rowsOf(key)
    rows.stated[key >> 1] = wish
    rows.mark(key >> 1, CLAIMED | CHANGED)
    this.touch(key, true)
  }
}

export function keyOf(family: Family, id: number): RowKey {
  return id * 2 + (family === 4 ? 0 : 1)
}
