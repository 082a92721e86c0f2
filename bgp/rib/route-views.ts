import type { Cidr } from '../../src/net/prefix.ts'
import { type Prefix, parsePrefix } from '../../src/net/prefix.ts'
import type { PrefixTable } from '../../src/net/prefix-table.ts'
import type { RouteEntry, RoutePage, RoutePath, RouteQuery, RouteWatchQuery } from '../peer.ts'
import type { AddressFamily } from '../wire/message.ts'
import type { AttributeTable } from './attribute-table.ts'
import { attributesToldIn } from './attributes-told.ts'
import { BestPath, type DecisionOptions } from './best-path.ts'
import type { FamilyTable } from './family-table.ts'
import { FirstPrefixes } from './first-prefixes.ts'
import type { GroupMember } from './group-member.ts'
import { localPeer, type PeerSlot } from './peer-slot.ts'
import { routePath } from './route-path.ts'
import type { UpdateGroups } from './update-groups.ts'

/** What `GET /v1/bgp/routes` asks for; the parts of the RIB are only looked at. */
export type RouteViewsOptions = { readonly asNumber: number; readonly localAddress: { readonly ipv4: string; readonly ipv6?: string } }

/** Pages of the tables, in the order of families, addresses and lengths. A cursor is a prefix: it holds while the table changes. */
export class RouteViews {
  readonly #options: RouteViewsOptions
  readonly #peers: readonly (PeerSlot | undefined)[]
  readonly #tables: Readonly<Record<AddressFamily, FamilyTable>>
  readonly #attributes: AttributeTable
  readonly #groups: UpdateGroups
  readonly #best: BestPath

