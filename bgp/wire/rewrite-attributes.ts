/** Received attributes to outgoing ones, octet for octet: what `outgoing` and `encodeAttributes` make of ordinary blocks, without objects. */
import { attributeFlag, attributeType } from './attribute-type.ts'
import { putU16, putU32, u16At } from './octets.ts'

const wellKnown = attributeFlag.transitive
const optional = attributeFlag.optional
const optionalTransitive = attributeFlag.optional | attributeFlag.transitive
const maxSegment = 255
const sequence = 2
const defaultLocalPref = 100

/** What becomes of the attributes on the way to peers that are told the same. One object is reused. */
export type Rewrite = {
  /** To another AS: AS_PATH gets `asNumber` in front, and what stays inside an AS is left out (RFC 4271 §5.1.4, §5.1.5, RFC 4456 §8). */
  readonly internal: boolean
  readonly asNumber: number
  /** NEXT_HOP: these four octets, the one received, or none, since it goes in MP_REACH_NLRI. */
  readonly nextHop: Uint8Array | 'received' | 'none'
  /** RFC 4456 §8: marked as reflected, which only the routes of internal peers are. */
  reflects: boolean
  readonly clusterId: number
  /** ORIGINATOR_ID where there is none yet. */
  originatorId: number
}

/** By how much a block can grow, each of its attributes made longer or put in: AS_PATH, NEXT_HOP, LOCAL_PREF, ORIGINATOR_ID, CLUSTER_LIST. */
export const mostRewriteAdds: number = 7 + 7 + 7 + 7 + 8

/**
 * Writes what the block `from[start, end)`, which `scanAttributes` found plain, becomes.
 * @param into has room for `end - start + mostRewriteAdds` octets behind `at`
 * @returns where it ends
 */
export function rewriteAttributes(from: Uint8Array, start: number, end: number, to: Rewrite, into: Uint8Array, at: number): number {
  let done = 0
  let out = at
  for (let next = start; next < end; ) {
    const here = next
    const flags = from[here] as number
    const type = from[here + 1] as number
    const isLong = (flags & attributeFlag.extendedLength) !== 0
    const value = isLong ? here + 4 : here + 3
    next = value + (isLong ? u16At(from, here + 2) : (from[here + 2] as number))
    if (type === attributeType.mpReach) continue
    if (to.internal && done < attributeType.clusterList && type > attributeType.med) out = insert(done, type, to, into, out)
    done = type
    out = rewriteOne(from, flags, type, value, next, to, into, out)
  }
  return to.internal && done < attributeType.clusterList ? insert(done, attributeType.clusterList + 1, to, into, out) : out
}

/** Puts in what an internal peer is told in any case and is not there, of the types between `after` and `before`. */
function insert(after: number, before: number, to: Rewrite, into: Uint8Array, at: number): number {
  const { localPref, originatorId, clusterList } = attributeType
  let out = at
  if (after < localPref && localPref < before) out = writeU32(into, out, wellKnown, localPref, defaultLocalPref)
  if (!to.reflects) return out
  if (after < originatorId && originatorId < before) out = writeU32(into, out, optional, originatorId, to.originatorId)
  if (after < clusterList && clusterList < before) out = writeU32(into, out, optional, clusterList, to.clusterId)
  return out
}

function rewriteOne(
  from: Uint8Array,
  flags: number,
  type: number,
  start: number,
  end: number,
  to: Rewrite,
  into: Uint8Array,
  at: number,
): number {
  switch (type) {
    case attributeType.origin:
    case attributeType.atomicAggregate:
      return copy(from, wellKnown, type, start, end, into, at)
    case attributeType.asPath:
      return to.internal ? copy(from, wellKnown, type, start, end, into, at) : prepend(from, start, end, to.asNumber, into, at)
    case attributeType.nextHop:
      if (to.nextHop === 'none') return at
      if (to.nextHop === 'received') return copy(from, wellKnown, type, start, end, into, at)
      return copy(to.nextHop, wellKnown, type, 0, 4, into, at)
    case attributeType.localPref:
      return to.internal ? copy(from, wellKnown, type, start, end, into, at) : at
    case attributeType.med:
    case attributeType.originatorId:
      return to.internal ? copy(from, optional, type, start, end, into, at) : at
    case attributeType.clusterList:
      if (!to.internal) return at
      return to.reflects ? addCluster(from, start, end, to.clusterId, into, at) : copy(from, optional, type, start, end, into, at)
    case attributeType.aggregator:
    case attributeType.communities:
    case attributeType.extendedCommunities:
    case attributeType.ipv6ExtendedCommunities:
    case attributeType.largeCommunities:
    case attributeType.onlyToCustomer:
      return copy(from, optionalTransitive, type, start, end, into, at)
    default:
      // RFC 4271 §5: what is unknown goes on with the Partial bit if it is transitive, and else no further.
      if ((flags & attributeFlag.transitive) === 0) return at
      return copy(from, optionalTransitive | attributeFlag.partial, type, start, end, into, at)
  }
}

/** RFC 4271 §5.1.2: the AS in front, in a segment of its own if the first one is full. */
function prepend(from: Uint8Array, start: number, end: number, asNumber: number, into: Uint8Array, at: number): number {
  const count = start < end ? (from[start + 1] as number) : maxSegment
  const joins = count < maxSegment
  let out = writeHeader(into, at, wellKnown, attributeType.asPath, end - start + (joins ? 4 : 6))
  into[out] = sequence
  into[out + 1] = joins ? count + 1 : 1
  putU32(into, out + 2, asNumber)
  out += 6
  for (let i = joins ? start + 2 : start; i < end; i++) into[out++] = from[i] as number
  return out
}

function addCluster(from: Uint8Array, start: number, end: number, clusterId: number, into: Uint8Array, at: number): number {
  let out = writeHeader(into, at, optional, attributeType.clusterList, end - start + 4)
  putU32(into, out, clusterId)
  out += 4
  for (let i = start; i < end; i++) into[out++] = from[i] as number
  return out
}

function writeU32(into: Uint8Array, at: number, flags: number, type: number, value: number): number {
  const out = writeHeader(into, at, flags, type, 4)
  putU32(into, out, value)
  return out + 4
}

function copy(from: Uint8Array, flags: number, type: number, start: number, end: number, into: Uint8Array, at: number): number {
  let out = writeHeader(into, at, flags, type, end - start)
  for (let i = start; i < end; i++) into[out++] = from[i] as number
  return out
}

/** flags u8 | type u8 | length u8, or u16 over 255 octets (RFC 4271 §4.3) */
function writeHeader(into: Uint8Array, at: number, flags: number, type: number, length: number): number {
  into[at + 1] = type
  if (length > 255) {
    into[at] = flags | attributeFlag.extendedLength
    putU16(into, at + 2, length)
    return at + 4
  }
  into[at] = flags
  into[at + 2] = length
  return at + 3
}
