import { BgpError } from './bgp-error.ts'
import { errorCode, updateError } from './error-code.ts'

/** Octets of a path identifier before a prefix (RFC 7911 §3). */
export const pathIdLength = 4

/**
 * Proves that a field of prefixes can be walked without further checks (RFC 4271 §4.3):  { length in bits u8 | ceil(length / 8) octets }*
 * Where it cannot, nothing after the fault can be located, so the session ends (RFC 7606 §5.3).
 * @param withIds each has a path identifier before it (RFC 7911 §3):  { identifier u32 | length in bits u8 | … }*
 * @param bits 32 for IPv4, 128 for IPv6: the longest prefix
 */
export function checkNlri(bytes: Uint8Array, start: number, end: number, bits: 32 | 128, withIds = false): BgpError | undefined {
  const idLength = withIds ? pathIdLength : 0
  let at = start
  while (at < end) {
    at += idLength
    if (at >= end) return invalid('the last prefix is cut short')
    const length = bytes[at] as number
    if (length > bits) return invalid(`prefix length ${length} is over ${bits}`)
    at += 1 + ((length + 7) >> 3)
  }
  return at > end ? invalid('the last prefix is cut short') : undefined
}

function invalid(reason: string): BgpError {
  return new BgpError(errorCode.update, updateError.invalidNetworkField, `Invalid Network Field: ${reason}`)
}
