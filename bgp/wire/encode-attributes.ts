import { writeAggregator } from './aggregator.ts'
import { type AsSize, writeAs4Path, writeAsPath } from './as-path.ts'
import { attributeFlag, attributeType } from './attribute-type.ts'
import { writeLargeCommunities, writeU32List } from './communities.ts'
import { putU16 } from './octets.ts'
import type { PathAttributes, UnknownAttribute } from './path-attributes.ts'

const wellKnown = attributeFlag.transitive
const optional = attributeFlag.optional
const optionalTransitive = attributeFlag.optional | attributeFlag.transitive
const defaultLocalPref = 100

export type EncodeContext = {
  /** false: an OLD speaker (RFC 6793). */
  readonly fourOctetAs: boolean
  /** LOCAL_PREF is for internal peers, and always there (RFC 4271 §5.1.5); ORIGINATOR_ID and CLUSTER_LIST too (RFC 4456 §8). */
  readonly internal: boolean
}

/**
 * The attribute block of an UPDATE but for MP_REACH_NLRI, in ascending order of type (RFC 4271 §5). NEXT_HOP is in it only if
 * `nextHop` has 4 octets: other next hops belong to MP_REACH_NLRI. Unknown attributes go byte for byte.
 */
export function encodeAttributes(attributes: PathAttributes, context: EncodeContext): Uint8Array {
  const list = [...ownAttributes(attributes, context), ...attributes.unknown].sort((a, b) => a.type - b.type)
  const block = new Uint8Array(list.reduce((octets, { data }) => octets + (data.length > 255 ? 4 : 3) + data.length, 0))
  let at = 0
  for (const attribute of list) at = writeAttribute(block, at, attribute)
  return block
}

function ownAttributes(attributes: PathAttributes, { fourOctetAs, internal }: EncodeContext): UnknownAttribute[] {
  const list: UnknownAttribute[] = []
  const put = (type: number, flags: number, data: Uint8Array | undefined): void => {
    if (data !== undefined) list.push({ flags, type, data })
  }
  const size: AsSize = fourOctetAs ? 4 : 2
  const { aggregator, nextHop } = attributes
  put(attributeType.origin, wellKnown, Uint8Array.of(attributes.origin))
  put(attributeType.asPath, wellKnown, writeAsPath(attributes.asPath, size))
  if (nextHop.length === 4) put(attributeType.nextHop, wellKnown, nextHop)
  put(attributeType.med, optional, u32(attributes.med))
  if (internal) put(attributeType.localPref, wellKnown, u32(attributes.localPref ?? defaultLocalPref))
  if (attributes.atomicAggregate) put(attributeType.atomicAggregate, wellKnown, new Uint8Array(0))
  if (aggregator !== undefined) put(attributeType.aggregator, optionalTransitive, writeAggregator(aggregator, size))
  put(attributeType.communities, optionalTransitive, u32List(attributes.communities))
  if (internal) put(attributeType.originatorId, optional, u32(attributes.originatorId))
  if (internal) put(attributeType.clusterList, optional, u32List(attributes.clusterList))
  if (!fourOctetAs) put(attributeType.as4Path, optionalTransitive, writeAs4Path(attributes.asPath))
  if (!fourOctetAs && aggregator !== undefined && aggregator.asNumber > 0xffff)
    put(attributeType.as4Aggregator, optionalTransitive, writeAggregator(aggregator, 4))
  const large = attributes.largeCommunities
  if (large !== undefined && large.length > 0) put(attributeType.largeCommunities, optionalTransitive, writeLargeCommunities(large))
  return list
}

function u32(value: number | undefined): Uint8Array | undefined {
  return value === undefined ? undefined : writeU32List([value])
}

/** An empty list is malformed as an attribute (RFC 7606 §7.8, §7.10): it is left out. */
function u32List(values: readonly number[] | undefined): Uint8Array | undefined {
  return values === undefined || values.length === 0 ? undefined : writeU32List(values)
}

/** flags u8 | type u8 | length u8, or u16 over 255 octets (RFC 4271 §4.3) | value */
function writeAttribute(into: Uint8Array, at: number, { flags, type, data }: UnknownAttribute): number {
  const extended = data.length > 255
  into[at] = extended ? flags | attributeFlag.extendedLength : flags & ~attributeFlag.extendedLength
  into[at + 1] = type
  if (extended) putU16(into, at + 2, data.length)
  else into[at + 2] = data.length
  const valueStart = at + (extended ? 4 : 3)
  into.set(data, valueStart)
  return valueStart + data.length
}
