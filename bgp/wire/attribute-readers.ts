/** What this speaker knows of each path attribute: its flags, and how to read its value or what is wrong with it (RFC 7606 §7). */
import { readAggregator } from './aggregator.ts'
import { asPathFault, readAsPath } from './as-path.ts'
import { type AttributeDraft, type AttributeFault, discard, treatAsWithdraw } from './attribute-draft.ts'
import { attributeFlag, attributeType } from './attribute-type.ts'
import { readLargeCommunities, readU32List } from './communities.ts'
import { isIpv4NextHop } from './next-hop.ts'
import { copyOctets, u32At } from './octets.ts'
import type { DecodeContext } from './update.ts'

const wellKnown = attributeFlag.transitive
const optional = attributeFlag.optional
const optionalTransitive = attributeFlag.optional | attributeFlag.transitive

/** Reads the value `bytes[start, end)` into the draft. */
type ReadValue = (
  draft: AttributeDraft,
  bytes: Uint8Array,
  start: number,
  end: number,
  context: DecodeContext,
) => AttributeFault | undefined

export type KnownAttribute = {
  /** The Optional and Transitive bits it must have. */
  readonly flags: number
  readonly flagsFault: AttributeFault
  readonly read: ReadValue
}

/** ORIGIN:  u8, 0 IGP, 1 EGP, 2 INCOMPLETE */
const readOrigin: ReadValue = ({ attributes }, bytes, start, end) => {
  const value = bytes[start]
  if (end - start !== 1 || (value !== 0 && value !== 1 && value !== 2)) return treatAsWithdraw('malformed ORIGIN (RFC 7606 §7.1)')
  attributes.origin = value
  return undefined
}

const readPath: ReadValue = ({ attributes }, bytes, start, end, { fourOctetAs }) => {
  const path = readAsPath(bytes, start, end, fourOctetAs ? 4 : 2)
  if (typeof path === 'string') return treatAsWithdraw(path)
  attributes.asPath = path
  return undefined
}

/** NEXT_HOP:  IPv4 address. One that can be none is as if it were missing: beside MP_REACH_NLRI it does not matter. */
const readNextHop: ReadValue = (draft, bytes, start, end) => {
  if (end - start !== 4) return treatAsWithdraw('NEXT_HOP length (RFC 7606 §7.3)')
  if (isIpv4NextHop(bytes, start)) draft.ipv4NextHop = copyOctets(bytes, start, end)
  return undefined
}

/** MULTI_EXIT_DISC:  u32 */
const readMed: ReadValue = ({ attributes }, bytes, start, end) => {
  if (end - start !== 4) return treatAsWithdraw('MULTI_EXIT_DISC length (RFC 7606 §7.4)')
  attributes.med = u32At(bytes, start)
  return undefined
}

/** LOCAL_PREF:  u32 */
const readLocalPref: ReadValue = ({ attributes }, bytes, start, end, { internal }) => {
  if (!internal) return discard('LOCAL_PREF from an external peer (RFC 7606 §7.5)')
  if (end - start !== 4) return treatAsWithdraw('LOCAL_PREF length (RFC 7606 §7.5)')
  attributes.localPref = u32At(bytes, start)
  return undefined
}

/** ATOMIC_AGGREGATE: empty */
const readAtomicAggregate: ReadValue = ({ attributes }, _bytes, start, end) => {
  if (start !== end) return discard('ATOMIC_AGGREGATE length (RFC 7606 §7.6)')
  attributes.atomicAggregate = true
  return undefined
}

const readAggregatorValue: ReadValue = ({ attributes }, bytes, start, end, { fourOctetAs }) => {
  const aggregator = readAggregator(bytes, start, end, fourOctetAs ? 4 : 2)
  if (aggregator === undefined) return discard('AGGREGATOR length (RFC 7606 §7.7) or AS 0 (RFC 7607 §2)')
  attributes.aggregator = aggregator
  return undefined
}

const readCommunities: ReadValue = ({ attributes }, bytes, start, end) => {
  const communities = readU32List(bytes, start, end)
  if (communities === undefined) return treatAsWithdraw('COMMUNITIES length (RFC 7606 §7.8)')
  attributes.communities = communities
  return undefined
}

/** ORIGINATOR_ID:  u32 */
const readOriginatorId: ReadValue = ({ attributes }, bytes, start, end, { internal }) => {
  if (!internal) return discard('ORIGINATOR_ID from an external peer (RFC 7606 §7.9)')
  if (end - start !== 4) return treatAsWithdraw('ORIGINATOR_ID length (RFC 7606 §7.9)')
  attributes.originatorId = u32At(bytes, start)
  return undefined
}

const readClusterList: ReadValue = ({ attributes }, bytes, start, end, { internal }) => {
  if (!internal) return discard('CLUSTER_LIST from an external peer (RFC 7606 §7.10)')
  const clusterList = readU32List(bytes, start, end)
  if (clusterList === undefined) return treatAsWithdraw('CLUSTER_LIST length (RFC 7606 §7.10)')
  attributes.clusterList = clusterList
  return undefined
}

