import { headerLength } from './message.ts'
import { putU16 } from './octets.ts'

/**
 * Writes the header that every message has (RFC 4271 §4.1):  marker, 16 octets of ones | length u16 | type u8
 * @param length of the whole message, header included
 * @returns where the body begins
 */
export function writeHeader(into: Uint8Array, at: number, type: number, length: number): number {
  into.fill(0xff, at, at + 16)
  putU16(into, at + 16, length)
  into[at + 18] = type
  return at + headerLength
}
