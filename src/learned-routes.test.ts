import t from 'tap'
import type { BestRouteBatch, LearnedNextHop } from '../bgp/peer.ts'
import type { LearnedRoutes, NextHop } from '../felix/kernel.ts'
import { type PoolMode, PoolModes } from '../ipip/pool-modes.ts'
import { type Encapsulation, noEncapsulation } from '../ipip/tunnel-plan.ts'
import { RouteHandover } from './learned-routes.ts'
import { formatAddress, type IpAddress } from './net/address.ts'
import type { ConnectedSubnet } from './net/connected-subnet.ts'
import { Ipv4PrefixTable } from './net/ipv4-prefix-table.ts'
import { type Cidr, parsePrefix } from './net/prefix.ts'

const interned = new Map<string, readonly LearnedNextHop[]>()
const neighbour = '10.99.0.2' as IpAddress
const eth0 = [on('eth0', '10.99.0.1/24')]
const viaEth0 = (via: IpAddress): NextHop => ({ type: 'unicast', via, device: 'eth0' })

t.test('a best route with a next hop on a connected subnet is put, with one next-hop object for all', async (t) => {
  const { routes, told } = recorder()
  const handover = new RouteHandover(routes, eth0)
  handover.take(batch({ '10.1.0.0/16': neighbour, '10.2.3.0/24': neighbour }))
  const nextHop = { type: 'unicast', via: '10.99.0.2', device: 'eth0' }
  t.strictSame(told, [
    ['10.1.0.0/16', nextHop],
    ['10.2.3.0/24', nextHop],
  ])
  t.equal(told[0]?.[1], told[1]?.[1], 'the same object')
})

t.test('a prefix without a learned best route, or with a next hop that leads nowhere, is deleted', async (t) => {
  const { routes, told } = recorder()
  new RouteHandover(routes, eth0).take(batch({ '10.1.0.0/16': undefined, '10.2.0.0/16': '192.0.2.1' as IpAddress }))
  t.strictSame(told, [
    ['10.1.0.0/16', undefined],
    ['10.2.0.0/16', undefined],
  ])
})

t.test('RFC 7999 a best route that asks for it drops packets; one that goes is deleted all the same', async (t) => {
  const { routes, told } = recorder()
  const handover = new RouteHandover(routes, eth0)
  handover.take({ ...batch({ '10.1.0.1/32': neighbour, '10.2.0.1/32': undefined }), discards: () => true })
  t.strictSame(told, [
    ['10.1.0.1/32', { type: 'blackhole' }],
    ['10.2.0.1/32', undefined],
  ])
})

t.test('when the node’s subnets change, next hops are resolved anew, and it is said whether any is another one now', async (t) => {
  const handover = new RouteHandover(recorder().routes, eth0)
  t.match(handover.resolve(neighbour, 'Never'), { device: 'eth0' })
  t.equal(handover.setConnected([...eth0, on('docker0', '172.17.0.1/16')]), false, 'nobody asked for what is there')
  t.equal(handover.setConnected([on('eth1', '10.99.0.1/24')]), true)
  t.match(handover.resolve(neighbour, 'Never'), { device: 'eth1' })
  t.equal(handover.setConnected([]), true)
  t.equal(handover.resolve(neighbour, 'Never'), undefined)
})

t.test('several next hops are one route over all that can be reached; the same object for the same list (ECMP)', async (t) => {
  const { routes, told } = recorder()
  const handover = new RouteHandover(routes, [...eth0, on('eth1', '10.98.0.1/24')])
  const three = nextHops('10.99.0.2', '10.98.0.7', '192.0.2.1')
  handover.take(batch({ '10.1.0.0/16': three, '10.2.0.0/16': three, '10.3.0.0/16': nextHops('192.0.2.1', '10.99.0.2') }))
  const hops = [
    { type: 'unicast', via: '10.99.0.2', device: 'eth0' },
    { type: 'unicast', via: '10.98.0.7', device: 'eth1' },
  ]
  t.strictSame(told, [
    ['10.1.0.0/16', { type: 'multipath', hops }],
    ['10.2.0.0/16', { type: 'multipath', hops }],
    ['10.3.0.0/16', hops[0]],
  ])
  t.equal(told[0]?.[1], told[1]?.[1], 'the same object')
  t.equal(handover.problem, undefined)
})

t.test('a next hop that is on no subnet is reached over those that lead to it, each once (RFC 4271 §5.1.3)', async (t) => {
  const { routes, told } = recorder()
  const handover = new RouteHandover(routes, eth0)
  handover.take(
    batch({
      '10.1.0.0/16': nextHops('192.0.2.1>10.99.0.2>10.99.0.3', '192.0.2.2>10.99.0.3'),
      '10.2.0.0/16': nextHops('192.0.2.2>10.99.0.3'),
    }),
  )
  t.strictSame(told, [
    ['10.1.0.0/16', { type: 'multipath', hops: [viaEth0('10.99.0.2' as IpAddress), viaEth0('10.99.0.3' as IpAddress)] }],
    ['10.2.0.0/16', viaEth0('10.99.0.3' as IpAddress)],
  ])
})