const readLarge: ReadValue = ({ attributes }, bytes, start, end) => {
  const communities = readLargeCommunities(bytes, start, end)
  if (communities === undefined) return treatAsWithdraw('LARGE_COMMUNITY length (RFC 8092 §6)')
  attributes.largeCommunities = communities
  return undefined
}

/** What an OLD speaker carries through for NEW ones (RFC 6793 §4.2.3); a NEW speaker does not send it (§4.1). Errors: §6. */
const readAs4Path: ReadValue = (draft, bytes, start, end, { fourOctetAs }) => {
  if (fourOctetAs) return discard('AS4_PATH from a four-octet AS speaker (RFC 6793 §4.1)')
  const path = readAsPath(bytes, start, end, 4, 'skip')
  if (path === asPathFault.asSet) return treatAsWithdraw('AS_SET or AS_CONFED_SET in AS4_PATH (RFC 9774 §3)')
  if (typeof path === 'string' || start === end) return discard('malformed AS4_PATH (RFC 6793 §6)')
  draft.as4Path = path
  return undefined
}

const readAs4Aggregator: ReadValue = (draft, bytes, start, end, { fourOctetAs }) => {
  if (fourOctetAs) return discard('AS4_AGGREGATOR from a four-octet AS speaker (RFC 6793 §4.1)')
  draft.as4Aggregator = readAggregator(bytes, start, end, 4)
  return draft.as4Aggregator === undefined ? discard('malformed AS4_AGGREGATOR (RFC 6793 §6)') : undefined
}

/** Checked, not understood: passed on as it is, and without the Partial bit. */
function passOn(type: number, isWellFormed: (bytes: Uint8Array, start: number, end: number) => boolean, reason: string): ReadValue {
  return ({ attributes }, bytes, start, end) => {
    if (!isWellFormed(bytes, start, end)) return treatAsWithdraw(reason)
    attributes.unknown.push({ flags: optionalTransitive, type, data: copyOctets(bytes, start, end) })
    return undefined
  }
}

const isListOf = (octets: number) => (_bytes: Uint8Array, start: number, end: number) => end > start && (end - start) % octets === 0

const readExtendedCommunities = passOn(attributeType.extendedCommunities, isListOf(8), 'extended communities length (RFC 7606 §7.14)')
const readIpv6ExtendedCommunities = passOn(
  attributeType.ipv6ExtendedCommunities,
  isListOf(20),
  'IPv6 extended communities length (RFC 7606 §7.15)',
)
const readOnlyToCustomer = passOn(
  attributeType.onlyToCustomer,
  (bytes, start, end) => end - start === 4 && u32At(bytes, start) !== 0,
  'malformed ONLY_TO_CUSTOMER (RFC 9234 §5)',
)

const table: readonly [name: keyof typeof attributeType, flags: number, read: ReadValue][] = [
  ['origin', wellKnown, readOrigin],
  ['asPath', wellKnown, readPath],
  ['nextHop', wellKnown, readNextHop],
  ['med', optional, readMed],
  ['localPref', wellKnown, readLocalPref],
  ['atomicAggregate', wellKnown, readAtomicAggregate],
  ['aggregator', optionalTransitive, readAggregatorValue],
  ['communities', optionalTransitive, readCommunities],
  ['originatorId', optional, readOriginatorId],
  ['clusterList', optional, readClusterList],
  ['extendedCommunities', optionalTransitive, readExtendedCommunities],
  ['as4Path', optionalTransitive, readAs4Path],
  ['as4Aggregator', optionalTransitive, readAs4Aggregator],
  ['ipv6ExtendedCommunities', optionalTransitive, readIpv6ExtendedCommunities],
  ['largeCommunities', optionalTransitive, readLarge],
  ['onlyToCustomer', optionalTransitive, readOnlyToCustomer],
]

/** RFC 7606 §3 c; but for two attributes §3 f, and for two RFC 6793 §6, say that they alone go. */
export function flagsFault(type: number): AttributeFault {
  switch (type) {
    case attributeType.atomicAggregate:
    case attributeType.aggregator:
      return discard(`flags of type ${type} (RFC 7606 §3 f)`)
    case attributeType.as4Path:
    case attributeType.as4Aggregator:
      return discard(`flags of type ${type} (RFC 6793 §6)`)
    default:
      return treatAsWithdraw(`flags of type ${type} (RFC 7606 §3 c)`)
  }
}

/** By type; undefined for types this speaker does not know. MP_REACH_NLRI and MP_UNREACH_NLRI are not here: see multiprotocol.ts. */
export const knownAttributes: readonly (KnownAttribute | undefined)[] = Array.from({ length: 256 }, (_, type) => {
  const row = table.find(([name]) => attributeType[name] === type)
  return row && { flags: row[1], flagsFault: flagsFault(type), read: row[2] }
})
