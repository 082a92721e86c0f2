import type { AsSize } from './as-path.ts'
import { toTwoOctets } from './as-path.ts'
import { putU16, putU32, u16At, u32At } from './octets.ts'

export type Aggregator = { readonly asNumber: number; readonly address: number }

/**
 * Value of AGGREGATOR and AS4_AGGREGATOR (RFC 4271 §4.3 g, RFC 6793 §3):  AS number u16 or u32 | IPv4 address
 * @returns undefined if it is to be discarded: of another length (RFC 7606 §7.7) or of AS 0 (RFC 7607 §2)
 */
export function readAggregator(bytes: Uint8Array, start: number, end: number, size: AsSize): Aggregator | undefined {
  if (end - start !== size + 4) return undefined
  const asNumber = size === 4 ? u32At(bytes, start) : u16At(bytes, start)
  return asNumber === 0 ? undefined : { asNumber, address: u32At(bytes, start + size) }
}

/** With size 2, AS_TRANS replaces what does not fit. */
export function writeAggregator({ asNumber, address }: Aggregator, size: AsSize): Uint8Array {
  const bytes = new Uint8Array(size + 4)
  if (size === 4) putU32(bytes, 0, asNumber)
  else putU16(bytes, 0, toTwoOctets(asNumber))
  putU32(bytes, size, address)
  return bytes
}
