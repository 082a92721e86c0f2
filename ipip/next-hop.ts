import type { UnicastHop } from '../felix/kernel.ts'
import type { EncapsulationMode } from '../src/model/ip-pool.ts'
import { familyOf, type IpAddress } from '../src/net/address.ts'
import type { ConnectedSubnet } from '../src/net/connected-subnet.ts'
import { containsPrefix, parsePrefix } from '../src/net/prefix.ts'
import { parseZoned } from '../src/net/zone.ts'

/** What decides how a next hop is reached. */
export type Surroundings = {
  readonly connected: readonly ConnectedSubnet[]
  /** The nodes that take our tunnelled packets; empty without a tunnel device. */
  readonly tunnelTo: ReadonlySet<IpAddress>
}

/**
 * How packets for a BGP next hop leave this node, when their destination has this IP-in-IP mode. undefined: not at all.
 * Always: through the tunnel. CrossSubnet: through it to nodes that are in no subnet of this one. Never: directly.
 * Only known nodes take tunnelled packets, so nobody else is ever sent one.
 */
export function nextHopFor(mode: EncapsulationMode, nextHop: IpAddress, { connected, tunnelTo }: Surroundings): UnicastHop | undefined {
  if (mode === 'Always') return tunnelled(nextHop, tunnelTo)
  const direct = resolveNextHop(nextHop, connected)
  return direct === undefined && mode === 'CrossSubnet' ? tunnelled(nextHop, tunnelTo) : direct
}

/** Whether the next hop can be reached in one way or the other: what BGP asks (RFC 4271 §9.1.2.1), which knows of no prefix then. */
export function isReachable(nextHop: IpAddress, surroundings: Surroundings): boolean {
  return nextHopFor('CrossSubnet', nextHop, surroundings) !== undefined
}

/**
 * Without a tunnel: over the device of the longest connected subnet that contains it; a link-local one over its link (fe80::1%eth0).
 * undefined: unresolvable (RFC 4271 §9.1.2.1), also for an address of our own (§5.1.3) and for what no subnet contains.
 */
export function resolveNextHop(nextHop: IpAddress, connected: readonly ConnectedSubnet[]): UnicastHop | undefined {
  const zone = parseZoned(nextHop)
  if (zone?.interface !== undefined) return { type: 'unicast', via: zone.address, device: zone.interface }
  const target = parsePrefix(nextHop)
  if (target === undefined || connected.some(({ address }) => address === nextHop)) return undefined
  const around = connected.filter(({ subnet }) => subnet.family === familyOf(nextHop) && containsPrefix(subnet, target))
  const [closest] = around.toSorted((a, b) => b.subnet.length - a.subnet.length)
  return closest === undefined ? undefined : { type: 'unicast', via: nextHop, device: closest.device }
}

/** `tunl0` goes to any address: the next hop is taken as the outer destination, though it is on no subnet of the device. */
function tunnelled(nextHop: IpAddress, tunnelTo: ReadonlySet<IpAddress>): UnicastHop | undefined {
  return tunnelTo.has(nextHop) ? { type: 'unicast', via: nextHop, device: 'tunl0', onlink: true } : undefined
}
