import { afiOf, safiOf } from './address-family.ts'
import { BgpError } from './bgp-error.ts'
import { errorCode, headerError, routeRefreshError } from './error-code.ts'
import { writeHeader } from './header.ts'
import { type AddressFamily, headerLength, messageType, type RouteRefresh } from './message.ts'
import { copyOctets, putU16, u16At } from './octets.ts'

const bodyLength = 4

/** RFC 7313 §3.2 */
export const refreshSubtype = { request: 0, begin: 1, end: 2 } as const

/* ROUTE-REFRESH body (RFC 2918 §3, RFC 7313 §3.2):  afi u16 | subtype u8 | safi u8; ORF entries may follow and are not read (RFC 5291) */

/**
 * Reads the body `bytes[start, end)`.
 * @returns 7/1 with the whole message for a BoRR or EoRR of another length than theirs (RFC 7313 §5), 1/2 for what is too short otherwise
 */
export function decodeRouteRefresh(bytes: Uint8Array, start: number, end: number): RouteRefresh | BgpError {
  const subtype = start + 2 < end ? (bytes[start + 2] as number) : refreshSubtype.request
  const isFrame = subtype === refreshSubtype.begin || subtype === refreshSubtype.end
  if (isFrame && end - start !== bodyLength) return badFrame(copyOctets(bytes, start, end))
  if (end - start < bodyLength) return badLength(headerLength + end - start)
  return { type: 'route-refresh', afi: u16At(bytes, start), safi: bytes[start + 3] as number, subtype }
}

function badFrame(body: Uint8Array): BgpError {
  const message = new Uint8Array(headerLength + body.length)
  message.set(body, writeHeader(message, 0, messageType.routeRefresh, message.length))
  const { invalidMessageLength } = routeRefreshError
  return new BgpError(errorCode.routeRefresh, invalidMessageLength, `ROUTE-REFRESH of ${message.length} octets (RFC 7313 §5)`, message)
}

function badLength(length: number): BgpError {
  return new BgpError(errorCode.header, headerError.badMessageLength, `Bad Message Length ${length}`, Uint8Array.of(length >>> 8, length))
}

/** The whole message. */
export function encodeRouteRefresh({ afi, safi, subtype }: RouteRefresh): Uint8Array {
  const message = new Uint8Array(headerLength + bodyLength)
  const at = writeHeader(message, 0, messageType.routeRefresh, message.length)
  putU16(message, at, afi)
  message[at + 2] = subtype
  message[at + 3] = safi
  return message
}

/** Asks the peer for its routes (RFC 2918 §3). */
export function refreshRequest(family: AddressFamily): Uint8Array {
  return ofFamily(family, refreshSubtype.request)
}

/** BoRR: what the peer has of us is told again from here (RFC 7313 §4.1). */
export function beginOfRefresh(family: AddressFamily): Uint8Array {
  return ofFamily(family, refreshSubtype.begin)
}

/** EoRR: all was told again (RFC 7313 §4.1). */
export function endOfRefresh(family: AddressFamily): Uint8Array {
  return ofFamily(family, refreshSubtype.end)
}

function ofFamily(family: AddressFamily, subtype: number): Uint8Array {
  return encodeRouteRefresh({ type: 'route-refresh', afi: afiOf(family), safi: safiOf(family), subtype })
}
