/** A look over an attribute block that allocates nothing, for the blocks that most UPDATEs carry. */
import { attributeFlag, attributeType } from './attribute-type.ts'
import { isIpv4NextHop, isIpv6NextHop, isLinkLocal } from './next-hop.ts'
import { u16At, u32At } from './octets.ts'
import type { DecodeContext } from './update.ts'

/** What a block says, as far as decision, loop check and export look at it. Offsets are into the scanned octets. Reused. */
export type AttributeScan = {
  origin: 0 | 1 | 2
  /** AS numbers in the path. */
  asPathLength: number
  /** The first AS of the path; 0 without one. */
  neighborAs: number
  /** How often `ownAs` is in the path. */
  ownAsCount: number
  /** 4, 16 or 32 octets, as `PathAttributes.nextHop`. */
  nextHopStart: number
  nextHopEnd: number
  med: number | undefined
  localPref: number | undefined
  originatorId: number | undefined
  /** CLUSTER_LIST's value; start === end: there is none. */
  clusterListStart: number
  clusterListEnd: number
  /** COMMUNITIES' value; likewise. */
  communitiesStart: number
  communitiesEnd: number
  /** Types in ascending order (MP_REACH_NLRI apart), nothing there that changes on its way but what `rewriteAttributes` knows of. */
  isPlain: boolean
}

export function emptyScan(): AttributeScan {
  return {
    origin: 2,
    asPathLength: 0,
    neighborAs: 0,
    ownAsCount: 0,
    nextHopStart: 0,
    nextHopEnd: 0,
    med: undefined,
    localPref: undefined,
    originatorId: undefined,
    clusterListStart: 0,
    clusterListEnd: 0,
    communitiesStart: 0,
    communitiesEnd: 0,
    isPlain: true,
  }
}

const optionalTransitive = attributeFlag.optional | attributeFlag.transitive
const kindMask = optionalTransitive
const sequence = 2
/** RFC 4360 §2: the bit of an extended community's first octet. */
const nonTransitive = 0x40

/**
 * Lays open the block `bytes[start, end)` of an UPDATE with prefixes, if it is well-formed and ordinary.
 * @param ownAs the AS that `ownAsCount` counts
 * @returns false: only `decodeAttributes` can tell what the block is, and what is wrong with it (RFC 7606); `out` is then undefined
 */
export function scanAttributes(
  bytes: Uint8Array,
  start: number,
  end: number,
  context: DecodeContext,
  ownAs: number,
  out: AttributeScan,
): boolean {
  if (!context.fourOctetAs) return false
  reset(out)
  let seen = 0
  let last = 0
  for (let at = start; at < end; ) {
    if (at + 3 > end) return false
    const flags = bytes[at] as number
    const type = bytes[at + 1] as number
    const isLong = (flags & attributeFlag.extendedLength) !== 0
    if (isLong && at + 4 > end) return false
    const value = isLong ? at + 4 : at + 3
    const next = value + (isLong ? u16At(bytes, at + 2) : (bytes[at + 2] as number))
    if (next > end) return false
    if (type < 32) {
      if ((seen & (1 << type)) !== 0) return false
      seen |= 1 << type
    } else if (type === last) return false
    if (type !== attributeType.mpReach) {
      // Two of a type above 31 stand beside each other where the order is right; where it is not, the decoder looks for them.
      if (type < last && (last > 31 || type > 31)) return false
      if (type < last) out.isPlain = false
      last = type
    }
    if (!scanValue(bytes, flags & kindMask, type, value, next, context.internal, ownAs, out)) return false
    at = next
  }
  const mandatory = (1 << attributeType.origin) | (1 << attributeType.asPath)
  if ((seen & mandatory) !== mandatory || out.nextHopStart === out.nextHopEnd) return false
  return context.internal || context.enforceFirstAs === false || out.neighborAs === context.peerAs
}

function reset(out: AttributeScan): void {
  out.asPathLength = 0
  out.neighborAs = 0
  out.ownAsCount = 0
  out.nextHopStart = 0
  out.nextHopEnd = 0
  out.med = undefined
  out.localPref = undefined
  out.originatorId = undefined
  out.clusterListStart = 0
  out.clusterListEnd = 0
  out.communitiesStart = 0
  out.communitiesEnd = 0
  out.isPlain = true
}

