import { writeHeader } from './header.ts'
import { headerLength, messageType, type RouteRefresh } from './message.ts'
import { putU16 } from './octets.ts'
import type { Reader } from './reader.ts'

/* ROUTE-REFRESH body (RFC 2918 §3, RFC 7313 §3.2):  afi u16 | subtype u8 | safi u8; ORF entries may follow and are not read (RFC 5291) */

/** @throws ShortRead */
export function readRouteRefresh(reader: Reader): RouteRefresh {
  const afi = reader.u16()
  const subtype = reader.u8()
  return { type: 'route-refresh', afi, safi: reader.u8(), subtype }
}

/** The whole message. Subtype 0 asks for the routes (RFC 7313 §3.2). */
export function encodeRouteRefresh({ afi, safi, subtype }: RouteRefresh): Uint8Array {
  const message = new Uint8Array(headerLength + 4)
  const at = writeHeader(message, 0, messageType.routeRefresh, message.length)
  putU16(message, at, afi)
  message[at + 2] = subtype
  message[at + 3] = safi
  return message
}
