/** Routes with several next hops in the real kernel, over both ways to it. */
import { execFileSync } from 'node:child_process'
import t, { type Test } from 'tap'
import type { IpAddress } from '../src/net/address.ts'
import { parsePrefix } from '../src/net/prefix.ts'
import { run } from '../src/os/process.ts'
import type { NextHop, UnicastHop } from './kernel.ts'
import { IpKernel } from './network/ip-kernel.ts'
import { LinkView } from './network/link-view.ts'
import { NetlinkKernel } from './network/netlink-kernel.ts'
import type { NetworkKernel } from './network/network-kernel.ts'
import { RouteTable } from './network/route-table.ts'
import { isInNamespace } from './test-namespace.ts'

const OURS = 116

if (isInNamespace()) {
  ip('link set lo up')
  for (const [link, peer] of [
    ['v0', 'v1'],
    ['w0', 'w1'],
  ]) {
    ip(`link add ${link} type veth peer name ${peer}`)
    ip(`link set ${link} up`)
    ip(`link set ${peer} up`)
  }
  ip('addr add 10.99.0.1/24 dev v0')
  ip('addr add 10.98.0.1/24 dev w0')
  ip('-6 addr add fd99::1/64 dev v0 nodad')
  ip('-6 addr add fd98::1/64 dev w0 nodad')

  const ways: [name: string, open: () => Promise<NetworkKernel>][] = [
    ['netlink', () => NetlinkKernel.open()],
    ['ip', async () => new IpKernel(run)],
  ]
  for (const [name, openKernel] of ways) {
    t.test(`${name}: three next hops, then one is withdrawn, then another, in both families`, async (t) => {
      const { table } = await open(t, openKernel)
      put(table, '10.2.0.0/24', over('10.99.0.2'), over('10.99.0.3'), over('10.98.0.2', 'w0'))
      put(table, 'fd02::/64', over('fd99::2'), over('fd99::3'), over('fd98::2', 'w0'))
      await table.settled()
      t.same(routes(), [
        '10.2.0.0/24',
        'nexthop via 10.98.0.2 dev w0 weight 1',
        'nexthop via 10.99.0.2 dev v0 weight 1',
        'nexthop via 10.99.0.3 dev v0 weight 1',
        'fd02::/64 metric 1024 pref medium',
        'nexthop via fd98::2 dev w0 weight 1',
        'nexthop via fd99::2 dev v0 weight 1',
        'nexthop via fd99::3 dev v0 weight 1',
      ])
      put(table, '10.2.0.0/24', over('10.98.0.2', 'w0'), over('10.99.0.2'))
      put(table, 'fd02::/64', over('fd98::2', 'w0'), over('fd99::2'))
      await table.settled()
      t.same(routes(), [
        '10.2.0.0/24',
        'nexthop via 10.98.0.2 dev w0 weight 1',
        'nexthop via 10.99.0.2 dev v0 weight 1',
        'fd02::/64 metric 1024 pref medium',
        'nexthop via fd98::2 dev w0 weight 1',
        'nexthop via fd99::2 dev v0 weight 1',
      ])
      put(table, '10.2.0.0/24', over('10.99.0.2'))
      put(table, 'fd02::/64', over('fd99::2'))
      await table.settled()
      t.same(routes(), ['10.2.0.0/24 via 10.99.0.2 dev v0', 'fd02::/64 via fd99::2 dev v0 metric 1024 pref medium'])
      for (const prefix of ['10.2.0.0/24', 'fd02::/64']) put(table, prefix)
      await table.settled()
      t.same(routes(), [])
      t.same(table.counters, { programmed: 0, failed: 0, repairs: 0, changes: 8 })
    })

    t.test(`${name}: who starts again adopts them without writing, in whatever order they are wanted`, async (t) => {
      const first = await open(t, openKernel)
      const hops = [over('10.99.0.2'), over('192.168.7.7', 'w0', true)]
      const hops6 = [over('fd99::2'), over('fd98::2', 'w0')]
      put(first.table, '10.2.0.0/24', ...hops)
      put(first.table, 'fd02::/64', ...hops6)
      await first.table.settled()
      const second = await open(t, openKernel)
      put(second.table, '10.2.0.0/24', ...hops.toReversed())
      put(second.table, 'fd02::/64', ...hops6.toReversed())
      await second.table.settled()
      t.equal(second.table.counters.changes, 0)
    })

    t.test(`${name}: drift is repaired: a next hop taken away, another order or weight, another owner`, async (t) => {
      const { table } = await open(t, openKernel)
      put(table, '10.2.0.0/24', over('10.99.0.2'), over('10.99.0.3'))
      put(table, 'fd02::/64', over('fd99::2'), over('fd99::3'))
      await table.settled()
      const right = routes()
      for (const drift of [
        `route replace 10.2.0.0/24 proto ${OURS} nexthop via 10.99.0.2 dev v0 weight 5 nexthop via 10.99.0.3 dev v0`,
        `route replace 10.2.0.0/24 proto ${OURS} via 10.99.0.3 dev v0`,
        `-6 route del fd02::/64 via fd99::3 dev v0`,
        'route del 10.2.0.0/24',
      ]) {
        ip(drift)
        await table.read()
        await table.settled()
        t.same(routes(), right, drift)
      }
      t.same([table.counters.repairs, table.counters.failed], [4, 0])
    })
  }

  t.test('a device goes down and comes back: the others carry on meanwhile', async (t) => {
    const { table, links, kernel } = await open(t, () => NetlinkKernel.open())
    put(table, '10.2.0.0/24', over('10.99.0.2'), over('10.98.0.2', 'w0'))
    await table.settled()
    const linksNow = async () => {
      links.replace(await kernel.links())
      table.linksChanged()
      await table.settled()
    }
    ip('link set w0 down')
    await linksNow()
    t.same(routes(), ['10.2.0.0/24 via 10.99.0.2 dev v0'])
    ip('link set w0 up')
    await linksNow()
    t.same(routes(), ['10.2.0.0/24', 'nexthop via 10.98.0.2 dev w0 weight 1', 'nexthop via 10.99.0.2 dev v0 weight 1'])
  })

  t.test('5,000 routes with 16 next hops each go in as several sends of one batch, and a refusal among them is found', async (t) => {
    const { table } = await open(t, () => NetlinkKernel.open())
    ip('route add blackhole 20.0.0.77/32')
    const nextHop: NextHop = { type: 'multipath', hops: Array.from({ length: 16 }, (_, i) => over(`10.99.0.${i + 2}`)) }
    for (let i = 0; i < 5000; i++) table.put(4, Uint8Array.of(20, 0, i >> 8, i), 0, 32, nextHop)
    await table.settled()
    t.match(table.counters, { programmed: 4999, failed: 1, changes: 4999 })
    t.same([...(await table.apply()).unprogrammed.keys()], ['route 20.0.0.77/32'])
    t.equal(ip(`route show proto ${OURS}`).split('nexthop').length - 1, 4999 * 16)
    ip('route del 20.0.0.77/32')
  })
}

