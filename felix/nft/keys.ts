/** What packets are compared with, as the bytes that nf_tables has. */
import { addressBytes } from '../../src/net/address.ts'

const protocolNumbers: Readonly<Record<string, number>> = { icmp: 1, tcp: 6, udp: 17, dccp: 33, icmpv6: 58, sctp: 132, udplite: 136 }

/** Sixteen octets, as the kernel loads names. */
export function interfaceKey(name: string): Uint8Array {
  const key = new Uint8Array(16)
  key.set(Buffer.from(name).subarray(0, 15))
  return key
}

/** Of those with a name that policy uses. @throws Error */
export function protocolNumber(protocol: string | number): number {
  const number = typeof protocol === 'number' ? protocol : protocolNumbers[protocol]
  if (number === undefined) throw new Error(`protocol ${protocol} is not known`)
  return number
}

/** An address as a key of a set. @throws Error */
export function addressKey(text: string): Uint8Array {
  const bytes = addressBytes(text)
  if (bytes === undefined) throw new Error(`"${text}" is no address`)
  return bytes
}
