import { familyOfAfiSafi } from './address-family.ts'
import { readAggregator } from './aggregator.ts'
import { type AsSize, asPathFault, asTrans, mergeAs4Path, readAsPath } from './as-path.ts'
import {
  type AttributeDraft,
  type AttributeFault,
  type DraftAttributes,
  discard,
  markSeen,
  newDraft,
  noteFault,
  treatAsWithdraw,
  wasSeen,
} from './attribute-draft.ts'
import { attributeEnd, attributeError, attributeValueStart } from './attribute-header.ts'
import { attributeFlag, attributeType, expectedFlags } from './attribute-type.ts'
import { BgpError } from './bgp-error.ts'
import { readLargeCommunities, readU32List } from './communities.ts'
import { errorCode, updateError } from './error-code.ts'
import { emptyMpRanges, locateReach, locateUnreach } from './multiprotocol.ts'
import { isIpv4NextHop, readIpv6NextHop } from './next-hop.ts'
import { copyOctets, u32At } from './octets.ts'
import type { DecodeContext, DecodedAttributes } from './update.ts'

const optionalTransitive = attributeFlag.optional | attributeFlag.transitive

/**
 * Reads the attribute block `bytes[start, end)` once, the NLRI of MP_REACH_NLRI and MP_UNREACH_NLRI apart, and gives the verdict of
 * RFC 7606. Nothing of what it returns refers to `bytes`.
 * @param hasReachableNlri whether the UPDATE announces prefixes, in its NLRI field or in MP_REACH_NLRI. If not, no attribute is
 * mandatory (what is absent reads as INCOMPLETE, an empty path, an empty next hop), but an error is worse (RFC 7606 §5.2)
 * @returns the error that ends the session, only where RFC 7606 leaves no other way
 */
export function decodeAttributes(
  bytes: Uint8Array,
  start: number,
  end: number,
  context: DecodeContext,
  hasReachableNlri: boolean,
): DecodedAttributes | BgpError {
  const draft = newDraft()
  let next: number
  for (let at = start; at < end; at = next) {
    next = attributeEnd(bytes, at, end)
    if (next === -1) {
      noteFault(draft, treatAsWithdraw('an attribute overruns the attribute block (RFC 7606 §4)'))
      break
    }
    const error = readAttribute(draft, bytes, at, next, context)
    if (error !== undefined) return error
  }
  takeNextHop(draft, bytes)
  mergeFourOctetAs(draft)
  if (hasReachableNlri) checkReachable(draft, context)
  return verdict(draft, isOnlyUnreach(draft, start, end), hasReachableNlri)
}

/** One attribute, from its flags at `at` to `end`. */
function readAttribute(draft: AttributeDraft, bytes: Uint8Array, at: number, end: number, context: DecodeContext): BgpError | undefined {
  const flags = bytes[at] as number
  const type = bytes[at + 1] as number
  const expected = expectedFlags[type] as number
  if (expected === 0 && (flags & attributeFlag.optional) === 0)
    return attributeError(updateError.unrecognizedWellKnownAttribute, `Unrecognized Well-known Attribute: type ${type}`, bytes, at, end)
  const wrongFlags = expected !== 0 && (flags & optionalTransitive) !== expected
  if (type === attributeType.mpReach || type === attributeType.mpUnreach) {
    if (wrongFlags) noteFault(draft, flagsFault(type))
    return readMultiprotocol(draft, type, bytes, at, end)
  }
  const value = attributeValueStart(bytes, at)
  let fault: AttributeFault | undefined
  if (wasSeen(draft, type)) fault = discard(`type ${type} is there again (RFC 7606 §3 g)`)
  else if (expected === 0) readUnknown(draft, flags, type, bytes, value, end)
  else if (wrongFlags) fault = flagsFault(type)
  else fault = readKnown(draft, type, bytes, value, end, context)
  markSeen(draft, type)
  if (fault !== undefined) noteFault(draft, fault)
  return undefined
}