async function open(
  t: Test,
  openKernel: () => Promise<NetworkKernel>,
): Promise<{ table: RouteTable; links: LinkView; kernel: NetworkKernel }> {
  const kernel = await openKernel()
  const links = new LinkView()
  links.replace(await kernel.links())
  const nowMs = () => performance.now()
  const onError = (error: unknown) => t.fail('kernel', { error })
  const table = new RouteTable({ routeProtocol: OURS }, { kernel, links, nowMs, onError, onProblems: () => {} })
  await table.read()
  t.teardown(() => {
    table.close()
    kernel.close()
    ip(`route flush proto ${OURS}`)
    ip(`-6 route flush proto ${OURS}`)
  })
  return { table, links, kernel }
}

/** Our routes as `ip` shows them, IPv4 first, without the protocol that all have; the next hops of each in order of their text. */
function routes(): string[] {
  return [ip(`route show proto ${OURS}`), ip(`-6 route show proto ${OURS}`)].flatMap((text) => {
    const lines = text.split('\n').map((line) => line.trim())
    return lines
      .filter((line) => line !== '')
      .sort((a, b) => Number(a.startsWith('nexthop')) - Number(b.startsWith('nexthop')) || (a < b ? -1 : 1))
  })
}

function over(via: string, device = 'v0', onlink = false): UnicastHop {
  return { type: 'unicast', via: via as IpAddress, device, ...(onlink && { onlink }) }
}

/** No next hop: let go of. */
function put(table: RouteTable, text: string, ...hops: UnicastHop[]): void {
  const prefix = parsePrefix(text)
  if (prefix === undefined) throw new Error(text)
  const { family, bytes, length } = prefix
  const [first, second] = hops
  if (first === undefined) table.delete(family, bytes, 0, length)
  else table.put(family, bytes, 0, length, second === undefined ? first : { type: 'multipath', hops })
}

function ip(command: string): string {
  return execFileSync('ip', command.split(' '), { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 })
}
