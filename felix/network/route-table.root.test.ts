import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import t, { type Test } from 'tap'
import { parsePrefix } from '../../src/net/prefix.ts'
import type { NextHop, Route } from '../kernel.ts'
import { isInNamespace } from '../test-namespace.ts'
import type { KernelRoute } from './kernel-route.ts'
import { LinkView } from './link-view.ts'
import { NetlinkKernel } from './netlink-kernel.ts'
import { RouteTable } from './route-table.ts'

const OURS = 116
const via2: NextHop = { type: 'unicast', via: address('10.99.0.2'), device: 'v0' }
const via3: NextHop = { type: 'unicast', via: address('10.99.0.3'), device: 'v0' }

if (isInNamespace()) {
  setUp()
  t.test('stated routes are in the kernel as they are wanted: blackhole, device, gateway, on-link gateway, IPv6', async (t) => {
    const table = await open(t)
    table.setStated([
      route('10.1.0.0/24', { type: 'blackhole' }),
      route('10.1.0.5/32', { type: 'unicast', device: 'v0' }),
      route('10.2.0.0/24', via2),
      route('10.3.0.0/24', { type: 'unicast', via: address('192.168.7.7'), device: 'v0', onlink: true }),
      route('fd01::/64', { type: 'blackhole' }),
      route('fd02::/64', { type: 'unicast', via: address('fd99::2'), device: 'v0' }),
    ])
    t.same(await table.apply(), { changed: 6, repaired: 0, unprogrammed: new Map() })
    t.same(routes(), [
      'blackhole 10.1.0.0/24',
      '10.1.0.5 dev v0 scope link',
      '10.2.0.0/24 via 10.99.0.2 dev v0',
      '10.3.0.0/24 via 192.168.7.7 dev v0 onlink',
      'blackhole fd01::/64 dev lo metric 1024 pref medium',
      'fd02::/64 via fd99::2 dev v0 metric 1024 pref medium',
    ])
    t.same(await table.apply(), { changed: 0, repaired: 0, unprogrammed: new Map() }, 'the second time there is nothing to do')
  })

  t.test('who starts again adopts what is there without writing', async (t) => {
    const first = await open(t)
    const wanted = [route('10.2.0.0/24', via2), route('10.1.0.0/24', { type: 'blackhole' }), route('fd01::/64', { type: 'blackhole' })]
    first.setStated(wanted)
    await first.apply()
    const second = await open(t)
    second.setStated(wanted)
    t.same(await second.apply(), { changed: 0, repaired: 0, unprogrammed: new Map() })
  })

  t.test('a learned route that fails between two applies is told at once, and its success after all as well', async (t) => {
    const told: number[] = []
    const table = await open(t, () => told.push(table.counters.failed))
    ip('route add blackhole 10.2.0.0/24')
    put(table, '10.2.0.0/24', via2)
    await until(() => told.length === 1)
    t.match((await table.apply()).unprogrammed.get('route 10.2.0.0/24'), { state: 'failed', reason: /^EEXIST/ })
    ip('route del blackhole 10.2.0.0/24')
    await until(() => told.length === 2)
    t.same(told, [1, 0])
    t.same(await table.apply(), { changed: 1, repaired: 0, unprogrammed: new Map() })
  })

  t.test('what is ours and unwanted stays until it may be pruned; routes of others stay for good', async (t) => {
    ip('route add 10.7.0.0/24 via 10.99.0.9 proto static')
    ip(`route add 10.8.0.0/24 via 10.99.0.9 proto ${OURS}`)
    ip(`route add 10.8.0.0/24 via 10.99.0.9 proto ${OURS} metric 50`)
    ip(`-6 route add fd08::/64 via fd99::9 proto ${OURS}`)
    const table = await open(t)
    await table.apply()
    t.equal(routes().length, 3)
    table.allowPrune()
    await table.apply()
    t.same(routes(), [])
    t.match(ip('route show 10.7.0.0/24'), '10.7.0.0/24 via 10.99.0.9 dev v0 proto static')
  })

  t.test('a destination that another owner has is left to him: a status, tried again', async (t) => {
    ip('route add 10.2.0.0/24 via 10.99.0.9 proto static')
    const table = await open(t)
    table.setStated([route('10.2.0.0/24', via2), route('10.99.0.0/24', { type: 'blackhole' }), route('10.4.0.0/24', via2)])
    const { unprogrammed } = await table.apply()
    const taken = { state: 'failed', reason: 'EEXIST: the destination has a route of another owner' }
    t.same(
      [...unprogrammed],
      [
        ['route 10.2.0.0/24', taken],
        ['route 10.99.0.0/24', taken],
      ],
    )
    t.match(ip('route show 10.2.0.0/24'), 'via 10.99.0.9 dev v0 proto static')
    ip('route del 10.2.0.0/24')
    await until(() => ip('route show 10.2.0.0/24').includes('via 10.99.0.2'))
  })

  t.test('what the kernel refuses is a status with its word, and is tried again', async (t) => {
    const table = await open(t)
    table.setStated([route('10.5.0.0/24', { type: 'unicast', via: address('10.98.0.2'), device: 'v0' })])
    const failed = { state: 'failed', reason: 'ENETUNREACH: Nexthop has invalid gateway' }
    t.same([...(await table.apply()).unprogrammed], [['route 10.5.0.0/24', failed]])
    t.same(table.entries(10).routes, [{ destination: '10.5.0.0/24', wanted: 'via 10.98.0.2 dev v0', status: failed }])
    ip('addr add 10.98.0.1/24 dev v0')
    await until(() => routes().length === 1 && table.counters.programmed === 1)
    t.same(table.counters, { programmed: 1, failed: 0, repairs: 0, changes: 1 })
  })

  t.test('a stated route wins over a learned one, which comes back when it goes', async (t) => {
    const table = await open(t)
    put(table, '10.2.0.0/24', via2)
    table.setStated([route('10.2.0.0/24', via3)])
    await table.apply()
    t.same(routes(), ['10.2.0.0/24 via 10.99.0.3 dev v0'])
    table.setStated([])
    await table.apply()
    t.same(routes(), ['10.2.0.0/24 via 10.99.0.2 dev v0'])
    put(table, '10.2.0.0/24', undefined)
    await table.settled()
    t.same(routes(), [], 'let go of by name: gone without pruning')
  })

  t.test('a full read finds what no event told, and repairs it', async (t) => {
    const table = await open(t)
    table.setStated([route('10.2.0.0/24', via2), route('10.1.0.0/24', { type: 'blackhole' })])
    await table.apply()
    ip('route del 10.2.0.0/24')
    ip(`route replace 10.1.0.0/24 via 10.99.0.9 proto ${OURS}`)
    await table.read()
    t.same(await table.apply(), { changed: 2, repaired: 2, unprogrammed: new Map() })
    t.same(routes(), ['blackhole 10.1.0.0/24', '10.2.0.0/24 via 10.99.0.2 dev v0'])
  })

  t.test('100,000 learned routes are put, replaced and deleted, and the event loop goes on meanwhile', async (t) => {
    const table = await open(t)
    const echo = createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1')
    await once(echo, 'listening')
    for (const [nextHop, expected] of [
      [via2, 100_000],
      [via3, 100_000],
      [undefined, 0],
    ] as const) {
      for (let i = 0; i < 100_000; i++) putOctets(table, i, nextHop)
      const settled = table.settled()
      await answer(echo.address())
      await settled
      const hops = new Set<string>()
      let count = 0
      const kernel = await NetlinkKernel.open()
      await kernel.routes(4, OURS, ({ hop }: KernelRoute) => {
        count += 1
        hops.add(String(hop.via))
      })
      kernel.close()
      t.same([count, [...hops]], [expected, nextHop?.type === 'unicast' ? [String(nextHop.via?.split('.'))] : []])
    }
    t.equal(table.counters.changes, 300_000)
    echo.close()
  })
}

