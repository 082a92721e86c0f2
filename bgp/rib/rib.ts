/** The routing information bases (RFC 4271 §3.2): UPDATEs in, best routes and UPDATEs out. What the session side sees is `RibFace`. */
import type { IpAddress } from '../../src/net/address.ts'
import { Ipv4PrefixTable } from '../../src/net/ipv4-prefix-table.ts'
import { Ipv6PrefixTable } from '../../src/net/ipv6-prefix-table.ts'
import { type Cidr, parsePrefix } from '../../src/net/prefix.ts'
import { isLinkLocal } from '../../src/net/zone.ts'
import type {
  DrainState,
  PeerConfig,
  RouteEntry,
  RouteExplanation,
  RoutePage,
  RouteQuery,
  RouteWatchQuery,
  SpeakerPolicy,
} from '../peer.ts'
import { SpeakerRules } from '../policy/speaker-rules.ts'
import { defaultMultipath } from '../speaker-policy.ts'
import type { BgpError } from '../wire/bgp-error.ts'
import type { AddressFamily } from '../wire/message.ts'
import { rankByAddress } from './address-rank.ts'
import { AdjRibIn } from './adj-rib-in.ts'
import type { AttributeSet } from './attribute-set.ts'
import { AttributeTable } from './attribute-table.ts'
import { BestPath, type DecisionOptions, isSameSharing, sharesTraffic } from './best-path.ts'
import { FamilyTable } from './family-table.ts'
import { ImportPolicies } from './import-policies.ts'
import { Multipath } from './multipath.ts'
import { NextHopTable } from './next-hop-table.ts'
import { NextHopTracking } from './next-hop-tracking.ts'
import { ownAttributes } from './own-attributes.ts'
import { PeerRoutes } from './peer-routes.ts'
import { localPeer, PeerSlot } from './peer-slot.ts'
import type { PeerCounts, RibDependencies, RibFace } from './rib-face.ts'
import type { RibOptions } from './rib-options.ts'
import { RibReader } from './rib-reader.ts'
import { RouteExplainer } from './route-explanation.ts'
import { RouteViews } from './route-views.ts'
import type { PeerId, SessionTerms } from './session-terms.ts'
import { UpdateGroups } from './update-groups.ts'

const families = ['ipv4-unicast', 'ipv6-unicast'] as const

/** Tables keep the number of a peer in two octets. */
const highestPeer = 0xffff

/** Prefixes of one path each between two looks at the clock. */
const stretch = 2048

export class Rib implements RibFace {
  readonly #deps: RibDependencies
  readonly #localAs: number
  readonly #nextHops: NextHopTable
  readonly #tracking: NextHopTracking
  readonly #attributes: AttributeTable
  readonly #local: Readonly<Record<DrainState, AttributeSet>>
  /** By PeerId; the first is this node. */
  readonly #peers: (PeerSlot | undefined)[]
  readonly #tables: Readonly<Record<AddressFamily, FamilyTable>>
  readonly #in: AdjRibIn
  readonly #routes: PeerRoutes
  readonly #groups: UpdateGroups
  readonly #views: RouteViews
  readonly #explainer: RouteExplainer
  readonly #decision: DecisionOptions = { multipath: defaultMultipath, preferExisting: false }
  readonly #best = new BestPath(this.#decision)
  readonly #multipath = new Multipath(this.#decision)
  readonly reader: RibReader
  /** Removed, but some of their routes are still the best: their numbers are taken. */
  readonly #removed = new Set<PeerId>()
  #drained: DrainState = 'none'
  /** As `setPolicy` said last. */
  policy: SpeakerPolicy = {}
  #rules = new SpeakerRules({})
  readonly #imports: ImportPolicies
  readonly #held = new Set<AddressFamily>()
  readonly #mayEnd = (family: AddressFamily): boolean => !this.#settling && !this.#held.has(family)
  /** A session or `releaseDecisions` came after the last complete flush: no first table is complete before the next one. */
  #settling = false

