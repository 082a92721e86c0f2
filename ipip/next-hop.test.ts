import t from 'tap'
import type { IpAddress } from '../src/net/address.ts'
import type { ConnectedSubnet } from '../src/net/connected-subnet.ts'
import { parseInterfaceAddress, parsePrefix } from '../src/net/prefix.ts'
import { isReachable, nextHopFor, resolveNextHop } from './next-hop.ts'

const connected = [on('eth0', '10.99.0.1/24'), on('eth1', '10.99.0.200/30'), on('eth2', 'fd99::1/64')]

const table: [title: string, nextHop: string, expected: unknown][] = [
  ['a neighbour on a connected subnet is reached over its device', '10.99.0.3', { type: 'unicast', via: '10.99.0.3', device: 'eth0' }],
  ['the longest subnet wins', '10.99.0.202', { type: 'unicast', via: '10.99.0.202', device: 'eth1' }],
  ['IPv6 next hops resolve over IPv6 subnets', 'fd99::2', { type: 'unicast', via: 'fd99::2', device: 'eth2' }],
  ['RFC 4271 §5.1.3: our own address is never a next hop', '10.99.0.1', undefined],
  ['RFC 4271 §9.1.2.1: what no subnet contains is unresolvable', '192.0.2.1', undefined],
  ['a link-local next hop is reached over its link', 'fe80::2%eth7', { type: 'unicast', via: 'fe80::2', device: 'eth7' }],
  ['a link-local next hop whose link is not known leads nowhere', 'fe80::2', undefined],
  ['an IPv4-mapped next hop is not on any subnet', '::ffff:10.99.0.3', undefined],
]
for (const [title, nextHop, expected] of table) {
  t.test(title, async (t) => t.strictSame(resolveNextHop(nextHop as IpAddress, connected), expected))
}

const surroundings = { connected, tunnelTo: new Set(['10.99.0.3', '10.98.0.7'] as IpAddress[]) }
const direct = (via: string, device: string) => ({ type: 'unicast', via, device })
const tunnelled = (via: string) => ({ type: 'unicast', via, device: 'tunl0', onlink: true })

/** Which way packets to a pool of each mode go. */
const ways: [title: string, nextHop: string, never: unknown, crossSubnet: unknown, always: unknown][] = [
  ['a node on our subnet', '10.99.0.3', direct('10.99.0.3', 'eth0'), direct('10.99.0.3', 'eth0'), tunnelled('10.99.0.3')],
  ['a node behind a router', '10.98.0.7', undefined, tunnelled('10.98.0.7'), tunnelled('10.98.0.7')],
  [
    'somebody unknown on our subnet takes no tunnelled packet',
    '10.99.0.4',
    direct('10.99.0.4', 'eth0'),
    direct('10.99.0.4', 'eth0'),
    undefined,
  ],
  ['somebody unknown behind a router', '10.98.0.8', undefined, undefined, undefined],
  ['our own address', '10.99.0.1', undefined, undefined, undefined],
]
for (const [title, text, ...expected] of ways) {
  t.test(`Never, CrossSubnet, Always: ${title}`, async (t) => {
    const nextHop = text as IpAddress
    t.strictSame(
      (['Never', 'CrossSubnet', 'Always'] as const).map((mode) => nextHopFor(mode, nextHop, surroundings)),
      expected,
    )
    t.equal(
      isReachable(nextHop, surroundings),
      expected.some((way) => way !== undefined),
      'BGP counts it as reachable if there is any way',
    )
  })
}

t.test('without a tunnel device nothing is tunnelled, and what should be goes nowhere', async (t) => {
  const none = { connected, tunnelTo: new Set<IpAddress>() }
  t.equal(nextHopFor('Always', '10.99.0.3' as IpAddress, none), undefined)
  t.equal(nextHopFor('CrossSubnet', '10.98.0.7' as IpAddress, none), undefined)
})

function on(device: string, text: string): ConnectedSubnet {
  const parsed = parseInterfaceAddress(text)
  const subnet = parsePrefix(text)
  if (parsed === undefined || subnet === undefined) throw new Error(text)
  return { device, address: parsed.address, subnet }
}
