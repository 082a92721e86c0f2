import { wellKnownCommunity } from '../policy/well-known-community.ts'
import { asPathLength } from '../wire/as-path.ts'
import { u32At } from '../wire/octets.ts'
import type { AsPathSegment, PathAttributes } from '../wire/path-attributes.ts'
import type { AttributeScan } from '../wire/scan-attributes.ts'
import type { NextHop } from './next-hop.ts'

/** RFC 1997: what a well-known community forbids. */
export type Scope = 'anywhere' | 'inside' | 'nowhere'

/** Who we are: what makes a route a loop. */
export type LoopGuard = {
  readonly asNumber: number
  readonly routerId: number
  readonly clusterId: number
}

const { noExport, noAdvertise, noExportSubconfed } = wellKnownCommunity

/** RFC 4271 §5.1.5: of a route that came without LOCAL_PREF. */
export const defaultLocalPref = 100

/** What of a set is looked at for each of its routes, laid open. */
export type SetTraits = {
  readonly origin: 0 | 1 | 2
  readonly asPathLength: number
  /** The AS that MEDs are compared within (RFC 4271 §9.1.2.2 c); 0 for routes of our own AS. */
  readonly neighborAs: number
  readonly localPref: number
  readonly med: number
  readonly originatorId: number | undefined
  readonly clusterListLength: number
  readonly scope: Scope
  /** LLGR_STALE: the last resort, whatever else speaks for it (RFC 9494 §4.3). */
  readonly isLongLivedStale: boolean
}

/**
 * One distinct set of attributes, as all its routes share it. The tables know sets by their numbers; this is for whoever wants to look at
 * one more closely, made when it is asked for.
 */
export class AttributeSet implements SetTraits {
  readonly id: number
  readonly origin: 0 | 1 | 2
  readonly asPathLength: number
  readonly neighborAs: number
  readonly localPref: number
  readonly med: number
  readonly originatorId: number | undefined
  readonly clusterListLength: number
  readonly scope: Scope
  readonly isLongLivedStale: boolean
  readonly nextHop: NextHop | undefined
  /** false: looped (RFC 4271 §9.1.2, RFC 4456 §8) or its next hop is this node; kept, but never used. */
  readonly eligible: boolean
  readonly #decode: () => PathAttributes
  #attributes: PathAttributes | undefined

  /** @param decode called at most once, when somebody asks for the attributes themselves */
  constructor(id: number, traits: SetTraits, nextHop: NextHop | undefined, eligible: boolean, decode: () => PathAttributes) {
    this.id = id
    this.origin = traits.origin
    this.asPathLength = traits.asPathLength
    this.neighborAs = traits.neighborAs
    this.localPref = traits.localPref
    this.med = traits.med
    this.originatorId = traits.originatorId
    this.clusterListLength = traits.clusterListLength
    this.scope = traits.scope
    this.isLongLivedStale = traits.isLongLivedStale
    this.nextHop = nextHop
    this.eligible = eligible
    this.#decode = decode
  }

  /** Decoded from the octets they came in, once. For filters, the API and whatever is unusual; not on the way of each route. */
  get attributes(): PathAttributes {
    this.#attributes ??= this.#decode()
    return this.#attributes
  }
}

export function traitsOf(attributes: PathAttributes): SetTraits {
  const { origin, asPath, localPref = defaultLocalPref, med = 0, originatorId, clusterList, communities } = attributes
  return {
    origin,
    asPathLength: asPathLength(asPath),
    neighborAs: neighborAs(asPath),
    localPref,
    med,
    originatorId,
    clusterListLength: clusterList?.length ?? 0,
    scope: scopeOf(communities),
    isLongLivedStale: communities?.includes(wellKnownCommunity.llgrStale) ?? false,
  }
}

/** The same of a block that was scanned. */
export function scannedTraits(scan: AttributeScan, bytes: Uint8Array): SetTraits {
  return {
    origin: scan.origin,
    asPathLength: scan.asPathLength,
    neighborAs: scan.neighborAs,
    localPref: scan.localPref ?? defaultLocalPref,
    med: scan.med ?? 0,
    originatorId: scan.originatorId,
    clusterListLength: (scan.clusterListEnd - scan.clusterListStart) / 4,
    scope: scannedScope(bytes, scan.communitiesStart, scan.communitiesEnd),
    isLongLivedStale: isScannedStale(bytes, scan.communitiesStart, scan.communitiesEnd),
  }
}

/** RFC 4271 §9.1.2 (our AS in the path), RFC 4456 §8 (our id as originator, our cluster in the list). */
export function isLoop(attributes: PathAttributes, guard: LoopGuard): boolean {
  const { asPath, originatorId, clusterList } = attributes
  for (const segment of asPath) if (segment.asNumbers.includes(guard.asNumber)) return true
  return originatorId === guard.routerId || (clusterList?.includes(guard.clusterId) ?? false)
}

/** As `isLoop`, of a block that was scanned for our AS. */
export function isScannedLoop(scan: AttributeScan, bytes: Uint8Array, guard: LoopGuard): boolean {
  if (scan.ownAsCount > 0 || scan.originatorId === guard.routerId) return true
  for (let at = scan.clusterListStart; at < scan.clusterListEnd; at += 4) if (u32At(bytes, at) === guard.clusterId) return true
  return false
}

function neighborAs(path: readonly AsPathSegment[]): number {
  const first = path.find(({ type }) => type === 'sequence' || type === 'set')
  return first?.type === 'sequence' ? (first.asNumbers[0] ?? 0) : 0
}

function scopeOf(communities: readonly number[] | undefined): Scope {
  if (communities === undefined) return 'anywhere'
  if (communities.includes(noAdvertise)) return 'nowhere'
  return communities.includes(noExport) || communities.includes(noExportSubconfed) ? 'inside' : 'anywhere'
}

/** Whether an import policy obeys one of them, beside their scope (RFC 8326, RFC 7999). */
export function isObeyed(communities: readonly number[] | undefined): boolean {
  return communities?.some((value) => value === wellKnownCommunity.gracefulShutdown || value === wellKnownCommunity.blackhole) === true
}

/** As `isObeyed`, of COMMUNITIES' value `bytes[start, end)`. */
export function isScannedMarked(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at += 4) {
    if (bytes[at] !== 0xff || bytes[at + 1] !== 0xff || (bytes[at + 2] as number) > 2) continue
    if (isObeyed([u32At(bytes, at)])) return true
  }
  return false
}

/** Of COMMUNITIES' value `bytes[start, end)`. */
export function scannedScope(bytes: Uint8Array, start: number, end: number): Scope {
  let scope: Scope = 'anywhere'
  for (let at = start; at < end; at += 4) {
    if (bytes[at] !== 0xff || bytes[at + 1] !== 0xff || bytes[at + 2] !== 0xff) continue
    const community = u32At(bytes, at)
    if (community === noAdvertise) return 'nowhere'
    if (community === noExport || community === noExportSubconfed) scope = 'inside'
  }
  return scope
}

/** Whether LLGR_STALE is in COMMUNITIES' value `bytes[start, end)`. */
export function isScannedStale(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at += 4)
    if (bytes[at] === 0xff && bytes[at + 1] === 0xff && u32At(bytes, at) === wellKnownCommunity.llgrStale) return true
  return false
}