  constructor(
    options: RouteViewsOptions,
    peers: readonly (PeerSlot | undefined)[],
    tables: Readonly<Record<AddressFamily, FamilyTable>>,
    attributes: AttributeTable,
    groups: UpdateGroups,
    decision: DecisionOptions,
  ) {
    this.#options = options
    this.#peers = peers
    this.#tables = tables
    this.#attributes = attributes
    this.#groups = groups
    this.#best = new BestPath(decision)
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
      // One more than the page still takes says whether another page follows.
      const first = new FirstPrefixes(table.prefixes, query.limit - routes.length + 1)
      const [from, to] = candidates(table.prefixes, wanted, query.longer ?? false)
      for (let id = from; id < to; id++) {
        if (!table.prefixes.has(id) || !isInside(table.prefixes, id, wanted)) continue
        if (!this.#matches(query, table, id, selected)) continue
        total++
        if (isBehind(table.prefixes, id, after)) first.offer(id)
      }
      for (const id of first.ids()) {
        if (routes.length < query.limit) routes.push(this.#entry(query, table, id, selected))
        else cursor ??= routes.at(-1)?.prefix
      }
    }
    return cursor === undefined ? { routes, total } : { routes, total, cursor }
  }

  /** What a page would show of the prefix; undefined: it is not in the table, or not asked for. */
  entry(query: RouteWatchQuery, family: AddressFamily, id: number): RouteEntry | undefined {
    const table = this.#tables[family]
    const wanted = query.prefix === undefined ? undefined : parsePrefix(query.prefix)
    if (wanted !== undefined && (wanted.family !== table.prefixes.family || !isInside(table.prefixes, id, wanted))) return undefined
    if (wanted !== undefined && query.longer !== true && table.prefixes.lengthOf(id) !== wanted.length) return undefined
    const peers = this.#peers.filter((slot) => slot !== undefined && (query.peer === undefined || nameOf(slot) === query.peer))
    const selected = peers.filter((slot) => slot !== undefined)
    return this.#matches(query, table, id, selected) ? this.#entry(query, table, id, selected) : undefined
  }

  /** Every path of the prefix, the best first, and how it fared. */
  candidates(family: AddressFamily, id: number): Pick<RouteEntry, 'paths' | 'decidedBy'> {
    const table = this.#tables[family]
    const { decidedBy, standings } = this.#decision(table, id)
    const paths = this.#inPaths(table, id, standings).sort((a, b) => Number(b.best ?? false) - Number(a.best ?? false))
    return decidedBy === undefined ? { paths } : { paths, decidedBy }
  }

  /** What the peer is sent of the prefix. */
  sent(family: AddressFamily, id: number, slot: PeerSlot): readonly RoutePath[] {
    return this.#outPaths(this.#tables[family], id, slot)
  }

  #matches({ table: view, peer }: RouteWatchQuery, table: FamilyTable, id: number, peers: readonly PeerSlot[]): boolean {
    if (view === 'best') {
      if (table.bestSetId(id) < 0) return false
      return peer === undefined || peers.includes(table.bestPeer(id))
    }
    if (view === 'out') return peers.some((slot) => this.#member(table, slot)?.group.told.has(id, slot.id) ?? false)
    if (view === 'accepted') return peers.some((slot) => this.#isAccepted(table, table.paths.find(id, slot.id)))
    if (peer !== undefined) return peers.some((slot) => table.paths.find(id, slot.id) >= 0)
    for (let row = table.paths.firstOfPrefix(id); row >= 0; row = table.paths.nextOfPrefix[row] as number)
      if (table.paths.peer[row] !== localPeer) return true
    return false
  }

  #entry(query: RouteWatchQuery, table: FamilyTable, id: number, peers: readonly PeerSlot[]): RouteEntry {
    const prefix = table.prefixes.format(id) as Cidr
    const entry = { prefix, family: table.family }
    if (query.table === 'out') return { ...entry, paths: peers.flatMap((slot) => this.#outPaths(table, id, slot)) }
    if (query.table === 'accepted')
      return {
        ...entry,
        paths: this.#inPaths(table, id, undefined, true).filter(({ peer }) => peers.some((slot) => nameOf(slot) === peer)),
      }
    if (query.table === 'in') {
      const asked = query.peer === undefined ? peers.filter(({ id }) => id !== localPeer) : peers
      return { ...entry, paths: this.#inPaths(table, id).filter(({ peer }) => asked.some((slot) => nameOf(slot) === peer)) }
    }
    return { ...entry, ...this.candidates(table.family, id) }
  }

  /** How each candidate fared, by its row. */
  #decision(table: FamilyTable, id: number): { decidedBy: string | undefined; standings: ReadonlyMap<number, Standing> } {
    table.gather(id, this.#best)
    const decidedBy = this.#best.decide()
    const sharing = this.#best.multipath()
    const standings = new Map<number, Standing>()
    for (let i = 0; i < this.#best.count; i++) {
      const lostAt = this.#best.lostAt(i)
      const multipath = sharing.length > 1 && sharing.includes(i)
      standings.set(this.#best.rowAt(i), { ...(lostAt !== undefined && { lostAt }), ...(multipath && { multipath }) })
    }
    return { decidedBy, standings }
  }

  /** In the order of the peers' addresses; as they came, or, accepted or with `standings`, as they are decided on. */
  #inPaths(table: FamilyTable, id: number, standings?: ReadonlyMap<number, Standing>, onlyAccepted = false): RoutePath[] {
    const { paths } = table
    const rows: { slot: PeerSlot; path: RoutePath }[] = []
    const best = table.bestRow(id)
    for (let row = paths.firstOfPrefix(id); row >= 0; row = paths.nextOfPrefix[row] as number) {
      if (onlyAccepted && !this.#isAccepted(table, row)) continue
      const slot = this.#peers[paths.peer[row] as number] as PeerSlot
      const used = paths.usedSet(row)
      const isAsUsed = used >= 0 && (onlyAccepted || standings !== undefined)
      const { attributes } = this.#attributes.get(isAsUsed ? used : (paths.set[row] as number))
      const stale = paths.stale[row] !== 0
      const path = routePath(attributes, { peer: nameOf(slot), ownNextHop: this.#ownAddress(table), stale, best: row === best })
      const pathId = slot.sendsPathIds[table.family] ? { pathId: paths.pathIdOf(row) } : {}
      rows.push({ slot, path: { ...path, ...pathId, ...this.#unused(table, row), ...standings?.get(row) } })
    }
    return rows
      .sort((a, b) => a.slot.addressRank - b.slot.addressRank || (a.path.pathId ?? 0) - (b.path.pathId ?? 0))
      .map(({ path }) => path)
  }

  /** Why a path takes no part in the decision, asked of whoever said so. */
  #unused(table: FamilyTable, row: number): Pick<RoutePath, 'unused'> {
    if (table.isUsable(row)) return {}
    const { paths } = table
    if (paths.usedSet(row) >= 0) return { unused: 'the next hop cannot be reached' }
    const policy = this.#peers[paths.peer[row] as number]?.importPolicy?.[table.family]
    return { unused: policy?.refusal(paths.set[row] as number, paths.prefix[row] as number) ?? 'refused by import policy' }
  }

  /** Whether a path takes part in the decision, if its next hop can be reached. @param row -1: there is none */
  #isAccepted({ paths }: FamilyTable, row: number): boolean {
    return row >= 0 && paths.usedSet(row) >= 0
  }

  #member(table: FamilyTable, slot: PeerSlot): GroupMember | undefined {
    return this.#groups.member(slot.id, table.family)
  }

  /** What the octets say that the peer is sent. */
  #outPaths(table: FamilyTable, id: number, slot: PeerSlot): RoutePath[] {
    const member = this.#member(table, slot)
    if (member === undefined) return []
    const context = { peer: nameOf(slot), ownNextHop: this.#ownAddress(table), stale: false, best: false }
    return member.group.told.paths(id, slot.id).map(({ pathId, sent }) => {
      const path = routePath(attributesToldIn(sent, member.group.terms), context)
      return pathId === undefined ? path : { ...path, pathId }
    })
  }

  #ownAddress({ family }: FamilyTable): string {
    const { ipv4, ipv6 } = this.#options.localAddress
    return family === 'ipv6-unicast' && ipv6 !== undefined ? ipv6 : ipv4
  }
}

type Standing = Pick<RoutePath, 'lostAt' | 'multipath'>

/** The ids to look at, from the first up to but without the second: the prefix itself, or all of the table. */
function candidates(prefixes: PrefixTable, wanted: Prefix | undefined, longer: boolean): readonly [from: number, to: number] {
  if (wanted === undefined || longer) return [0, prefixes.capacity]
  const id = prefixes.find(wanted.bytes, 0, wanted.length)
  return id < 0 ? [0, 0] : [id, id + 1]
}

/** Whether a prefix comes after the cursor; all do where there is none. */
function isBehind(prefixes: PrefixTable, id: number, after: Prefix | undefined): boolean {
  if (after === undefined || prefixes.family > after.family) return true
  return prefixes.family === after.family && prefixes.compareTo(id, after.bytes, after.length) > 0
}

/** Written anew by each call of `isInside`. */
const address = new Uint8Array(16)

/** Whether a prefix is the wanted one or lies inside it; all do where none is wanted. */
function isInside(prefixes: PrefixTable, id: number, wanted: Prefix | undefined): boolean {
  if (wanted === undefined) return true
  const { bytes, length } = wanted
  if (prefixes.lengthOf(id) < length) return false
  prefixes.copyAddress(id, address, 0)
  const whole = length >>> 3
  for (let octet = 0; octet < whole; octet++) if (address[octet] !== bytes[octet]) return false
  const rest = length & 7
  return rest === 0 || (((address[whole] as number) ^ (bytes[whole] as number)) & (0xff00 >> rest) & 0xff) === 0
}

function nameOf(slot: PeerSlot): string {
  return slot.config?.name ?? 'local'
}
