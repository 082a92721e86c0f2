/** The tunnel device of this node: which address and which MTU it has. */
import type { IpAddress } from '../src/net/address.ts'
import { formatAddress } from '../src/net/address.ts'
import { type Cidr, parsePrefix } from '../src/net/prefix.ts'

/** RFC 2003 §3.1: the outer IPv4 header, without options. */
const outerHeader = 20
/** RFC 791: what every link carries. */
const leastMtu = 68
const ethernetMtu = 1500

/** @property configured FelixConfiguration's `ipipMTU`, 0 for automatic  @property underlay of the device with the node's address, if it is known */
export type MtuInput = { readonly configured?: number; readonly underlay?: number }

/** Octets a packet in the tunnel may have: as configured, else what the underlay leaves beside the outer header. */
export function tunnelMtu({ configured = 0, underlay = ethernetMtu }: MtuInput): number {
  return configured > 0 ? configured : Math.max(leastMtu, underlay - outerHeader)
}

/** The Node resource's `ipv4IPIPTunnelAddr`, else the first address of the first IPv4 pod CIDR (INTERFACE §4); undefined without either. */
export function tunnelAddress(fromNode: IpAddress | undefined, podCidrs: readonly Cidr[]): IpAddress | undefined {
  if (fromNode !== undefined) return fromNode
  const [first] = podCidrs.flatMap((cidr) => parsePrefix(cidr) ?? []).filter(({ family }) => family === 4)
  return first === undefined ? undefined : formatAddress(first.bytes)
}