  constructor(options: RibOptions, dependencies: RibDependencies) {
    const { asNumber, routerId, localAddress } = options
    this.#deps = dependencies
    this.#localAs = asNumber
    const { nextHopMetric: metricOf, isConnected = () => true } = dependencies
    this.#nextHops = new NextHopTable({ metricOf, isConnected })
    const ownAddresses = [localAddress.ipv4, ...(localAddress.ipv6 === undefined ? [] : [localAddress.ipv6])]
    const clusterId = options.clusterId ?? routerId
    this.#attributes = new AttributeTable({ asNumber, routerId, clusterId, ownAddresses }, this.#nextHops)
    const own = (state: DrainState) => this.#attributes.own(ownAttributes[state])
    this.#local = { none: own('none'), announced: own('announced'), withdrawn: own('withdrawn') }
    this.#peers = [new PeerSlot(localPeer, undefined, asNumber)]
    this.#tables = {
      'ipv4-unicast': new FamilyTable('ipv4-unicast', new Ipv4PrefixTable(), this.#attributes, this.#peers),
      'ipv6-unicast': new FamilyTable('ipv6-unicast', new Ipv6PrefixTable(), this.#attributes, this.#peers),
    }
    this.#tracking = new NextHopTracking(this.#nextHops, this.#tables, this.#decision)
    const { onEndOfRib, onNote } = dependencies
    this.#in = new AdjRibIn({ attributes: this.#attributes, tables: this.#tables, onEndOfRib, onNote })
    this.#routes = new PeerRoutes(this.#tables, this.#in, this.#attributes)
    this.#imports = new ImportPolicies(
      { asNumber, routerId, clusterId, ownAddresses, interfaceOf: (nextHop) => dependencies.interfaceOf?.(nextHop as IpAddress) },
      { attributes: this.#attributes, tables: this.#tables, adjRibIn: this.#in },
    )
    this.#groups = new UpdateGroups({ ...options, decision: this.#decision }, this.#tables, this.#attributes, onNote, (address) =>
      dependencies.interfaceOf?.(address),
    )
    this.reader = new RibReader({
      peers: this.#peers,
      tables: this.#tables,
      attributes: this.#attributes,
      groups: this.#groups,
      decision: this.#decision,
    })
    this.#views = new RouteViews(options, this.#peers, this.#tables, this.#attributes, this.#groups, this.#decision)
    this.#explainer = new RouteExplainer({
      peers: this.#peers,
      tables: this.#tables,
      groups: this.#groups,
      views: this.#views,
      isHeld: (family) => this.#held.has(family),
    })
  }

  addPeer(config: PeerConfig): PeerId {
    const free = this.#peers.indexOf(undefined)
    const id = free < 0 ? this.#peers.length : free
    if (id > highestPeer) throw new Error(`more than ${highestPeer} peers`)
    const slot = new PeerSlot(id, config, this.#localAs)
    this.#peers[id] = slot
    this.#imports.set(slot, config)
    rankByAddress(this.#peers)
    return id
  }

  configure(peer: PeerId, config: PeerConfig): void {
    this.#slot(peer).configure(config)
  }

  reconsider(peer: PeerId): void {
    const slot = this.#slot(peer)
    this.#imports.reconsider(slot)
    if (slot.terms === undefined) return
    this.#setContext(slot, slot.terms)
    this.#groups.regroup(slot, slot.terms)
  }

  removePeer(peer: PeerId): void {
    this.sessionDown(peer, [])
    this.#removed.add(peer)
  }

  sessionUp(peer: PeerId, terms: SessionTerms): void {
    const slot = this.#slot(peer)
    const { remoteRouterId } = terms
    if (slot.remoteRouterId !== remoteRouterId) for (const family of families) this.#routes.markChanged(slot, family)
    slot.remoteRouterId = remoteRouterId
    slot.terms = terms
    for (const family of families) slot.sendsPathIds[family] = terms.addPathReceive?.includes(family) ?? false
    this.#setContext(slot, terms)
    this.#groups.join(slot, terms)
    this.#settling = true
  }

  sessionDown(peer: PeerId, keep: readonly AddressFamily[]): void {
    const slot = this.#slot(peer)
    slot.terms = undefined
    this.#groups.leave(slot)
    for (const family of families) {
      if (keep.includes(family)) this.#routes.markStale(slot, family)
      else this.#routes.drop(slot, family)
    }
  }

  sweepStale(peer: PeerId, family: AddressFamily): void {
    this.#routes.sweepStale(this.#slot(peer), family)
  }

  makeLongLived(peer: PeerId, family: AddressFamily): void {
    this.#routes.makeLongLived(this.#slot(peer), family)
  }

  markStale(peer: PeerId, family: AddressFamily): void {
    this.#routes.markStale(this.#slot(peer), family)
  }

  receive(peer: PeerId, bytes: Uint8Array, start: number, end: number): BgpError | undefined {
    return this.#in.receive(this.#slot(peer), bytes, start, end)
  }

  refresh(peer: PeerId, family: AddressFamily): void {
    this.#groups.refresh(peer, family)
    if (this.#groups.hasOutput(peer)) this.#deps.onOutput(peer)
  }

  /** Distinct sets of attributes in use. */
  get attributeSets(): number {
    return this.#attributes.size
  }

  originate(prefixes: readonly Cidr[]): void {
    const slot = this.#slot(localPeer)
    const wanted = { 'ipv4-unicast': new Set<number>(), 'ipv6-unicast': new Set<number>() }
    for (const text of prefixes) {
      const prefix = parsePrefix(text)
      if (prefix === undefined) throw new Error(`"${text}" is no prefix`)
      const family = prefix.family === 4 ? 'ipv4-unicast' : 'ipv6-unicast'
      const table = this.#tables[family]
      const id = table.insert(prefix.bytes, 0, prefix.length)
      wanted[family].add(id)
      this.#in.put(table, slot, id, this.#local[this.#drained].id)
    }
    for (const family of families)
      this.#routes.each(slot, family, (table, row) => {
        if (!wanted[family].has(table.paths.prefix[row] as number)) this.#in.drop(table, slot, row)
      })
  }

  setPolicy(policy: SpeakerPolicy): void {
    this.policy = policy
    this.#rules = new SpeakerRules(policy, this.#rules)
    this.#imports.setRules(this.#rules, this.#peers)
    this.#groups.setRules(this.#rules)
    const { multipath = defaultMultipath, preferExisting = false, resolveViaDefault = false } = policy
    this.#tracking.setViaDefault(resolveViaDefault)
    const decision = this.#decision
    if (isSameSharing(multipath, decision.multipath) && preferExisting === decision.preferExisting) return
    Object.assign(decision, { multipath, preferExisting })
    for (const family of families) {
      this.#tables[family].sharing = sharesTraffic(decision)
      this.#tables[family].markAllDirty()
      this.#tables[family].tellAllAgain()
    }
  }

  drain(state: DrainState): void {
    this.#drained = state
    const slot = this.#slot(localPeer)
    for (const family of families)
      this.#routes.each(slot, family, (table, row) => this.#in.put(table, slot, table.paths.prefix[row] as number, this.#local[state].id))
  }

  holdDecisions(): void {
    for (const family of families) this.#held.add(family)
  }

  releaseDecisions(family: AddressFamily): void {
    this.#settling = true
    this.#held.delete(family)
  }

  nextHopsChanged(): void {
    const isOther = this.#nextHops.refresh()
    this.#imports.nextHopsChanged(this.#peers)
    this.#groups.nextHopsChanged()
    for (const family of families) {
      const table = this.#tables[family]
      table.tellAllAgain()
      if (isOther) table.markAllDirty()
      if (isOther) table.noteUsers()
    }
  }

  flush(budgetMs: number): boolean {
    const open = families.filter((family) => !this.#held.has(family))
    if (open.length === 0) return false
    const until = performance.now() + budgetMs
    let more = this.#routes.run(until)
    if (this.#imports.run(until)) more = true
    this.#tracking.resolve()
    for (const family of open) if (this.#decide(this.#tables[family], until)) more = true
    if (this.#groups.fill(until)) more = true
    this.#groups.flush()
    // What is reached otherwise by what was just decided is decided in the next flush. Not before the groups have written: a path that
    // came and went in one batch would be left standing.
    this.#tracking.resolve()
    if (open.some((family) => this.#tables[family].dirtyCount > 0)) more = true
    for (const family of open) if (this.#handOver(this.#tables[family])) more = true
    if (!more) this.#finish()
    for (const slot of this.#peers) if (slot?.terms !== undefined && this.#groups.hasOutput(slot.id)) this.#deps.onOutput(slot.id)
    return more
  }

  read(peer: PeerId, maxBytes: number): Uint8Array | undefined {
    return this.#groups.read(peer, maxBytes, this.#mayEnd)
  }

  counts(peer: PeerId, family: AddressFamily): PeerCounts {
    return { ...this.#slot(peer).counts[family], advertised: this.#groups.advertised(peer, family) }
  }

  bestFrom(peer: PeerId, family: AddressFamily): number {
    return this.#tables[family].bestFrom(peer)
  }

  query(query: RouteQuery): RoutePage {
    return this.#views.page(query)
  }

  explain(prefix: Cidr, peer?: string): RouteExplanation {
    return this.#explainer.explain(prefix, peer)
  }

  entry(query: RouteWatchQuery, family: AddressFamily, prefix: number): RouteEntry | undefined {
    return this.#views.entry(query, family, prefix)
  }

  #slot(peer: PeerId): PeerSlot {
    const slot = this.#peers[peer]
    if (slot === undefined || this.#removed.has(peer)) throw new Error(`no peer ${peer}`)
    return slot
  }

  /** By what attributes from this peer are read. */
  #setContext(slot: PeerSlot, { fourOctetAs }: SessionTerms): void {
    const peerAs = slot.config?.asNumber ?? this.#localAs
    const { localAs = this.#localAs, enforceFirstAs, allowAsSet } = slot.config ?? {}
    const { internal } = slot
    const link = slot.config && this.#linkOf(slot.config)
    slot.context = this.#attributes.contextOf({ fourOctetAs, internal, peerAs, localAs, enforceFirstAs, allowAsSet, link })
  }

  /** Where the peer's link-local next hops are; undefined: it is not directly connected, they lead nowhere. */
  #linkOf({ address, interface: link }: PeerConfig): string | undefined {
    return isLinkLocal(address) ? link : this.#deps.interfaceOf?.(address)
  }

  /** Everything is decided, but for what is held. */
  #finish(): void {
    this.#settling = false
    if (this.#held.size > 0) return
    for (const peer of this.#removed) this.#peers[peer] = undefined
    this.#removed.clear()
  }

  /** A prefix counts as it has paths: of one peer alone they may be thousands (RFC 7911). */
  #decide(table: FamilyTable, until: number): boolean {
    // Ranking them for a group that tells several goes through them once for each that is told.
    const weight = table.groups.some((group) => group.tellsPaths) ? 16 : 1
    for (let count = 0; table.dirtyCount > 0; count += 1 + table.walked * weight) {
      if (count >= stretch * 2) {
        if (performance.now() >= until) return true
        count = 0
      }
      const prefix = table.takeDirty()
      this.#tracking.touched(table, prefix)
      const isOther = table.decide(prefix, this.#best)
      for (const group of table.groups) if (isOther || group.tellsPaths) group.update(prefix)
      table.noteDecided(prefix)
    }
    return false
  }

  /** @returns whether more is to be handed over in the next flush */
  #handOver(table: FamilyTable): boolean {
    const more = table.gatherAgain(stretch * 8)
    if (table.changedCount > 0) {
      this.#deps.onBest({
        table: table.prefixes,
        ids: table.changed,
        count: table.changedCount,
        nextHopsOf: (id) => this.#multipath.nextHopsOf(table, id),
        discards: (id) => table.discards(id),
      })
    }
    table.clearChanged()
    table.removeUnused()
    return more
  }
}
