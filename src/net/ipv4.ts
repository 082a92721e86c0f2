/** IPv4 addresses as unsigned 32-bit numbers in host order; pure and fast enough for the hot paths. */

/** Dotted quad to number; undefined unless it is exactly four decimal octets without leading zeros. */
export function parseIpv4(text: string): number | undefined {
  const match = /^(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})$/.exec(text)
  if (match === null) return undefined
  let value = 0
  for (const octet of match.slice(1)) {
    if (Number(octet) > 255) return undefined
    value = value * 256 + Number(octet)
  }
  return value
}

/** @param value 0..4294967295 */
export function formatIpv4(value: number): string {
  return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`
}

/** The number that four network-order octets stand for; the caller has checked that they exist. */
export function readIpv4(bytes: Uint8Array, at: number): number {
  return (((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)) >>> 0
}

/** Writes four network-order octets. */
export function writeIpv4(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24
  bytes[at + 1] = value >>> 16
  bytes[at + 2] = value >>> 8
  bytes[at + 3] = value
}

/** The mask of a prefix length 0..32 as an unsigned number. */
export function ipv4Mask(length: number): number {
  return length === 0 ? 0 : (0xffff_ffff << (32 - length)) >>> 0
}
