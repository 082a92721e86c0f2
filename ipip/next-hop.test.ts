import t from 'tap'
import type { IpAddress } from '../src/net/address.ts'
import type { ConnectedSubnet } from '../src/net/connected-subnet.ts'
import { parseInterfaceAddress, parsePrefix } from '../src/net/prefix.ts'
import { resolveNextHop } from './next-hop.ts'

const connected = [on('eth0', '10.99.0.1/24'), on('eth1', '10.99.0.200/30'), on('eth2', 'fd99::1/64')]

const table: [title: string, nextHop: string, expected: unknown][] = [
  ['a neighbour on a connected subnet is reached over its device', '10.99.0.3', { type: 'unicast', via: '10.99.0.3', device: 'eth0' }],
  ['the longest subnet wins', '10.99.0.202', { type: 'unicast', via: '10.99.0.202', device: 'eth1' }],
  ['IPv6 next hops resolve over IPv6 subnets', 'fd99::2', { type: 'unicast', via: 'fd99::2', device: 'eth2' }],
  ['RFC 4271 §5.1.3: our own address is never a next hop', '10.99.0.1', undefined],
  ['RFC 4271 §9.1.2.1: what no subnet contains is unresolvable', '192.0.2.1', undefined],
  ['an IPv4-mapped next hop is not on any subnet', '::ffff:10.99.0.3', undefined],
]
for (const [title, nextHop, expected] of table) {
  t.test(title, async (t) => t.strictSame(resolveNextHop(nextHop as IpAddress, connected), expected))
}

function on(device: string, text: string): ConnectedSubnet {
  const parsed = parseInterfaceAddress(text)
  const subnet = parsePrefix(text)
  if (parsed === undefined || subnet === undefined) throw new Error(text)
  return { device, address: parsed.address, subnet }
}