const behindRouter = '10.98.0.7' as IpAddress
const stranger = '10.99.0.66' as IpAddress
const viaTunnel = (via: IpAddress): NextHop => ({ type: 'unicast', via, device: 'tunl0', onlink: true })
const encapsulation = (ipipMode: PoolMode['ipipMode'], tunnelTo: readonly IpAddress[] = [neighbour, behindRouter]): Encapsulation => ({
  modes: new PoolModes([{ cidr: '10.244.0.0/16' as Cidr, ipipMode }]),
  tunnelTo: new Set(tunnelTo),
})
const routes = { '10.244.2.0/24': neighbour, '10.244.3.0/24': behindRouter, '10.1.0.0/16': neighbour, '10.2.0.0/16': behindRouter }

const ways: [mode: PoolMode['ipipMode'], told: Told[]][] = [
  [
    'Never',
    [
      ['10.244.2.0/24', viaEth0(neighbour)],
      ['10.244.3.0/24', undefined],
      ['10.1.0.0/16', viaEth0(neighbour)],
      ['10.2.0.0/16', undefined],
    ],
  ],
  [
    'CrossSubnet',
    [
      ['10.244.2.0/24', viaEth0(neighbour)],
      ['10.244.3.0/24', viaTunnel(behindRouter)],
      ['10.1.0.0/16', viaEth0(neighbour)],
      ['10.2.0.0/16', undefined],
    ],
  ],
  [
    'Always',
    [
      ['10.244.2.0/24', viaTunnel(neighbour)],
      ['10.244.3.0/24', viaTunnel(behindRouter)],
      ['10.1.0.0/16', viaEth0(neighbour)],
      ['10.2.0.0/16', undefined],
    ],
  ],
]
for (const [mode, expected] of ways) {
  t.test(`ipipMode ${mode}: the pool that contains a prefix decides, what is outside goes directly`, async (t) => {
    const { routes: table, told } = recorder()
    const handover = new RouteHandover(table, eth0)
    handover.setEncapsulation(encapsulation(mode))
    handover.take(batch(routes))
    t.strictSame(told, expected)
  })
}

t.test('a best route that leads nowhere is told of until it leads somewhere or is gone', async (t) => {
  const handover = new RouteHandover(recorder().routes, eth0)
  handover.setEncapsulation(encapsulation('Always'))
  t.equal(handover.problem, undefined)
  handover.take(batch({ '10.244.2.0/24': stranger, '200.0.0.0/8': behindRouter, '10.244.3.0/24': behindRouter }))
  t.match(handover.problem, /^2 best routes are not programmed, as 10\.244\.2\.0\/24: its next hop 10\.99\.0\.66 is reached neither/)
  handover.setEncapsulation(encapsulation('Always', [stranger, behindRouter]))
  handover.take(batch({ '10.244.2.0/24': stranger }))
  t.match(handover.problem, /^a best route is not programmed, as 200\.0\.0\.0\/8: /)
  handover.take(batch({ '200.0.0.0/8': undefined }))
  t.equal(handover.problem, undefined)
})

t.test('of a whole table that leads nowhere not every route is remembered', async (t) => {
  const handover = new RouteHandover(recorder().routes, eth0)
  handover.setEncapsulation(encapsulation('CrossSubnet'))
  const table = Array.from({ length: 12_000 }, (_, i) => [`20.${i >> 8}.${i & 255}.0/24`, behindRouter] as const)
  handover.take(batch(Object.fromEntries(table)))
  t.match(handover.problem, /^10000 or more best routes are not programmed, as 20\.0\.0\.0\/24: /)
  handover.take(batch(Object.fromEntries(table.map(([prefix]) => [prefix, undefined]))))
  t.equal(handover.problem, undefined)
})

t.test('BGP is told that a next hop is reachable if either way leads there', async (t) => {
  const handover = new RouteHandover(recorder().routes, eth0)
  t.strictSame(
    [neighbour, behindRouter, stranger].map((nextHop) => handover.reaches(nextHop)),
    [true, false, true],
  )
  t.equal(handover.setEncapsulation(encapsulation('CrossSubnet')), true)
  t.strictSame(
    [neighbour, behindRouter, stranger].map((nextHop) => handover.reaches(nextHop)),
    [true, true, true],
  )
})

