import type { Cidr } from '../../src/net/prefix.ts'
import { type Prefix, parsePrefix } from '../../src/net/prefix.ts'
import type { RouteEntry, RoutePage, RoutePath, RouteQuery } from '../peer.ts'
import { BgpError } from '../wire/bgp-error.ts'
import { decodeAttributes } from '../wire/decode-attributes.ts'
import type { AddressFamily } from '../wire/message.ts'
import type { AttributeTable } from './attribute-table.ts'
import { BestPath } from './best-path.ts'
import type { FamilyTable } from './family-table.ts'
import type { OutSet } from './out-set.ts'
import { localPeer, type PeerSlot } from './peer-slot.ts'
import { isInside, lowerBound, sortedIds } from './prefix-order.ts'
import { routePath } from './route-path.ts'
import type { UpdateGroups } from './update-groups.ts'

/** What `GET /v1/bgp/routes` asks for; the parts of the RIB are only looked at. */
export type RouteViewsOptions = { readonly asNumber: number; readonly localAddress: { readonly ipv4: string; readonly ipv6?: string } }

type Order = { readonly generation: number; readonly ids: Int32Array }

/** Pages of the tables, in the order of families, addresses and lengths. A cursor is a prefix: it holds while the table changes. */
export class RouteViews {
  readonly #options: RouteViewsOptions
  readonly #peers: readonly (PeerSlot | undefined)[]
  readonly #tables: Readonly<Record<AddressFamily, FamilyTable>>
  readonly #attributes: AttributeTable
  readonly #groups: UpdateGroups
  readonly #best = new BestPath()
  readonly #orders = new Map<AddressFamily, Order>()

  constructor(
    options: RouteViewsOptions,
    peers: readonly (PeerSlot | undefined)[],
    tables: Readonly<Record<AddressFamily, FamilyTable>>,
    attributes: AttributeTable,
    groups: UpdateGroups,
  ) {
    this.#options = options
    this.#peers = peers
    this.#tables = tables
    this.#attributes = attributes
    this.#groups = groups
  }

  page(query: RouteQuery): RoutePage {
    const wanted = query.prefix === undefined ? undefined : parsePrefix(query.prefix)
    const after = query.cursor === undefined ? undefined : parsePrefix(query.cursor)
    const peers = this.#peers.filter((slot) => slot !== undefined && (query.peer === undefined || nameOf(slot) === query.peer))
    const selected = peers.filter((slot) => slot !== undefined)
    const routes: RouteEntry[] = []
    let total = 0
    let cursor: string | undefined
    for (const table of [this.#tables['ipv4-unicast'], this.#tables['ipv6-unicast']]) {
      const family = table.prefixes.family
      if (wanted !== undefined && wanted.family !== family) continue
      const { ids, start, end } = this.#range(table, wanted, query.longer ?? false)
      const skip =
        after === undefined || family > after.family ? 0 : family < after.family ? ids.length : this.#placeAfter(table, ids, after)
      for (let place = start; place < end; place++) {
        const id = ids[place] as number
        if (!this.#matches(query, table, id, selected)) continue
        total++
        if (place < skip) continue
        if (routes.length < query.limit) routes.push(this.#entry(query, table, id, selected))
        else cursor ??= routes.at(-1)?.prefix
      }
    }
    return cursor === undefined ? { routes, total } : { routes, total, cursor }
  }

  #range(table: FamilyTable, wanted: Prefix | undefined, longer: boolean): { ids: Int32Array; start: number; end: number } {
    const { prefixes } = table
    if (wanted !== undefined && !longer) {
      const id = prefixes.find(wanted.bytes, 0, wanted.length)
      return { ids: id < 0 ? new Int32Array(0) : Int32Array.of(id), start: 0, end: id < 0 ? 0 : 1 }
    }
    const ids = this.#ordered(table)
    if (wanted === undefined) return { ids, start: 0, end: ids.length }
    const start = lowerBound(prefixes, ids, wanted.bytes, wanted.length)
    let end = start
    while (end < ids.length && isInside(prefixes, ids[end] as number, wanted.bytes, wanted.length)) end++
    return { ids, start, end }
  }

  #ordered(table: FamilyTable): Int32Array {
    const known = this.#orders.get(table.family)
    if (known !== undefined && known.generation === table.generation) return known.ids
    const ids = sortedIds(table.prefixes)
    this.#orders.set(table.family, { generation: table.generation, ids })
    return ids
  }

  #placeAfter({ prefixes }: FamilyTable, ids: Int32Array, { bytes, length }: Prefix): number {
    return lowerBound(prefixes, ids, bytes, length + 1)
  }

