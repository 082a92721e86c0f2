import type { NextHop } from '../felix/kernel.ts'
import { familyOf, type IpAddress } from '../src/net/address.ts'
import type { ConnectedSubnet } from '../src/net/connected-subnet.ts'
import { containsPrefix, parsePrefix } from '../src/net/prefix.ts'

/**
 * How packets for a BGP next hop leave this node: over the device of the longest connected subnet that contains it.
 * undefined: unresolvable (RFC 4271 §9.1.2.1), also for an address of our own (§5.1.3) and for what no subnet contains.
 */
export function resolveNextHop(nextHop: IpAddress, connected: readonly ConnectedSubnet[]): NextHop | undefined {
  const target = parsePrefix(nextHop)
  if (target === undefined || connected.some(({ address }) => address === nextHop)) return undefined
  const around = connected.filter(({ subnet }) => subnet.family === familyOf(nextHop) && containsPrefix(subnet, target))
  const [closest] = around.toSorted((a, b) => b.subnet.length - a.subnet.length)
  return closest === undefined ? undefined : { type: 'unicast', via: nextHop, device: closest.device }
}