/** One attribute; false where the decoder would say anything about it, or treat it in a way that is not told here. */
function scanValue(
  bytes: Uint8Array,
  kind: number,
  type: number,
  start: number,
  end: number,
  internal: boolean,
  ownAs: number,
  out: AttributeScan,
): boolean {
  const length = end - start
  switch (type) {
    case attributeType.origin:
      if (kind !== attributeFlag.transitive || length !== 1 || (bytes[start] as number) > 2) return false
      out.origin = bytes[start] as 0 | 1 | 2
      return true
    case attributeType.asPath:
      return kind === attributeFlag.transitive && scanAsPath(bytes, start, end, ownAs, out)
    case attributeType.nextHop:
      if (kind !== attributeFlag.transitive || length !== 4 || !isIpv4NextHop(bytes, start)) return false
      if (out.nextHopStart !== out.nextHopEnd) return true // MP_REACH_NLRI was before it, and counts
      out.nextHopStart = start
      out.nextHopEnd = end
      return true
    case attributeType.mpReach:
      return kind === attributeFlag.optional && scanReach(bytes, start, end, out)
    case attributeType.med:
      out.med = length === 4 ? u32At(bytes, start) : undefined
      return kind === attributeFlag.optional && length === 4
    case attributeType.localPref:
      out.localPref = length === 4 ? u32At(bytes, start) : undefined
      return kind === attributeFlag.transitive && length === 4 && internal
    case attributeType.originatorId:
      out.originatorId = length === 4 ? u32At(bytes, start) : undefined
      return kind === attributeFlag.optional && length === 4 && internal
    case attributeType.clusterList:
      out.clusterListStart = start
      out.clusterListEnd = end
      return kind === attributeFlag.optional && length > 0 && length % 4 === 0 && internal
    case attributeType.communities:
      out.communitiesStart = start
      out.communitiesEnd = end
      return kind === optionalTransitive && length > 0 && length % 4 === 0
    default:
      return scanCarried(bytes, kind, type, start, end, out)
  }
}

/** What nobody here decides on. */
function scanCarried(bytes: Uint8Array, kind: number, type: number, start: number, end: number, out: AttributeScan): boolean {
  const length = end - start
  switch (type) {
    case attributeType.atomicAggregate:
      return kind === attributeFlag.transitive && length === 0
    case attributeType.aggregator:
      return kind === optionalTransitive && length === 8 && u32At(bytes, start) !== 0
    case attributeType.extendedCommunities:
      for (let at = start; at < end; at += 8) if (((bytes[at] as number) & nonTransitive) !== 0) out.isPlain = false
      return kind === optionalTransitive && length > 0 && length % 8 === 0
    case attributeType.ipv6ExtendedCommunities:
      return kind === optionalTransitive && length > 0 && length % 20 === 0
    case attributeType.largeCommunities:
      if (mayRepeat(bytes, start, end)) out.isPlain = false
      return kind === optionalTransitive && length > 0 && length % 12 === 0
    case attributeType.onlyToCustomer:
      return kind === optionalTransitive && length === 4 && u32At(bytes, start) !== 0
    case attributeType.mpUnreach:
    case attributeType.as4Path:
    case attributeType.as4Aggregator:
      return false
    default:
      return (kind & attributeFlag.optional) !== 0
  }
}

/** { segment type u8 | count u8 | count AS numbers u32 }*, sequences only */
function scanAsPath(bytes: Uint8Array, start: number, end: number, ownAs: number, out: AttributeScan): boolean {
  for (let at = start; at < end; ) {
    if (at + 2 > end || bytes[at] !== sequence) return false
    const count = bytes[at + 1] as number
    const next = at + 2 + count * 4
    if (count === 0 || next > end) return false
    for (at += 2; at < next; at += 4) {
      const asNumber = u32At(bytes, at)
      if (asNumber === 0) return false
      if (asNumber === ownAs) out.ownAsCount++
      if (out.asPathLength === 0) out.neighborAs = asNumber
      out.asPathLength++
    }
  }
  return true
}

/** MP_REACH_NLRI of IPv6 unicast, with or without its prefixes: afi u16 | safi u8 | next hop length u8 | next hop | reserved u8 */
function scanReach(bytes: Uint8Array, start: number, end: number, out: AttributeScan): boolean {
  if (end - start < 5 || u16At(bytes, start) !== 2 || bytes[start + 2] !== 1) return false
  const length = bytes[start + 3] as number
  const nextHop = start + 4
  if ((length !== 16 && length !== 32) || nextHop + length + 1 > end || !isIpv6NextHop(bytes, nextHop)) return false
  if (length === 32 && !isLinkLocal(bytes, nextHop + 16)) return false
  out.nextHopStart = nextHop
  out.nextHopEnd = nextHop + length
  return true
}

/** Large communities that are there twice go on once (RFC 8092 §3). @returns true also where there are too many to look */
function mayRepeat(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start > 12 * 16) return true
  for (let a = start; a + 12 <= end; a += 12)
    for (let b = a + 12; b + 12 <= end; b += 12) {
      let octet = 0
      while (octet < 12 && bytes[a + octet] === bytes[b + octet]) octet++
      if (octet === 12) return true
    }
  return false
}
