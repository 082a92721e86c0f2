/** How the value of each known path attribute is read, once its flags and its length are as attribute-rules.ts wants them. */
import { readAggregator } from './aggregator.ts'
import { asPathFault, readAsPath } from './as-path.ts'
import type { AttributeDraft, AttributeFault } from './attribute-draft.ts'
import { type AttributeRule, attributeRules, blockRules, isLength } from './attribute-rules.ts'
import { attributeFlag, attributeType } from './attribute-type.ts'
import { readLargeCommunities, readU32List } from './communities.ts'
import { isIpv4NextHop } from './next-hop.ts'
import { copyOctets, u32At } from './octets.ts'
import type { DecodeContext } from './update.ts'

const optionalTransitive = attributeFlag.optional | attributeFlag.transitive

/** Reads the value `bytes[start, end)` into the draft; returns why it cannot, if so. */
type ReadValue = (
  draft: AttributeDraft,
  bytes: Uint8Array,
  start: number,
  end: number,
  context: DecodeContext,
) => string | AttributeFault | undefined

/** u8, 0 IGP, 1 EGP, 2 INCOMPLETE */
const readOrigin: ReadValue = ({ attributes }, bytes, start) => {
  const value = bytes[start]
  if (value !== 0 && value !== 1 && value !== 2) return `ORIGIN ${value}`
  attributes.origin = value
  return undefined
}

const readPath: ReadValue = ({ attributes }, bytes, start, end, { fourOctetAs, allowAsSet }) => {
  const path = readAsPath(bytes, start, end, fourOctetAs ? 4 : 2, 'refuse', allowAsSet === true ? 'take' : 'refuse')
  if (typeof path === 'string') return path
  attributes.asPath = path
  return undefined
}

/** One that can be none is as if it were missing: beside MP_REACH_NLRI it does not matter. */
const readNextHop: ReadValue = (draft, bytes, start, end) => {
  if (isIpv4NextHop(bytes, start)) draft.ipv4NextHop = copyOctets(bytes, start, end)
  return undefined
}

const readMed: ReadValue = ({ attributes }, bytes, start) => {
  attributes.med = u32At(bytes, start)
  return undefined
}

const readLocalPref: ReadValue = ({ attributes }, bytes, start) => {
  attributes.localPref = u32At(bytes, start)
  return undefined
}

const readAtomicAggregate: ReadValue = ({ attributes }) => {
  attributes.atomicAggregate = true
  return undefined
}

const readAggregatorValue: ReadValue = ({ attributes }, bytes, start, end, { fourOctetAs }) => {
  const aggregator = readAggregator(bytes, start, end, fourOctetAs ? 4 : 2)
  if (aggregator === undefined) return 'AGGREGATOR of AS 0 (RFC 7607 §2)'
  attributes.aggregator = aggregator
  return undefined
}

const readCommunities: ReadValue = ({ attributes }, bytes, start, end) => {
  attributes.communities = readU32List(bytes, start, end)
  return undefined
}

const readOriginatorId: ReadValue = ({ attributes }, bytes, start) => {
  attributes.originatorId = u32At(bytes, start)
  return undefined
}

const readClusterList: ReadValue = ({ attributes }, bytes, start, end) => {
  attributes.clusterList = readU32List(bytes, start, end)
  return undefined
}

const readLarge: ReadValue = ({ attributes }, bytes, start, end) => {
  attributes.largeCommunities = readLargeCommunities(bytes, start, end)
  return undefined
}

/** What an OLD speaker carries through for NEW ones (RFC 6793 §4.2.3). */
const readAs4Path: ReadValue = (draft, bytes, start, end, { allowAsSet }) => {
  const path = readAsPath(bytes, start, end, 4, 'skip', allowAsSet === true ? 'take' : 'refuse')
  if (path === asPathFault.asSet) return { ...blockRules.asSetInAs4Path, reason: 'AS_SET or AS_CONFED_SET in AS4_PATH (RFC 9774 §3)' }
  if (typeof path === 'string' || start === end) return 'malformed AS4_PATH (RFC 6793 §6)'
  draft.as4Path = path
  return undefined
}

