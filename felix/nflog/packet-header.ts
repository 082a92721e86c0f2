/** Who speaks to whom in a packet, from its first octets: IPv4, IPv6 and the ports or types behind them. Pure. */
import { formatAddress, type IpAddress } from '../../src/net/address.ts'

/** @property protocol IANA number of what is in it, behind IPv6 extension headers. Ports, types and codes are absent where they were not copied */
export type PacketHeader = {
  readonly source: IpAddress
  readonly destination: IpAddress
  readonly protocol: number
  readonly sourcePort?: number
  readonly destinationPort?: number
  readonly icmpType?: number
  readonly icmpCode?: number
}

const ICMP = 1
const ICMPV6 = 58
const AUTHENTICATION = 51
const FRAGMENT = 44
/** Hop-by-hop options, routing, destination options, mobility: all say their length the same way (RFC 8200 §4). */
const EXTENSIONS: ReadonlySet<number> = new Set([0, 43, 60, 135])
/** TCP, UDP, DCCP, SCTP and UDP-Lite begin with both ports. */
const WITH_PORTS: ReadonlySet<number> = new Set([6, 17, 33, 132, 136])

/** The header of the packet in `bytes[at, end)`, which may end early; undefined if it is no IP or its addresses are not there. */
export function readPacketHeader(bytes: Uint8Array, at: number, end: number): PacketHeader | undefined {
  const version = at < end ? (bytes[at] as number) >> 4 : 0
  if (version === 4) return readIpv4Packet(bytes, at, end)
  return version === 6 ? readIpv6Packet(bytes, at, end) : undefined
}

/** RFC 791 §3.1:  version, header length | … | flags, fragment offset u16 | ttl | protocol | checksum | source | destination | options */
function readIpv4Packet(bytes: Uint8Array, at: number, end: number): PacketHeader | undefined {
  const length = ((bytes[at] as number) & 0xf) * 4
  if (length < 20 || at + 20 > end) return undefined
  const isFirst = (u16be(bytes, at + 6) & 0x1fff) === 0
  const protocol = bytes[at + 9] as number
  const ends = { source: formatAddress(bytes, at + 12, 4), destination: formatAddress(bytes, at + 16, 4) }
  return { ...ends, protocol, ...(isFirst && upperLayer(bytes, at + length, end, protocol)) }
}

/** RFC 8200 §3:  version … u32 | payload length u16 | next header u8 | hop limit u8 | source | destination, then extension headers */
function readIpv6Packet(bytes: Uint8Array, at: number, end: number): PacketHeader | undefined {
  if (at + 40 > end) return undefined
  const ends = { source: formatAddress(bytes, at + 8, 16), destination: formatAddress(bytes, at + 24, 16) }
  let protocol = bytes[at + 6] as number
  let next = at + 40
  while (next + 8 <= end) {
    const length = extensionLength(bytes, next, protocol)
    if (length === undefined) break
    const isLater = protocol === FRAGMENT && (u16be(bytes, next + 2) & 0xfff8) !== 0
    protocol = bytes[next] as number
    next += length
    if (isLater) return { ...ends, protocol }
  }
  return { ...ends, protocol, ...upperLayer(bytes, next, end, protocol) }
}

/** In octets; undefined: no extension header. */
function extensionLength(bytes: Uint8Array, at: number, type: number): number | undefined {
  if (type === FRAGMENT) return 8
  if (type === AUTHENTICATION) return ((bytes[at + 1] as number) + 2) * 4 // RFC 4302 §2.2
  return EXTENSIONS.has(type) ? ((bytes[at + 1] as number) + 1) * 8 : undefined
}

function upperLayer(bytes: Uint8Array, at: number, end: number, protocol: number): Partial<PacketHeader> {
  if (WITH_PORTS.has(protocol) && at + 4 <= end) return { sourcePort: u16be(bytes, at), destinationPort: u16be(bytes, at + 2) }
  if ((protocol === ICMP || protocol === ICMPV6) && at + 2 <= end)
    return { icmpType: bytes[at] as number, icmpCode: bytes[at + 1] as number }
  return {}
}

function u16be(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number)
}
