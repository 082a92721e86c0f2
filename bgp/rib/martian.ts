import type { AddressFamily } from '../wire/message.ts'

/**
 * Prefixes that are never a unicast destination, whoever announces them: 0/8, 127/8, 224/4 and 240/4, fe80::/10, ff00::/8 and what lies inside.
 * @param at the first octet of a prefix as of RFC 4271 §4.3
 */
export function isMartian(family: AddressFamily, bytes: Uint8Array, at: number, length: number): boolean {
  if (length < 3) return false
  const first = bytes[at] as number
  if (family === 'ipv4-unicast') return first >= 224 || ((first === 0 || first === 127) && length >= 8)
  if (first === 0xff) return length >= 8
  return first === 0xfe && length >= 10 && ((bytes[at + 1] as number) & 0xc0) === 0x80
}
