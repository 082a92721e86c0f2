import { resized } from '../../src/net/grown.ts'
import { hashSeed, IdIndex } from '../../src/net/id-index.ts'
import { BgpError } from '../wire/bgp-error.ts'
import { decodeAttributes } from '../wire/decode-attributes.ts'
import type { AddressFamily } from '../wire/message.ts'
import { u32At } from '../wire/octets.ts'
import type { PathAttributes } from '../wire/path-attributes.ts'
import { type AttributeScan, emptyScan, scanAttributes } from '../wire/scan-attributes.ts'
import type { DecodeContext } from '../wire/update.ts'
import {
  AttributeSet,
  defaultLocalPref,
  isLoop,
  isObeyed,
  isScannedLoop,
  isScannedMarked,
  isScannedStale,
  type LoopGuard,
  type Scope,
  type SetTraits,
  scannedScope,
  scannedTraits,
  traitsOf,
} from './attribute-set.ts'
import { derivedBlock, derivedContext } from './derived-block.ts'
import type { NextHop } from './next-hop.ts'
import type { NextHopTable } from './next-hop-table.ts'
import { OctetArena } from './octet-arena.ts'
import { hashOctets } from './octet-hash.ts'
import { preference, preferenceOf } from './preference.ts'

/** Attribute blocks mean the same for all sessions with the same context; its number is part of each key. */
export type ContextId = number & { readonly brand: 'ContextId' }

export type AttributeTableOptions = LoopGuard & { readonly ownAddresses: readonly string[] }

const scopes: readonly Scope[] = ['anywhere', 'inside', 'nowhere']

/** Views that are kept for the next time: routes of one set come together. */
const mostViews = 1024

/** Bits of a set; the lowest two are its scope. */
const scopeBits = 3
const isEligible = 4
const isPlain = 8
const isLongLivedStale = 16
const isMarked = 32

/**
 * Sets of attributes, found again by the bytes they came in, so that an UPDATE whose attributes are known is not looked at. A set is a
 * number; what is asked for each route is in columns, the rest is read from the octets when somebody wants it. A set that nobody holds any
 * more is gone, and its number and octets are used again.
 */
export class AttributeTable {
  readonly #options: AttributeTableOptions
  readonly #nextHops: NextHopTable
  readonly #index = new IdIndex()
  readonly #seed = hashSeed()
  readonly #contexts: DecodeContext[] = []
  readonly #arena = new OctetArena()
  readonly #scan: AttributeScan = emptyScan()
  /** By set. */
  #context = new Uint32Array(64)
  #bits = new Uint8Array(64)
  #uses = new Int32Array(64)
  #hash = new Int32Array(64)
  #preference = new Float64Array(64)
  readonly #nextHop: (NextHop | undefined)[] = []
  /** Of those that somebody looked at lately. */
  readonly #views = new Map<number, AttributeSet>()
  /** Those that came in no octets. */
  readonly #own = new Map<number, AttributeSet>()
  #lastIpv4 = -1
  #lastNextHop: NextHop | undefined

  constructor(options: AttributeTableOptions, nextHops: NextHopTable) {
    this.#options = options
    this.#nextHops = nextHops
  }

  get size(): number {
    return this.#index.size
  }

  /** Numbers of sets are below; grows. */
  get capacity(): number {
    return this.#index.capacity
  }