  #matches({ table: view, peer }: RouteQuery, table: FamilyTable, id: number, peers: readonly PeerSlot[]): boolean {
    if (view === 'best') {
      if (table.bestSet(id) === undefined) return false
      return peer === undefined || peers.includes(table.bestPeer(id))
    }
    if (view === 'out') return peers.some((slot) => this.#outOf(table, id, slot) !== undefined)
    if (peer !== undefined) return peers.some((slot) => table.paths.find(id, slot.id) >= 0)
    for (let row = table.paths.firstOfPrefix(id); row >= 0; row = table.paths.nextOfPrefix[row] as number)
      if (table.paths.peer[row] !== localPeer) return true
    return false
  }

  #entry(query: RouteQuery, table: FamilyTable, id: number, peers: readonly PeerSlot[]): RouteEntry {
    const prefix = table.prefixes.format(id) as Cidr
    const entry = { prefix, family: table.family }
    if (query.table === 'out') return { ...entry, paths: peers.flatMap((slot) => this.#outPaths(table, id, slot)) }
    if (query.table === 'in') {
      const asked = query.peer === undefined ? peers.filter(({ id }) => id !== localPeer) : peers
      return { ...entry, paths: this.#inPaths(table, id).filter(({ peer }) => asked.some((slot) => nameOf(slot) === peer)) }
    }
    table.gather(id, this.#best)
    const decidedBy = this.#best.decide()
    const paths = this.#inPaths(table, id).sort((a, b) => Number(b.best ?? false) - Number(a.best ?? false))
    return decidedBy === undefined ? { ...entry, paths } : { ...entry, paths, decidedBy }
  }

  /** In the order of the peers' addresses. */
  #inPaths(table: FamilyTable, id: number): RoutePath[] {
    const { paths } = table
    const rows: { slot: PeerSlot; path: RoutePath }[] = []
    const best = table.bestSet(id) === undefined ? undefined : table.bestPeer(id)
    for (let row = paths.firstOfPrefix(id); row >= 0; row = paths.nextOfPrefix[row] as number) {
      const slot = this.#peers[paths.peer[row] as number] as PeerSlot
      const { attributes } = this.#attributes.get(paths.set[row] as number)
      const stale = paths.stale[row] !== 0
      const path = routePath(attributes, { peer: nameOf(slot), ownNextHop: this.#ownAddress(table), stale, best: slot === best })
      rows.push({ slot, path })
    }
    return rows.sort((a, b) => a.slot.addressRank - b.slot.addressRank).map(({ path }) => path)
  }

  #outOf(table: FamilyTable, id: number, slot: PeerSlot): OutSet | undefined {
    return this.#groups.member(slot.id, table.family)?.group.outOf(id, slot.id)
  }

  /** What the octets say that the peer is sent. */
  #outPaths(table: FamilyTable, id: number, slot: PeerSlot): RoutePath[] {
    const set = this.#outOf(table, id, slot)
    if (set?.bytes === undefined) return []
    const { fourOctetAs, internal } = set.group.terms
    const context = { fourOctetAs, internal, peerAs: this.#options.asNumber, localAs: this.#options.asNumber }
    const decoded = decodeAttributes(set.bytes, 0, set.bytes.length, context, false)
    if (decoded instanceof BgpError || decoded.attributes === undefined) throw new Error('attributes of our own cannot be read')
    const attributes = set.nextHop.length === 0 ? decoded.attributes : { ...decoded.attributes, nextHop: set.nextHop }
    return [routePath(attributes, { peer: nameOf(slot), ownNextHop: this.#ownAddress(table), stale: false, best: false })]
  }

  #ownAddress({ family }: FamilyTable): string {
    const { ipv4, ipv6 } = this.#options.localAddress
    return family === 'ipv6-unicast' && ipv6 !== undefined ? ipv6 : ipv4
  }
}

function nameOf(slot: PeerSlot): string {
  return slot.config?.name ?? 'local'
}
