/** Next hops as octets: which of them can be one (RFC 4271 §6.3, RFC 2545 §3). */
import { copyOctets } from './octets.ts'

/** Not 0/8, not 127/8, not class D or E. */
export function isIpv4NextHop(bytes: Uint8Array, at: number): boolean {
  const first = bytes[at] as number
  return first !== 0 && first !== 127 && first < 224
}

/**
 * The next hop in MP_REACH_NLRI for IPv6: global, or global and link-local (RFC 2545 §3). A second half that is not link-local
 * is left out; a link-local address behind `::` stands alone (speakers that have no global one send that).
 * @param end 16 or 32 octets after `start`: the caller has checked
 * @returns undefined if it can be no next hop: `::`, `::1`, multicast
 */
export function readIpv6NextHop(bytes: Uint8Array, start: number, end: number): Uint8Array | undefined {
  const hasLinkLocal = end - start === 32 && isLinkLocal(bytes, start + 16)
  if (isIpv6NextHop(bytes, start)) return copyOctets(bytes, start, hasLinkLocal ? end : start + 16)
  return hasLinkLocal && isUnspecifiedOrLoopback(bytes, start) ? copyOctets(bytes, start + 16, end) : undefined
}

/** The first 16 octets: not multicast, not `::`, not `::1`. */
export function isIpv6NextHop(bytes: Uint8Array, at: number): boolean {
  return bytes[at] !== 0xff && !isUnspecifiedOrLoopback(bytes, at)
}

function isUnspecifiedOrLoopback(bytes: Uint8Array, at: number): boolean {
  for (let i = 0; i < 15; i++) if (bytes[at + i] !== 0) return false
  return (bytes[at + 15] as number) <= 1
}

/** fe80::/10 */
export function isLinkLocal(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0xfe && ((bytes[at + 1] as number) & 0xc0) === 0x80
}