t.test('a prefix around its own next hop is never tunnelled: the outer packet would take the same route', async (t) => {
  const { routes: table, told } = recorder()
  const handover = new RouteHandover(table, eth0)
  const modes = new PoolModes([{ cidr: '10.0.0.0/8' as Cidr, ipipMode: 'Always' }])
  handover.setEncapsulation({ modes, tunnelTo: new Set([neighbour, behindRouter]) })
  handover.take(batch({ '10.99.0.0/16': neighbour, '10.98.0.0/24': behindRouter, '10.98.0.8/32': behindRouter }))
  t.strictSame(told, [
    ['10.99.0.0/16', viaEth0(neighbour)],
    ['10.98.0.0/24', undefined],
    ['10.98.0.8/32', viaTunnel(behindRouter)],
  ])
})

t.test(
  'routes around their own next hop go where they would have gone, had all nodes been known, or unknown, from the start',
  async (t) => {
    const modes = new PoolModes([{ cidr: '10.99.0.0/16' as Cidr, ipipMode: 'Always' }])
    const to = (...nodes: IpAddress[]): Encapsulation => ({ modes, tunnelTo: new Set(nodes) })
    const around = { '10.99.0.0/24': neighbour, '10.99.0.64/26': stranger }
    const answers = (...steps: Encapsulation[]): ReadonlyMap<string, NextHop | undefined> => {
      const { routes: table, told } = recorder()
      const handover = new RouteHandover(table, eth0)
      handover.take(batch(around))
      for (const step of steps) if (handover.setEncapsulation(step)) handover.take(batch(around))
      return new Map(told)
    }
    for (const last of [to(), to(neighbour), to(stranger), to(neighbour, stranger)]) {
      for (const before of [to(), to(neighbour), to(stranger), to(neighbour, stranger)]) t.strictSame(answers(before, last), answers(last))
    }
  },
)

t.test('all best routes are asked for again exactly when an answer may be another one', async (t) => {
  const handover = new RouteHandover(recorder().routes, eth0)
  const always = encapsulation('Always')
  const changes: [title: string, to: Encapsulation, again: boolean][] = [
    ['pools ask for the tunnel', always, true],
    ['the same object', always, false],
    ['an equal one', encapsulation('Always'), false],
    ['a node more, to which no route leads', encapsulation('Always', [neighbour, behindRouter, '10.97.0.1' as IpAddress]), false],
    ['a node less, to which one does', encapsulation('Always', [neighbour]), true],
    ['another mode', encapsulation('CrossSubnet', [neighbour]), true],
    ['no pool asks for it any more', noEncapsulation, true],
  ]
  handover.setEncapsulation(noEncapsulation)
  for (const [title, to, again] of changes) {
    t.equal(handover.setEncapsulation(to), again, title)
    handover.take(batch(routes))
    for (const nextHop of [neighbour, behindRouter]) handover.reaches(nextHop)
  }
})

type Told = [destination: string, nextHop: NextHop | undefined]

function recorder(): { routes: LearnedRoutes; told: Told[] } {
  const told: Told[] = []
  const name = (bytes: Uint8Array, at: number, length: number) => `${formatAddress(bytes, at, 4)}/${length}`
  const routes: LearnedRoutes = {
    put: (_, bytes, at, length, nextHop) => told.push([name(bytes, at, length), nextHop]),
    delete: (_, bytes, at, length) => told.push([name(bytes, at, length), undefined]),
  }
  return { routes, told }
}

/** As the RIB hands them over: the same list for the same next hops. "10.98.0.7>10.99.0.2": one that 10.99.0.2 leads to. */
function nextHops(...texts: string[]): readonly LearnedNextHop[] {
  const known = interned.get(texts.join())
  const list = known ?? texts.map((text) => nextHopOf(text.split('>')))
  interned.set(texts.join(), list)
  return list
}

function nextHopOf([address = '', ...gateways]: readonly string[]): LearnedNextHop {
  return { address: address as IpAddress, gateways: (gateways.length === 0 ? [address] : gateways) as IpAddress[] }
}

function batch(wanted: Readonly<Record<string, IpAddress | readonly LearnedNextHop[] | undefined>>): BestRouteBatch {
  const table = new Ipv4PrefixTable()
  const byId = new Map<number, readonly LearnedNextHop[]>()
  for (const [text, to = []] of Object.entries(wanted)) {
    const { bytes, length } = prefixOf(text)
    byId.set(table.insert(bytes, 0, length), typeof to === 'string' ? nextHops(to) : to)
  }
  return { table, ids: [...byId.keys()], count: byId.size, nextHopsOf: (id) => byId.get(id) ?? [], discards: () => false }
}

function on(device: string, text: string): ConnectedSubnet {
  return { device, address: text.split('/')[0] as IpAddress, subnet: prefixOf(text) }
}

function prefixOf(text: string) {
  const prefix = parsePrefix(text)
  if (prefix === undefined) throw new Error(text)
  return prefix
}
