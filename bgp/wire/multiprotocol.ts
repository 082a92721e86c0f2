/** MP_REACH_NLRI and MP_UNREACH_NLRI (RFC 4760 §3, §4). */
import { afiOf, familyOfAfiSafi, safiOf } from './address-family.ts'
import { attributeEnd, attributeError, attributeValueStart } from './attribute-header.ts'
import { attributeFlag, attributeType } from './attribute-type.ts'
import type { BgpError } from './bgp-error.ts'
import { updateError } from './error-code.ts'
import { writeHeader } from './header.ts'
import { type AddressFamily, headerLength, messageType } from './message.ts'
import { putU16, u16At } from './octets.ts'
import { type MpRanges, updateOverhead } from './update.ts'

/**
 * Finds both attributes in the attribute block `bytes[start, end)`. Only headers are walked: where one overruns the block the walk
 * stops without an error, and `decodeAttributes` gives the verdict.
 * @returns the error that ends the session, since prefixes cannot be located: 3/1 for an attribute that is there twice
 * (RFC 7606 §3 (g)), 3/9 for one that is too short or has the wrong next hop length for its family (RFC 7606 §7.11)
 */
export function locateMp(bytes: Uint8Array, start: number, end: number, out: MpRanges): BgpError | undefined {
  out.reachStart = out.reachEnd = out.reachAfi = out.reachSafi = -1
  out.reachNextHopStart = out.reachNextHopEnd = out.reachNlriStart = out.reachNlriEnd = -1
  out.unreachStart = out.unreachEnd = out.unreachAfi = out.unreachSafi = out.unreachNlriStart = out.unreachNlriEnd = -1
  let next: number
  for (let at = start; at < end; at = next) {
    next = attributeEnd(bytes, at, end)
    if (next === -1) return undefined
    const type = bytes[at + 1]
    const error =
      type === attributeType.mpReach
        ? locateReach(bytes, at, next, out)
        : type === attributeType.mpUnreach
          ? locateUnreach(bytes, at, next, out)
          : undefined
    if (error !== undefined) return error
  }
  return undefined
}

/**
 * Value of MP_REACH_NLRI:  afi u16 | safi u8 | next hop length u8 | next hop | reserved u8 | NLRI
 * @param at the attribute's flags octet
 */
export function locateReach(bytes: Uint8Array, at: number, end: number, out: MpRanges): BgpError | undefined {
  if (out.reachStart !== -1) return twice('MP_REACH_NLRI', bytes, at, end)
  const value = attributeValueStart(bytes, at)
  if (end - value < 5) return malformed('MP_REACH_NLRI is too short', bytes, at, end)
  out.reachAfi = u16At(bytes, value)
  out.reachSafi = bytes[value + 2] as number
  const nextHopLength = bytes[value + 3] as number
  out.reachNextHopStart = value + 4
  out.reachNextHopEnd = value + 4 + nextHopLength
  out.reachNlriStart = out.reachNextHopEnd + 1
  if (out.reachNlriStart > end || !isNextHopLength(nextHopLength, familyOfAfiSafi(out.reachAfi, out.reachSafi)))
    return malformed(`MP_REACH_NLRI next hop of ${nextHopLength} octets`, bytes, at, end)
  out.reachStart = at
  out.reachEnd = end
  out.reachNlriEnd = end
  return undefined
}

/** Value of MP_UNREACH_NLRI:  afi u16 | safi u8 | withdrawn NLRI */
export function locateUnreach(bytes: Uint8Array, at: number, end: number, out: MpRanges): BgpError | undefined {
  if (out.unreachStart !== -1) return twice('MP_UNREACH_NLRI', bytes, at, end)
  const value = attributeValueStart(bytes, at)
  if (end - value < 3) return malformed('MP_UNREACH_NLRI is too short', bytes, at, end)
  out.unreachStart = at
  out.unreachEnd = end
  out.unreachAfi = u16At(bytes, value)
  out.unreachSafi = bytes[value + 2] as number
  out.unreachNlriStart = value + 3
  out.unreachNlriEnd = end
  return undefined
}

