import { afiOf, safiOf } from '../wire/address-family.ts'
import { BgpError } from '../wire/bgp-error.ts'
import { ceaseReason, errorCode } from '../wire/error-code.ts'
import type { AddressFamily } from '../wire/message.ts'
import { putU16, putU32 } from '../wire/octets.ts'

/** More prefixes than a peer may announce (RFC 4486 §4); data:  afi u16 | safi u8 | upper bound u32 */
export function overLimit(family: AddressFamily, limit: number): BgpError {
  const data = new Uint8Array(7)
  putU16(data, 0, afiOf(family))
  data[2] = safiOf(family)
  putU32(data, 3, limit)
  return new BgpError(errorCode.cease, ceaseReason.maxPrefixes, `Maximum Number of Prefixes Reached: over ${limit}`, data)
}
