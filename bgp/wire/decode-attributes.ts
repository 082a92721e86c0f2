import { familyOfAfiSafi } from './address-family.ts'
import { asTrans, mergeAs4Path } from './as-path.ts'
import { type AttributeDraft, type AttributeFault, markSeen, newDraft, noteFault, wasSeen } from './attribute-draft.ts'
import { attributeEnd, attributeError, attributeValueStart } from './attribute-header.ts'
import { type KnownAttribute, knownAttributes, readKnown, wrongFlags } from './attribute-readers.ts'
import { blockRules } from './attribute-rules.ts'
import { attributeFlag, attributeType } from './attribute-type.ts'
import { BgpError } from './bgp-error.ts'
import { errorCode, updateError } from './error-code.ts'
import { emptyMpRanges, locateReach, locateUnreach } from './multiprotocol.ts'
import { isIpv4NextHop, readIpv6NextHop } from './next-hop.ts'
import { copyOctets } from './octets.ts'
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
      noteFault(draft, { ...blockRules.overrun, reason: 'an attribute overruns the attribute block (RFC 7606 §4)' })
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
  const known = knownAttributes[type]
  if (known === undefined && (flags & attributeFlag.optional) === 0)
    return attributeError(updateError.unrecognizedWellKnownAttribute, `Unrecognized Well-known Attribute: type ${type}`, bytes, at, end)
  if (known !== undefined && known.read === undefined) return readMultiprotocol(known, draft, bytes, at, end)
  const valueStart = attributeValueStart(bytes, at)
  let fault: AttributeFault | undefined
  if (wasSeen(draft, type)) fault = { ...blockRules.repetition, reason: `type ${type} is there again (RFC 7606 §3 g)` }
  else if (known === undefined) keepUnknown(draft, flags, type, bytes, valueStart, end)
  else fault = readKnown(known, draft, flags, bytes, valueStart, end, context)
  markSeen(draft, type)
  if (fault !== undefined) noteFault(draft, fault)
  return undefined
}

/** Optional transitive: passed on with the Partial bit; optional non-transitive: quietly dropped (RFC 4271 §5). */
function keepUnknown(draft: AttributeDraft, flags: number, type: number, bytes: Uint8Array, start: number, end: number): void {
  if ((flags & attributeFlag.transitive) === 0) return
  draft.attributes.unknown.push({ flags: optionalTransitive | attributeFlag.partial, type, data: copyOctets(bytes, start, end) })
}

/** What else can be wrong with these two ends the session: their prefixes cannot be located. */
function readMultiprotocol(
  { rule }: KnownAttribute,
  draft: AttributeDraft,
  bytes: Uint8Array,
  at: number,
  end: number,
): BgpError | undefined {
  if (((bytes[at] as number) & optionalTransitive) !== rule.flags) noteFault(draft, wrongFlags(rule))
  draft.mp ??= emptyMpRanges()
  return rule.type === attributeType.mpReach ? locateReach(bytes, at, end, draft.mp) : locateUnreach(bytes, at, end, draft.mp)
}

/** RFC 4760 §3: beside MP_REACH_NLRI, NEXT_HOP counts only for the NLRI field. */
function takeNextHop(draft: AttributeDraft, bytes: Uint8Array): void {
  const { mp, ipv4NextHop } = draft
  let nextHop = ipv4NextHop
  if (mp !== undefined && mp.reachStart !== -1) {
    const family = familyOfAfiSafi(mp.reachAfi, mp.reachSafi)
    if (family === 'ipv6-unicast') nextHop = readIpv6NextHop(bytes, mp.reachNextHopStart, mp.reachNextHopEnd)
    else if (family === 'ipv4-unicast') nextHop = nextHopOfIpv4(bytes, mp.reachNextHopStart, mp.reachNextHopEnd)
  }
  if (nextHop !== undefined) draft.attributes.nextHop = nextHop
}

/** In MP_REACH_NLRI: RFC 4760 §3, or IPv6 as RFC 8950 §3 has it. */
function nextHopOfIpv4(bytes: Uint8Array, start: number, end: number): Uint8Array | undefined {
  if (end - start !== 4) return readIpv6NextHop(bytes, start, end)
  return isIpv4NextHop(bytes, start) ? copyOctets(bytes, start, end) : undefined
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
  const { missing, firstAs } = blockRules
  if (!wasSeen(draft, attributeType.origin)) noteFault(draft, { ...missing, reason: 'ORIGIN is missing (RFC 7606 §3 d)' })
  if (!wasSeen(draft, attributeType.asPath)) noteFault(draft, { ...missing, reason: 'AS_PATH is missing (RFC 7606 §3 d)' })
  if (attributes.nextHop.length === 0)
    noteFault(draft, { ...missing, reason: 'the next hop is missing (RFC 7606 §3 d) or can be none (RFC 4271 §6.3)' })
  if (!context.internal && context.enforceFirstAs !== false && attributes.asPath[0]?.asNumbers[0] !== context.peerAs)
    noteFault(draft, { ...firstAs, reason: "the first AS is not the peer's (RFC 4271 §6.3)" })
}

function verdict(draft: AttributeDraft, onlyUnreach: boolean, hasReachableNlri: boolean): DecodedAttributes | BgpError {
  const { attributes, notes, ipv4NextHop } = draft
  const withdrawn = draft.verdict === 'treat-as-withdraw'
  if (withdrawn && !hasReachableNlri && !onlyUnreach)
    return new BgpError(errorCode.update, updateError.malformedAttributeList, `Malformed Attribute List, and no NLRI: ${notes.join('; ')}`)
  if (withdrawn) return { verdict: 'treat-as-withdraw', attributes: undefined, notes }
  if (attributes.unknown.length > 1) attributes.unknown.sort((a, b) => a.type - b.type)
  return ipv4NextHop === undefined ? { verdict: 'accept', attributes, notes } : { verdict: 'accept', attributes, notes, ipv4NextHop }
}

/** RFC 7606 §5.2 speaks of attributes beside MP_UNREACH_NLRI: alone, its withdrawals are located. */
function isOnlyUnreach(draft: AttributeDraft, start: number, end: number): boolean {
  return draft.mp !== undefined && draft.mp.unreachStart === start && draft.mp.unreachEnd === end
}