/** What a block without the two attributes has: nothing located. */
export function emptyMpRanges(): MpRanges {
  return {
    reachStart: -1,
    reachEnd: -1,
    reachAfi: -1,
    reachSafi: -1,
    reachNextHopStart: -1,
    reachNextHopEnd: -1,
    reachNlriStart: -1,
    reachNlriEnd: -1,
    unreachStart: -1,
    unreachEnd: -1,
    unreachAfi: -1,
    unreachSafi: -1,
    unreachNlriStart: -1,
    unreachNlriEnd: -1,
  }
}

/** RFC 2545 §3: one IPv6 address or a global and a link-local one; of IPv4 the same where RFC 8950 was agreed on, which the caller knows. Of a family we do not know any length will do: it is ignored. */
function isNextHopLength(length: number, family: AddressFamily | undefined): boolean {
  if (family === 'ipv4-unicast') return length === 4 || length === 16 || length === 32
  if (family === 'ipv6-unicast') return length === 16 || length === 32
  return true
}

function twice(name: string, bytes: Uint8Array, at: number, end: number): BgpError {
  return attributeError(updateError.malformedAttributeList, `Malformed Attribute List: ${name} is there twice`, bytes, at, end)
}

function malformed(reason: string, bytes: Uint8Array, at: number, end: number): BgpError {
  return attributeError(updateError.optionalAttribute, `Optional Attribute Error: ${reason}`, bytes, at, end)
}

const attributeHeader = 4
const reachFixed = attributeHeader + 5
const unreachFixed = attributeHeader + 3

/** Octets of an UPDATE with MP_REACH_NLRI beside its prefixes and other attributes. */
export function reachOverhead(nextHop: Uint8Array): number {
  return updateOverhead + reachFixed + nextHop.length
}

/** Octets of an UPDATE with MP_UNREACH_NLRI beside its prefixes. */
export const unreachOverhead: number = updateOverhead + unreachFixed

/**
 * Begins an UPDATE that announces prefixes in MP_REACH_NLRI, its first attribute (RFC 7606 §5.1).
 * @param nextHop 16 or 32 octets for IPv6 (RFC 2545), 4 for IPv4
 * @returns where the prefixes are to be written; then `finishReach`
 */
export function startReach(into: Uint8Array, at: number, family: AddressFamily, nextHop: Uint8Array): number {
  putU16(into, at + headerLength, 0)
  const value = startAttribute(into, at + updateOverhead, attributeType.mpReach, family)
  into[value] = nextHop.length
  into.set(nextHop, value + 1)
  into[value + 1 + nextHop.length] = 0
  return value + 2 + nextHop.length
}

/**
 * @param at where the UPDATE begins
 * @param nlriEnd where its prefixes end
 * @param attributes as of `encodeAttributes`, without NEXT_HOP
 * @returns where the message ends
 */
export function finishReach(into: Uint8Array, at: number, nlriEnd: number, attributes: Uint8Array): number {
  into.set(attributes, nlriEnd)
  return finish(into, at, nlriEnd, nlriEnd + attributes.length)
}

/** Begins an UPDATE that withdraws prefixes in MP_UNREACH_NLRI; returns where they are to be written; then `finishUnreach`. */
export function startUnreach(into: Uint8Array, at: number, family: AddressFamily): number {
  putU16(into, at + headerLength, 0)
  return startAttribute(into, at + updateOverhead, attributeType.mpUnreach, family)
}

/** As `finishReach`; no other attribute goes with withdrawals. */
export function finishUnreach(into: Uint8Array, at: number, nlriEnd: number): number {
  return finish(into, at, nlriEnd, nlriEnd)
}

/** Always with a two-octet length, which is known only after the prefixes. */
function startAttribute(into: Uint8Array, at: number, type: number, family: AddressFamily): number {
  into[at] = attributeFlag.optional | attributeFlag.extendedLength
  into[at + 1] = type
  putU16(into, at + attributeHeader, afiOf(family))
  into[at + attributeHeader + 2] = safiOf(family)
  return at + unreachFixed
}

function finish(into: Uint8Array, at: number, nlriEnd: number, end: number): number {
  const block = at + updateOverhead
  putU16(into, block + 2, nlriEnd - block - attributeHeader)
  putU16(into, at + headerLength + 2, end - block)
  writeHeader(into, at, messageType.update, end - at)
  return end
}