  /** The number of a context; equal contexts have the same. There are as many as kinds of configured peers. */
  contextOf(context: DecodeContext): ContextId {
    const { fourOctetAs, internal, peerAs, localAs, enforceFirstAs, allowAsSet, link } = context
    const same = (known: DecodeContext): boolean =>
      known.fourOctetAs === fourOctetAs &&
      known.internal === internal &&
      known.peerAs === peerAs &&
      known.localAs === localAs &&
      known.enforceFirstAs === enforceFirstAs &&
      known.allowAsSet === allowAsSet &&
      known.link === link
    const known = this.#contexts.findIndex(same)
    return (known >= 0 ? known : this.#contexts.push(context) - 1) as ContextId
  }

  contextAt(id: ContextId): DecodeContext {
    return this.#contexts[id] as DecodeContext
  }

  /** The set, to look at. @throws if nobody holds it */
  get(id: number): AttributeSet {
    let view = this.#views.get(id)
    if (view === undefined) {
      view = this.look(id)
      if (this.#views.size >= mostViews) this.#views.clear()
      this.#views.set(id, view)
    }
    return view
  }

  /** As `get`, for whoever looks at a whole table: nothing is kept for the next time. */
  look(id: number): AttributeSet {
    const known = this.#own.get(id) ?? this.#views.get(id)
    if (known !== undefined) return known
    if (id >= this.#uses.length || (this.#uses[id] as number) <= 0) throw new Error(`attribute set ${id} is not in use`)
    return new AttributeSet(id, this.#traits(id), this.#nextHop[id], this.isEligible(id), () => this.#decode(id))
  }

  isEligible(id: number): boolean {
    return ((this.#bits[id] as number) & isEligible) !== 0
  }

  /** Its octets may be rewritten as they are: see `rewriteAttributes`. */
  isPlain(id: number): boolean {
    return ((this.#bits[id] as number) & isPlain) !== 0
  }

  /** RFC 9494 §4.3 */
  isLongLivedStale(id: number): boolean {
    return ((this.#bits[id] as number) & isLongLivedStale) !== 0
  }

  /** Has a community that an import policy obeys: GRACEFUL_SHUTDOWN or BLACKHOLE. */
  isMarked(id: number): boolean {
    return ((this.#bits[id] as number) & isMarked) !== 0
  }

  /** The lower the better, by the first steps of the decision: those that look at nothing but the set. See `preferenceOf`. */
  preference(id: number): number {
    return this.#preference[id] as number
  }

  scope(id: number): Scope {
    return scopes[(this.#bits[id] as number) & scopeBits] as Scope
  }

  /** undefined: of a route of this node. */
  nextHop(id: number): NextHop | undefined {
    return this.#nextHop[id]
  }

  /** The octets of all sets: the next set that is interned may move them. */
  get octets(): Uint8Array {
    return this.#arena.octets
  }

  startOf(id: number): number {
    return this.#arena.startOf(id)
  }

  endOf(id: number): number {
    return this.#arena.endOf(id)
  }

  /**
   * The set that the block `bytes[start, end)` of an UPDATE with prefixes stands for. The caller holds it before anything else is
   * interned, and lets go of it.
   * @param onNotes told once for each block decoded, if there is something to say
   * @returns -1: treat as withdraw (RFC 7606 §2)
   */
  intern(
    context: ContextId,
    bytes: Uint8Array,
    start: number,
    end: number,
    onNotes: (notes: readonly string[]) => void,
  ): number | BgpError {
    const hash = hashOctets(bytes, start, end, Math.imul(this.#seed, context + 1))
    const index = this.#index
    const { slots } = index
    for (let slot = index.home(hash); slots[slot] !== 0; slot = index.next(slot)) {
      const id = (slots[slot] as number) - 1
      if (slots[slot + 1] === hash && this.#context[id] === context && this.#arena.holds(id, bytes, start, end)) return id
    }
    const known = this.#contexts[context] as DecodeContext
    const scan = this.#scan
    if (scanAttributes(bytes, start, end, known, this.#options.asNumber, scan)) {
      const id = this.#keep(hash, context, bytes, start, end)
      const nextHop = this.#nextHopAt(bytes, scan.nextHopStart, scan.nextHopEnd, known.link)
      const { communitiesStart, communitiesEnd } = scan
      const isStale = isScannedStale(bytes, communitiesStart, communitiesEnd)
      const marks = marksOf(scannedScope(bytes, communitiesStart, communitiesEnd), isStale)
      this.#lay(id, nextHop, marks, !isScannedLoop(scan, bytes, this.#options), scan.isPlain)
      if (isScannedMarked(bytes, communitiesStart, communitiesEnd)) this.#mark(id)
      this.#preference[id] = preference(isStale, scan.localPref ?? defaultLocalPref, scan.asPathLength, scan.origin)
      return id
    }
    const decoded = decodeAttributes(bytes, start, end, known, true)
    if (decoded instanceof BgpError) return decoded
    if (decoded.notes.length > 0) onNotes(decoded.notes)
    const { attributes } = decoded
    if (attributes === undefined) return -1
    const id = this.#keep(hash, context, bytes, start, end)
    const nextHop = this.#nextHops.acquire(attributes.nextHop, known.link)
    const traits = traitsOf(attributes)
    this.#lay(id, nextHop, marksOf(traits.scope, traits.isLongLivedStale), !isLoop(attributes, this.#options), false)
    this.#preference[id] = preferenceOf(traits)
    if (isObeyed(attributes.communities)) this.#mark(id)
    return id
  }

  /** The set of attributes that did not come like this, as an import policy makes them of those of the set `base`; as `intern`. */
  internDerived(attributes: PathAttributes, base: number, family: AddressFamily): number {
    const block = derivedBlock(attributes, family)
    const { link } = this.#contexts[this.#context[base] as number] as DecodeContext
    const id = this.intern(this.contextOf({ ...derivedContext, link }), block, 0, block.length, () => {})
    if (typeof id !== 'number' || id < 0) throw new Error('attributes of our own making are malformed')
    return id
  }

  /** A set of our own, for the routes this node originates; it is never freed. */
  own(attributes: PathAttributes): AttributeSet {
    const id = this.#keep(0, 0xffff_ffff, new Uint8Array(0), 0, 0)
    const traits = traitsOf(attributes)
    this.#lay(id, undefined, marksOf(traits.scope, traits.isLongLivedStale), true, false)
    this.#preference[id] = preferenceOf(traits)
    this.#uses[id] = 1
    const set = new AttributeSet(id, traits, undefined, true, () => attributes)
    this.#own.set(id, set)
    return set
  }

  hold(id: number): void {
    this.#uses[id] = (this.#uses[id] as number) + 1
  }

  release(id: number): void {
    const left = (this.#uses[id] as number) - 1
    this.#uses[id] = left
    if (left > 0) return
    const nextHop = this.#nextHop[id]
    if (nextHop !== undefined) this.#nextHops.release(nextHop)
    this.#nextHop[id] = undefined
    this.#index.remove(id, this.#hash[id] as number)
    this.#arena.drop(id)
    if (this.#views.size > 0) this.#views.delete(id)
  }

  #keep(hash: number, context: number, bytes: Uint8Array, start: number, end: number): number {
    const id = this.#index.add(hash)
    const { capacity } = this.#index
    if (id >= this.#uses.length) {
      this.#context = resized(this.#context, capacity)
      this.#bits = resized(this.#bits, capacity)
      this.#uses = resized(this.#uses, capacity)
      this.#hash = resized(this.#hash, capacity)
      this.#preference = resized(this.#preference, capacity)
    }
    this.#arena.keep(id, capacity, bytes, start, end)
    this.#context[id] = context
    this.#hash[id] = hash
    this.#uses[id] = 0
    return id
  }

  #lay(id: number, nextHop: NextHop | undefined, marks: number, loopFree: boolean, plain: boolean): void {
    const eligible = loopFree && (nextHop === undefined || !this.#options.ownAddresses.includes(nextHop.address))
    this.#nextHop[id] = nextHop
    this.#bits[id] = marks | (eligible ? isEligible : 0) | (plain ? isPlain : 0)
  }

  #mark(id: number): void {
    this.#bits[id] = (this.#bits[id] as number) | isMarked
  }

  /** Most sets have the next hop of the one before. */
  #nextHopAt(bytes: Uint8Array, start: number, end: number, link: string | undefined): NextHop {
    if (end - start !== 4) return this.#nextHops.acquire(bytes.slice(start, end), link)
    const ipv4 = u32At(bytes, start)
    const last = this.#lastNextHop
    if (ipv4 === this.#lastIpv4 && last !== undefined && last.uses > 0) {
      last.uses++
      return last
    }
    const nextHop = this.#nextHops.acquire(bytes.slice(start, end))
    this.#lastIpv4 = ipv4
    this.#lastNextHop = nextHop
    return nextHop
  }

  #traits(id: number): SetTraits {
    const { octets } = this.#arena
    const context = this.#contexts[this.#context[id] as number] as DecodeContext
    const scan = this.#scan
    if (scanAttributes(octets, this.startOf(id), this.endOf(id), context, this.#options.asNumber, scan)) return scannedTraits(scan, octets)
    return traitsOf(this.#decode(id))
  }

  #decode(id: number): PathAttributes {
    const context = this.#contexts[this.#context[id] as number] as DecodeContext
    const decoded = decodeAttributes(this.#arena.octets, this.startOf(id), this.endOf(id), context, true)
    if (decoded instanceof BgpError || decoded.attributes === undefined) throw new Error(`attribute set ${id} cannot be read any more`)
    return decoded.attributes
  }
}

/** What communities say to whoever tells the route on. */
function marksOf(scope: Scope, isStale: boolean): number {
  return scopes.indexOf(scope) | (isStale ? isLongLivedStale : 0)
}
