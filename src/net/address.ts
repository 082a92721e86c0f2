import ipaddr from 'ipaddr.js'
import { formatIpv4, parseIpv4, readIpv4, writeIpv4 } from './ipv4.ts'

export type Family = 4 | 6

/** An address as text in its one canonical form (RFC 5952 for IPv6), so that equal addresses are equal strings. For the edges, not for hot paths. */
export type IpAddress = string & { readonly brand: 'IpAddress' }

/** The canonical form, or undefined if the text is no plain address: zone ids, IPv4 short forms and leading zeros are refused. */
export function parseAddress(text: string): IpAddress | undefined {
  const bytes = addressBytes(text)
  return bytes === undefined ? undefined : formatAddress(bytes)
}

/** 4 or 16 network-order octets of an address in any accepted form; undefined as in `parseAddress`. */
export function addressBytes(text: string): Uint8Array | undefined {
  const v4 = parseIpv4(text)
  if (v4 !== undefined) {
    const bytes = new Uint8Array(4)
    writeIpv4(bytes, 0, v4)
    return bytes
  }
  if (!text.includes(':') || text.includes('%') || !ipaddr.IPv6.isValid(text)) return undefined
  return Uint8Array.from(ipaddr.IPv6.parse(text).toByteArray())
}

/** @param bytes 4 or 16 network-order octets, starting at `at` */
export function formatAddress(bytes: Uint8Array, at = 0, size: number = bytes.length - at): IpAddress {
  if (size === 4) return formatIpv4(readIpv4(bytes, at)) as IpAddress
  const address = new ipaddr.IPv6(Array.from(bytes.subarray(at, at + 16)))
  // RFC 5952 §5: an address known to hold an IPv4 one is written as such.
  return (address.isIPv4MappedAddress() ? `::ffff:${formatIpv4(readIpv4(bytes, at + 12))}` : address.toString()) as IpAddress
}

export function familyOf(address: string): Family {
  return address.includes(':') ? 6 : 4
}
