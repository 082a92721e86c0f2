/** UPDATE (RFC 4271 §4.3, RFC 4760) in place: no object per message, only offsets into the received bytes. */
import { BgpError } from './bgp-error.ts'
import { errorCode, updateError } from './error-code.ts'
import { writeHeader } from './header.ts'
import { headerLength, messageType } from './message.ts'
import { putU16, u16At } from './octets.ts'
import type { PathAttributes } from './path-attributes.ts'

/** Where the parts of one UPDATE lie in its chunk: half-open ranges. One object is reused for all messages. */
export type UpdateRanges = {
  withdrawnStart: number
  withdrawnEnd: number
  attributesStart: number
  attributesEnd: number
  nlriStart: number
  nlriEnd: number
}

/** Where MP_REACH_NLRI and MP_UNREACH_NLRI lie in an attribute block; -1 where absent. `…Start` is the attribute's flags octet. Reused. */
export type MpRanges = {
  reachStart: number
  reachEnd: number
  reachAfi: number
  reachSafi: number
  reachNextHopStart: number
  reachNextHopEnd: number
  reachNlriStart: number
  reachNlriEnd: number
  unreachStart: number
  unreachEnd: number
  unreachAfi: number
  unreachSafi: number
  unreachNlriStart: number
  unreachNlriEnd: number
}

/** What the meaning of an attribute block depends on besides its bytes; one object per session, compared by identity. */
export type DecodeContext = {
  readonly fourOctetAs: boolean
  /** iBGP: same AS on both sides. */
  readonly internal: boolean
  readonly peerAs: number
  readonly localAs: number
  /** false: the first AS of an external peer's path need not be its own. */
  readonly enforceFirstAs?: boolean | undefined
  /** true: an AS_SET is taken (RFC 9774 §3 asks to refuse it). */
  readonly allowAsSet?: boolean | undefined
  /** The interface behind which the peer is, if it is directly connected: the link of link-local next hops. */
  readonly link?: string | undefined
}

/**
 * What an attribute block says, its NLRI apart (RFC 7606: never a session reset for what can be treated as withdraw).
 * `attributes` is defined unless the verdict is treat-as-withdraw. Attribute discards are applied already.
 * `notes`: one sentence per deviation, with its RFC section, for log and counters.
 */
export type DecodedAttributes = {
  readonly verdict: 'accept' | 'treat-as-withdraw'
  readonly attributes: PathAttributes | undefined
  readonly notes: readonly string[]
  /**
   * NEXT_HOP, if it can be one: what the prefixes in the NLRI field have. `attributes.nextHop` is another one only if MP_REACH_NLRI
   * is there too (RFC 4760 §3). Where it is absent, prefixes in the NLRI field are withdrawn.
   */
  readonly ipv4NextHop?: Uint8Array
}

/* Body of UPDATE:  withdrawn length u16 | withdrawn prefixes | attributes length u16 | path attributes | NLRI, to the end */

/** Octets of an UPDATE beside its prefixes and attributes. */
export const updateOverhead = headerLength + 4

export function emptyUpdateRanges(): UpdateRanges {
  return { withdrawnStart: 0, withdrawnEnd: 0, attributesStart: 0, attributesEnd: 0, nlriStart: 0, nlriEnd: 0 }
}

/**
 * Finds the parts of the UPDATE body `bytes[start, end)`.
 * @returns 3/1 if the lengths do not fit the message, so that the NLRI cannot be located (RFC 7606 §3 (b)); `out` is then undefined in part
 */
export function splitUpdate(bytes: Uint8Array, start: number, end: number, out: UpdateRanges): BgpError | undefined {
  if (end - start < 4) return overrun('is shorter than its length fields')
  out.withdrawnStart = start + 2
  out.withdrawnEnd = out.withdrawnStart + u16At(bytes, start)
  if (out.withdrawnEnd + 2 > end) return overrun('Withdrawn Routes Length overruns the message')
  out.attributesStart = out.withdrawnEnd + 2
  out.attributesEnd = out.attributesStart + u16At(bytes, out.withdrawnEnd)
  if (out.attributesEnd > end) return overrun('Total Path Attribute Length overruns the message')
  out.nlriStart = out.attributesEnd
  out.nlriEnd = end
  return undefined
}

function overrun(reason: string): BgpError {
  return new BgpError(errorCode.update, updateError.malformedAttributeList, `Malformed Attribute List: UPDATE ${reason}`)
}

/**
 * Begins an UPDATE that announces IPv4 prefixes in its NLRI field.
 * @param attributes as of `encodeAttributes`, NEXT_HOP among them
 * @returns where the prefixes are to be written; then `finishAnnounce`
 */
export function startAnnounce(into: Uint8Array, at: number, attributes: Uint8Array): number {
  into.set(attributes, startAttributes(at))
  return endAttributes(into, at, startAttributes(at) + attributes.length)
}

/** As `startAnnounce`, where the attributes are still to be written: returns where; then `endAttributes`. */
export function startAttributes(at: number): number {
  return at + updateOverhead
}

/** @param end where the attributes end, and the prefixes are to be written: returned */
export function endAttributes(into: Uint8Array, at: number, end: number): number {
  putU16(into, at + headerLength, 0)
  putU16(into, at + headerLength + 2, end - startAttributes(at))
  return end
}

/**
 * @param at where the UPDATE begins
 * @param end where its prefixes end
 * @returns where the message ends
 */
export function finishAnnounce(into: Uint8Array, at: number, end: number): number {
  writeHeader(into, at, messageType.update, end - at)
  return end
}

/** Begins an UPDATE that withdraws IPv4 prefixes; returns where they are to be written; then `finishWithdraw`. */
export function startWithdraw(at: number): number {
  return at + headerLength + 2
}

/** As `finishAnnounce`. */
export function finishWithdraw(into: Uint8Array, at: number, end: number): number {
  putU16(into, at + headerLength, end - startWithdraw(at))
  putU16(into, end, 0)
  writeHeader(into, at, messageType.update, end + 2 - at)
  return end + 2
}