function setUp(): void {
  ip('link set lo up')
  ip('link add v0 type veth peer name v1')
  for (const link of ['v0', 'v1']) ip(`link set ${link} up`)
  ip('addr add 10.99.0.1/24 dev v0')
  ip('-6 addr add fd99::1/64 dev v0 nodad')
}

async function open(t: Test, onProblems = () => {}): Promise<RouteTable> {
  const kernel = await NetlinkKernel.open()
  const links = new LinkView()
  links.replace(await kernel.links())
  const nowMs = () => performance.now()
  const onError = (error: unknown) => t.fail('kernel', { error })
  const table = new RouteTable({ routeProtocol: OURS }, { kernel, links, nowMs, onError, onProblems })
  await table.read()
  t.teardown(() => {
    table.close()
    kernel.close()
    ip('route flush proto 116')
    ip('-6 route flush proto 116')
  })
  return table
}

/** Our routes as `ip` shows them, IPv4 first, without the protocol that all have. */
function routes(): string[] {
  const lines = `${ip(`route show proto ${OURS}`)}${ip(`-6 route show proto ${OURS}`)}`.split('\n')
  return lines.map((line) => line.trim()).filter((line) => line !== '')
}

function ip(command: string): string {
  return execFileSync('ip', command.split(' '), { encoding: 'utf8' })
}

function route(destination: string, nextHop: NextHop): Route {
  return { destination: destination as Route['destination'], nextHop }
}

function put(table: RouteTable, text: string, nextHop: NextHop | undefined): void {
  const prefix = parsePrefix(text)
  if (prefix === undefined) throw new Error(text)
  if (nextHop === undefined) table.delete(prefix.family, prefix.bytes, 0, prefix.length)
  else table.put(prefix.family, prefix.bytes, 0, prefix.length, nextHop)
}

function putOctets(table: RouteTable, i: number, nextHop: NextHop | undefined): void {
  const octets = Uint8Array.of(20, i >> 16, i >> 8, i)
  if (nextHop === undefined) table.delete(4, octets, 0, 32)
  else table.put(4, octets, 0, 32, nextHop)
}

function address(text: string): NonNullable<Extract<NextHop, { type: 'unicast' }>['via']> {
  return text as NonNullable<Extract<NextHop, { type: 'unicast' }>['via']>
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setImmediate(resolve))
}

/** A round trip through a TCP server of this process. */
async function answer(to: ReturnType<ReturnType<typeof createServer>['address']>): Promise<void> {
  if (to === null || typeof to === 'string') throw new Error('not listening')
  const socket = connect(to.port, '127.0.0.1')
  socket.write('still there?')
  await once(socket, 'data')
  socket.destroy()
}