const readAs4Aggregator: ReadValue = (draft, bytes, start, end) => {
  draft.as4Aggregator = readAggregator(bytes, start, end, 4)
  return draft.as4Aggregator === undefined ? 'AS4_AGGREGATOR of AS 0 (RFC 7607 §2)' : undefined
}

/** Checked, not understood: passed on as it is, and without the Partial bit. */
function passOn(type: number): ReadValue {
  return ({ attributes }, bytes, start, end) => {
    attributes.unknown.push({ flags: optionalTransitive, type, data: copyOctets(bytes, start, end) })
    return undefined
  }
}

const passOnlyToCustomer = passOn(attributeType.onlyToCustomer)
const readOnlyToCustomer: ReadValue = (draft, bytes, start, end, context) =>
  u32At(bytes, start) === 0 ? 'ONLY_TO_CUSTOMER of AS 0 (RFC 9234 §5)' : passOnlyToCustomer(draft, bytes, start, end, context)

const readers = new Map<number, ReadValue>([
  [attributeType.origin, readOrigin],
  [attributeType.asPath, readPath],
  [attributeType.nextHop, readNextHop],
  [attributeType.med, readMed],
  [attributeType.localPref, readLocalPref],
  [attributeType.atomicAggregate, readAtomicAggregate],
  [attributeType.aggregator, readAggregatorValue],
  [attributeType.communities, readCommunities],
  [attributeType.originatorId, readOriginatorId],
  [attributeType.clusterList, readClusterList],
  [attributeType.extendedCommunities, passOn(attributeType.extendedCommunities)],
  [attributeType.as4Path, readAs4Path],
  [attributeType.as4Aggregator, readAs4Aggregator],
  [attributeType.ipv6ExtendedCommunities, passOn(attributeType.ipv6ExtendedCommunities)],
  [attributeType.largeCommunities, readLarge],
  [attributeType.onlyToCustomer, readOnlyToCustomer],
])

export type KnownAttribute = {
  readonly rule: AttributeRule
  /** Absent: MP_REACH_NLRI and MP_UNREACH_NLRI, see multiprotocol.ts. */
  readonly read: ReadValue | undefined
}

/** By type; undefined for types this speaker does not know. */
export const knownAttributes: readonly (KnownAttribute | undefined)[] = Array.from({ length: 256 }, (_, type) => {
  const rule = attributeRules.find((rule) => rule.type === type)
  return rule && { rule, read: readers.get(type) }
})

/** Holds the attribute against its row, from flags to value, and reads it into the draft if nothing is wrong with it. */
export function readKnown(
  { rule, read }: KnownAttribute,
  draft: AttributeDraft,
  flags: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  context: DecodeContext,
): AttributeFault | undefined {
  if ((flags & optionalTransitive) !== rule.flags) return wrongFlags(rule)
  if (!isFrom(rule, context)) return { verdict: 'attribute discard', reason: `${rule.name}, which means something from ${rule.from} only` }
  if (!isLength(rule.length, end - start, context.fourOctetAs ? 4 : 2))
    return { verdict: rule.onLength, reason: `${rule.name} of ${end - start} octets (${rule.section})` }
  const fault = read?.(draft, bytes, start, end, context)
  return typeof fault === 'string' ? { verdict: rule.onValue, reason: fault } : fault
}

/** RFC 7606 §3 c and f. */
export function wrongFlags({ onFlags, name }: AttributeRule): AttributeFault {
  return { verdict: onFlags, reason: `flags of ${name} (RFC 7606 §3 ${onFlags === 'attribute discard' ? 'f' : 'c'})` }
}

function isFrom({ from }: AttributeRule, { internal, fourOctetAs }: DecodeContext): boolean {
  return from === 'any peer' || (from === 'internal peers' ? internal : !fourOctetAs)
}
