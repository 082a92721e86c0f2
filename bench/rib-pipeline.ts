/**
 * The RIB alone, without sockets, for profiling (`node --cpu-prof`): the table of `npm run bench -- table` from one eBGP peer to another.
 * Usage: node bench/rib-pipeline.ts [PREFIXES [RULES]]. Prints one JSON line; seconds until all of it is decided, encoded and read. RULES: both
 * peers have a BGPFilter of so many rules, each for one /24, both ways.
 */
import type { FilterRule, PeerConfig, RouteFilter } from '../bgp/peer.ts'
import { Rib } from '../bgp/rib/rib.ts'
import { type IpAddress, parseAddress } from '../src/net/address.ts'
import { asn } from '../src/net/asn.ts'
import type { Cidr } from '../src/net/prefix.ts'
import { Random, tablePrefixes, tableUpdates, tableWithdrawals } from './table-shape.ts'

const count = Number(process.argv[2] ?? 200_000)
const rules = Number(process.argv[3] ?? 0)
const random = new Random(42)
const prefixes = tablePrefixes(count, random)
const updates = tableUpdates(prefixes, 65002, '10.99.0.2', random)
const withdrawals = tableWithdrawals(prefixes)

const rib = new Rib(
  { asNumber: 65001, routerId: 0x0a630001, localAddress: { ipv4: address('10.99.0.1') } },
  { nextHopMetric: () => 0, onBest: () => {}, onOutput: () => {}, onEndOfRib: () => {}, onNote: (_, note) => console.error(note) },
)
if (rules > 0) rib.setPolicy({ filters: [listOf(rules)] })
const [feeder, sink] = ['10.99.0.2', '10.99.0.3'].map((peer, i) => join(peer, 65002 + i))
if (feeder === undefined || sink === undefined) throw new Error('two peers were made')

const announced = timed(updates)
const withdrawn = timed(withdrawals)
console.log(JSON.stringify({ prefixes: count, rules, updates: updates.length, announced, withdrawn }))

function timed(messages: readonly Buffer[]): { readonly wallSec: number; readonly cpuSec: number } {
  const began = performance.now()
  const cpu = process.cpuUsage()
  for (const [i, message] of messages.entries()) {
    const error = rib.receive(feeder ?? 0, message, 19, message.length)
    if (error !== undefined) throw error
    if (i % 200 === 199) drain()
  }
  drain()
  const { user, system } = process.cpuUsage(cpu)
  return { wallSec: Math.round(performance.now() - began) / 1000, cpuSec: Math.round((user + system) / 1000) / 1000 }
}

/** What a turn of the event loop does. */
function drain(): void {
  while (rib.flush(5));
  while (rib.read(sink ?? 0, 262_144) !== undefined);
}

function listOf(count: number): RouteFilter {
  const list = Array.from({ length: count }, (_, i): FilterRule => {
    const cidr = `${1 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}.0/24` as Cidr
    return { prefix: { cidr, operator: 'equal', minLength: 24, maxLength: 24 }, action: i % 2 === 0 ? 'accept' : 'reject' }
  })
  const both = { 'ipv4-unicast': list, 'ipv6-unicast': [] }
  return { name: 'list', import: both, export: both }
}

function join(peer: string, asNumber: number): number {
  const config: PeerConfig = {
    name: peer,
    address: address(peer),
    asNumber: asn(asNumber),
    port: 179,
    passive: true,
    families: ['ipv4-unicast'],
    routeReflectorClient: false,
    holdTimeSec: 90,
    maxPrefixes: 0,
    import: 'all',
    export: 'all',
    ...(rules > 0 && { importFilters: ['list'], exportFilters: ['list'] }),
  }
  const id = rib.addPeer(config)
  const terms = {
    families: config.families,
    fourOctetAs: true,
    maxMessageLength: 4096,
    remoteRouterId: asNumber,
    localAddress: address('10.99.0.1'),
  }
  rib.sessionUp(id, terms)
  return id
}

function address(text: string): IpAddress {
  const parsed = parseAddress(text)
  if (parsed === undefined) throw new Error(text)
  return parsed
}