function flagsFault(type: number): AttributeFault {
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

function readKnown(
  draft: AttributeDraft,
  type: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  context: DecodeContext,
): AttributeFault | undefined {
  const { attributes } = draft
  const length = end - start
  const size: AsSize = context.fourOctetAs ? 4 : 2
  switch (type) {
    case attributeType.origin:
      return readOrigin(attributes, length === 1 ? bytes[start] : undefined)
    case attributeType.asPath: {
      const path = readAsPath(bytes, start, end, size)
      if (typeof path === 'string') return treatAsWithdraw(path)
      attributes.asPath = path
      return undefined
    }
    case attributeType.nextHop:
      if (length !== 4) return treatAsWithdraw('NEXT_HOP length (RFC 7606 §7.3)')
      if (isIpv4NextHop(bytes, start)) draft.ipv4NextHop = copyOctets(bytes, start, end)
      return undefined
    case attributeType.med:
      if (length !== 4) return treatAsWithdraw('MULTI_EXIT_DISC length (RFC 7606 §7.4)')
      attributes.med = u32At(bytes, start)
      return undefined
    case attributeType.atomicAggregate:
      if (length !== 0) return discard('ATOMIC_AGGREGATE length (RFC 7606 §7.6)')
      attributes.atomicAggregate = true
      return undefined
    case attributeType.aggregator: {
      const aggregator = readAggregator(bytes, start, end, size)
      if (aggregator === undefined) return discard('AGGREGATOR length (RFC 7606 §7.7) or AS 0 (RFC 7607 §2)')
      attributes.aggregator = aggregator
      return undefined
    }
    case attributeType.as4Path:
    case attributeType.as4Aggregator:
      return readAs4(draft, type, bytes, start, end, context)
    case attributeType.localPref:
    case attributeType.originatorId:
    case attributeType.clusterList:
      return context.internal
        ? readInternal(attributes, type, bytes, start, end)
        : discard(`type ${type} from an external peer (RFC 7606 §7.5, §7.9, §7.10)`)
    default:
      return readCommunities(attributes, type, bytes, start, end)
  }
}

/** Value of ORIGIN:  u8, 0 IGP, 1 EGP, 2 INCOMPLETE */
function readOrigin(attributes: DraftAttributes, value: number | undefined): AttributeFault | undefined {
  if (value !== 0 && value !== 1 && value !== 2) return treatAsWithdraw('malformed ORIGIN (RFC 7606 §7.1)')
  attributes.origin = value
  return undefined
}

/** What an OLD speaker carries through for NEW ones (RFC 6793 §4.2.3); a NEW speaker does not send it (§4.1). Errors: §6. */
function readAs4(
  draft: AttributeDraft,
  type: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  context: DecodeContext,
): AttributeFault | undefined {
  if (context.fourOctetAs) return discard(`type ${type} from a four-octet AS speaker (RFC 6793 §4.1)`)
  if (type === attributeType.as4Aggregator) {
    draft.as4Aggregator = readAggregator(bytes, start, end, 4)
    return draft.as4Aggregator === undefined ? discard('malformed AS4_AGGREGATOR (RFC 6793 §6)') : undefined
  }
  const path = readAsPath(bytes, start, end, 4, 'skip')
  if (path === asPathFault.asSet) return treatAsWithdraw('AS_SET or AS_CONFED_SET in AS4_PATH (RFC 9774 §3)')
  if (typeof path === 'string' || start === end) return discard('malformed AS4_PATH (RFC 6793 §6)')
  draft.as4Path = path
  return undefined
}

/** What only internal peers may say: LOCAL_PREF u32, ORIGINATOR_ID u32, CLUSTER_LIST { u32 }+ (RFC 7606 §7.5, §7.9, §7.10). */
function readInternal(
  attributes: DraftAttributes,
  type: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): AttributeFault | undefined {
  const values = readU32List(bytes, start, end)
  if (values === undefined || (type !== attributeType.clusterList && values.length > 1))
    return treatAsWithdraw(`length of type ${type} (RFC 7606 §7.5, §7.9, §7.10)`)
  if (type === attributeType.clusterList) attributes.clusterList = values
  else if (type === attributeType.localPref) attributes.localPref = values[0] as number
  else attributes.originatorId = values[0] as number
  return undefined
}

/** The communities that are understood, and the optional transitive attributes that are only checked and passed on. */
function readCommunities(
  attributes: DraftAttributes,
  type: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): AttributeFault | undefined {
  if (type === attributeType.communities) {
    const communities = readU32List(bytes, start, end)
    if (communities === undefined) return treatAsWithdraw('COMMUNITIES length (RFC 7606 §7.8)')
    attributes.communities = communities
    return undefined
  }
  if (type === attributeType.largeCommunities) {
    const communities = readLargeCommunities(bytes, start, end)
    if (communities === undefined) return treatAsWithdraw('LARGE_COMMUNITY length (RFC 8092 §6)')
    attributes.largeCommunities = communities
    return undefined
  }
  const fault = passedOnFault(type, bytes, start, end)
  if (fault !== undefined) return treatAsWithdraw(fault)
  attributes.unknown.push({ flags: optionalTransitive, type, data: copyOctets(bytes, start, end) })
  return undefined
}

function passedOnFault(type: number, bytes: Uint8Array, start: number, end: number): string | undefined {
  const length = end - start
  if (type === attributeType.extendedCommunities)
    return length === 0 || length % 8 !== 0 ? 'extended communities length (RFC 7606 §7.14)' : undefined
  if (type === attributeType.ipv6ExtendedCommunities)
    return length === 0 || length % 20 !== 0 ? 'IPv6 extended communities length (RFC 7606 §7.15)' : undefined
  return length !== 4 || u32At(bytes, start) === 0 ? 'malformed ONLY_TO_CUSTOMER (RFC 9234 §5)' : undefined
}

/** Optional transitive: passed on with the Partial bit; optional non-transitive: quietly dropped (RFC 4271 §5). */
function readUnknown(draft: AttributeDraft, flags: number, type: number, bytes: Uint8Array, start: number, end: number): void {
  if ((flags & attributeFlag.transitive) === 0) return
  draft.attributes.unknown.push({ flags: optionalTransitive | attributeFlag.partial, type, data: copyOctets(bytes, start, end) })
}

function readMultiprotocol(draft: AttributeDraft, type: number, bytes: Uint8Array, at: number, end: number): BgpError | undefined {
  draft.mp ??= emptyMpRanges()
  return type === attributeType.mpReach ? locateReach(bytes, at, end, draft.mp) : locateUnreach(bytes, at, end, draft.mp)
}

/** RFC 4760 §3: beside MP_REACH_NLRI, NEXT_HOP counts only for the NLRI field. */
function takeNextHop(draft: AttributeDraft, bytes: Uint8Array): void {
  const { mp, ipv4NextHop } = draft
  let nextHop = ipv4NextHop
  if (mp !== undefined && mp.reachStart !== -1) {
    const family = familyOfAfiSafi(mp.reachAfi, mp.reachSafi)
    if (family === 'ipv6-unicast') nextHop = readIpv6NextHop(bytes, mp.reachNextHopStart, mp.reachNextHopEnd)
    else if (family === 'ipv4-unicast')
      nextHop = isIpv4NextHop(bytes, mp.reachNextHopStart) ? copyOctets(bytes, mp.reachNextHopStart, mp.reachNextHopEnd) : undefined
  }
  if (nextHop !== undefined) draft.attributes.nextHop = nextHop
}

/** RFC 6793 §4.2.3 */
function mergeFourOctetAs(draft: AttributeDraft): void {
  const { attributes, as4Path, as4Aggregator } = draft
  if (as4Aggregator !== undefined && attributes.aggregator !== undefined) {
    if (attributes.aggregator.asNumber !== asTrans) return
    attributes.aggregator = as4Aggregator
  }
  if (as4Path !== undefined) attributes.asPath = mergeAs4Path(attributes.asPath, as4Path)
}

/** What an UPDATE that announces must have (RFC 7606 §3 d) and, from outside, whose AS must be first (RFC 4271 §6.3). */
function checkReachable(draft: AttributeDraft, context: DecodeContext): void {
  const { attributes } = draft
  if (!wasSeen(draft, attributeType.origin)) noteFault(draft, treatAsWithdraw('ORIGIN is missing (RFC 7606 §3 d)'))
  if (!wasSeen(draft, attributeType.asPath)) noteFault(draft, treatAsWithdraw('AS_PATH is missing (RFC 7606 §3 d)'))
  if (attributes.nextHop.length === 0)
    noteFault(draft, treatAsWithdraw('the next hop is missing (RFC 7606 §3 d) or can be none (RFC 4271 §6.3)'))
  if (!context.internal && attributes.asPath[0]?.asNumbers[0] !== context.peerAs)
    noteFault(draft, treatAsWithdraw("the first AS is not the peer's (RFC 4271 §6.3)"))
}

function verdict(draft: AttributeDraft, onlyUnreach: boolean, hasReachableNlri: boolean): DecodedAttributes | BgpError {
  const { attributes, notes, ipv4NextHop } = draft
  if (draft.withdraw && !hasReachableNlri && !onlyUnreach)
    return new BgpError(errorCode.update, updateError.malformedAttributeList, `Malformed Attribute List, and no NLRI: ${notes.join('; ')}`)
  if (draft.withdraw) return { verdict: 'treat-as-withdraw', attributes: undefined, notes }
  if (attributes.unknown.length > 1) attributes.unknown.sort((a, b) => a.type - b.type)
  return ipv4NextHop === undefined ? { verdict: 'accept', attributes, notes } : { verdict: 'accept', attributes, notes, ipv4NextHop }
}

/** RFC 7606 §5.2 speaks of attributes beside MP_UNREACH_NLRI: alone, its withdrawals are located. */
function isOnlyUnreach(draft: AttributeDraft, start: number, end: number): boolean {
  return draft.mp !== undefined && draft.mp.unreachStart === start && draft.mp.unreachEnd === end
}
