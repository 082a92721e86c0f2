import t from 'tap'
import type { IpAddress } from '../src/net/address.ts'
import type { Cidr } from '../src/net/prefix.ts'
import { type MtuInput, tunnelAddress, tunnelMtu } from './tunnel-device.ts'

const mtus: [title: string, input: MtuInput, mtu: number][] = [
  ['RFC 2003 §3.1: the underlay less the outer header', { underlay: 1500 }, 1480],
  ['jumbo frames', { underlay: 9001 }, 8981],
  ['an underlay that is a tunnel itself', { underlay: 1450 }, 1430],
  ['an unknown underlay is taken for Ethernet', {}, 1480],
  ['§6.13 ipipMTU wins', { configured: 1400, underlay: 9000 }, 1400],
  ['also above what the underlay carries: who configures it knows', { configured: 8981, underlay: 1500 }, 8981],
  ['§6.13 0 is automatic', { configured: 0, underlay: 1500 }, 1480],
  ['RFC 791: never below what every link carries', { underlay: 68 }, 68],
]
for (const [title, input, mtu] of mtus) t.test(title, async (t) => t.equal(tunnelMtu(input), mtu))

const addresses: [title: string, fromNode: string | undefined, podCidrs: readonly string[], address: string | undefined][] = [
  ['the Node resource comes first', '10.9.9.9', ['10.244.1.0/24'], '10.9.9.9'],
  ['then the first address of the first pod CIDR', undefined, ['10.244.1.0/24', '10.244.2.0/24'], '10.244.1.0'],
  ['which is the first of IPv4', undefined, ['fd00:1::/64', '10.244.2.64/26'], '10.244.2.64'],
  ['without either there is none', undefined, ['fd00:1::/64'], undefined],
]
for (const [title, fromNode, podCidrs, address] of addresses) {
  t.test(`INTERFACE §4, tunnel address: ${title}`, async (t) =>
    t.equal(tunnelAddress(fromNode as IpAddress | undefined, podCidrs as readonly Cidr[]), address),
  )
}
