import fc from 'fast-check'
import t from 'tap'
import { parsePrefix } from '../src/net/prefix.ts'
import type { NextHop } from './kernel.ts'
import { messagesIn } from './netlink/netlink-message.ts'
import { changeLine, readRoutes } from './network/ip-text.ts'
import {
  hopKey,
  hopOfLegs,
  hopWithout,
  type KernelHop,
  type KernelLeg,
  type KernelRoute,
  type RouteChange,
} from './network/kernel-route.ts'
import { LinkView } from './network/link-view.ts'
import { readRoute, routeMessageRoom, writeRouteChange } from './network/netlink-route.ts'
import { RouteState } from './network/route-state.ts'

const leg = (last: number, index = 3, onlink = false): KernelLeg => ({ index, via: Uint8Array.of(10, 99, 0, last), onlink })
const two = hopOfLegs([leg(2), leg(3, 4, true)])
const change = { family: 4, address: Uint8Array.of(10, 2, 0, 0), length: 24, protocol: 116, hop: two } as const

function written(change: RouteChange): Uint8Array {
  const bytes = new Uint8Array(routeMessageRoom(change))
  return bytes.slice(0, writeRouteChange(bytes, 0, change, 7))
}

t.test('create: RTA_MULTIPATH has a gateway, a device and flags for each next hop', async (t) => {
  const expected =
    '48000000 1800 0106 07000000 00000000  02 18 00 00 fe 74 00 01 00000000  0800 0100 0a020000  2400 0900' +
    '1000 00 00 03000000  0800 0500 0a630002  1000 04 00 04000000  0800 0500 0a630003'
  t.equal(Buffer.from(written({ ...change, operation: 'create' })).toString('hex'), expected.replaceAll(' ', ''))
})

t.test('delete: an IPv4 route by its slot, an IPv6 route by all its next hops, so that what others joined to it stays', async (t) => {
  const ipv4 = written({ ...change, operation: 'delete' })
  t.equal(ipv4.length, 36)
  const wide = { index: 3, onlink: false }
  const hop = hopOfLegs([1, 2].map((octet) => ({ ...wide, via: new Uint8Array(16).fill(octet) })))
  const ipv6 = written({ ...change, operation: 'delete', family: 6, address: new Uint8Array(16), length: 64, hop })
  ipv6[23] = 1 // a delete leaves the type open
  const [message] = messagesIn(ipv6)
  t.same(message && readRoute(ipv6, message)?.hop, hop)
})

const legs = (size: 4 | 16) =>
  fc.array(
    fc.record({
      index: fc.integer({ min: 1, max: 0x7fff_ffff }),
      via: fc.uint8Array({ minLength: size, maxLength: size }),
      onlink: fc.boolean(),
    }),
    { minLength: 1, maxLength: 64 },
  )

t.test('what is written is read back, in whatever order, and never longer than the room asked for', async (t) => {
  fc.assert(
    fc.property(fc.constantFrom(4 as const, 6 as const), fc.infiniteStream(fc.nat()), (family, random) => {
      const size = family === 4 ? 4 : 16
      const [given] = fc.sample(legs(size), { numRuns: 1, seed: random.next().value })
      const hop = hopOfLegs(given ?? [])
      const bytes = written({ ...change, operation: 'create', family, address: new Uint8Array(size), length: 0, hop })
      const [message] = messagesIn(bytes)
      t.same(message && readRoute(bytes, message)?.hop, hop)
      t.same(hopOfLegs((given ?? []).toReversed()), hop, 'the order means nothing')
      return true
    }),
    { numRuns: 50 },
  )
})

t.test('a next hop with a weight, or cut short, is nothing that we write', async (t) => {
  const bytes = written({ ...change, operation: 'create' })
  const legs = bytes.length - 32
  for (const [at, octet] of [
    [legs + 3, 1],
    [legs, 7],
    [legs, 0xff],
    [legs + 8, 4],
  ] as const) {
    const broken = bytes.slice()
    broken[at] = octet
    const [message] = messagesIn(broken)
    t.equal(message && readRoute(broken, message)?.hop.type, 'other', `octet ${at - legs}`)
  }
})

const names = (index: number): string | undefined => ({ 3: 'v0', 4: 'tunl0' })[index]
const lines: [change: RouteChange, expected: string][] = [
  [
    { ...change, operation: 'replace' },
    'route replace 10.2.0.0/24 proto 116 nexthop via 10.99.0.2 dev v0 nexthop via 10.99.0.3 dev tunl0 onlink',
  ],
  [{ ...change, operation: 'delete' }, 'route del 10.2.0.0/24 proto 116'],
]
for (const [change, expected] of lines) t.test(expected, async (t) => t.equal(changeLine(change, names), expected))

t.test('the fallback reads the next hops that `ip` tells; with weights they are nothing we write', async (t) => {
  const nexthops = [
    { gateway: '10.99.0.3', dev: 'tunl0', weight: 1, flags: ['onlink'] },
    { gateway: '10.99.0.2', dev: 'v0', weight: 1, flags: [] },
  ]
  const read = (hops: readonly object[]): KernelHop | undefined =>
    readRoutes(JSON.stringify([{ type: '1', dst: '10.2.0.0/24', protocol: '116', nexthops: hops, flags: [] }]), 4, (name) =>
      name === 'v0' ? 3 : 4,
    )[0]?.hop
  t.same(read(nexthops), two)
  t.equal(read(nexthops.map((hop) => ({ ...hop, weight: 2 })))?.type, 'other')
})

t.test('of one next hop it is a plain route; the same one twice counts once', async (t) => {
  t.same(hopOfLegs([leg(2), leg(2)]), { type: 'unicast', index: 3, via: Uint8Array.of(10, 99, 0, 2), onlink: false, scope: 0 })
  t.throws(() => hopOfLegs([]), RangeError)
})

t.test('a next hop taken away leaves the others', async (t) => {
  t.same(hopWithout(two, hopOfLegs([leg(3, 4, true)])), hopOfLegs([leg(2)]))
  t.equal(hopWithout(two, two), undefined)
  t.equal(hopWithout(hopOfLegs([leg(2)]), hopOfLegs([leg(9)])), undefined, 'a plain route is gone')
})

const over = (device: string, last: number): Extract<NextHop, { type: 'unicast' }> => ({
  type: 'unicast',
  device,
  via: `10.99.0.${last}` as NonNullable<Extract<NextHop, { type: 'unicast' }>['via']>,
})
const link = (name: string, index: number, up = true) => ({ index, name, up, mtu: 1500, ipip: false })

function learned(state: RouteState, nextHop: NextHop): void {
  const prefix = parsePrefix('10.1.0.0/24')
  if (prefix !== undefined) state.setLearned(4, prefix.bytes, 0, prefix.length, nextHop)
}

/** Does what is needed as the kernel would; gives what it was and where the route leads then. */
function step(state: RouteState): string {
  const [key] = state.keys()
  if (key === undefined) return 'nothing'
  const step = state.step(key)
  if (step.type === 'wait') return step.status.state === 'pending' ? step.status.reason : ''
  if (step.type !== 'none') state.made(key, step.type, step.hop)
  const hop = state.hops.hop(state.rowsOf(key).actual[key >> 1] as number)
  return `${step.type}: ${hop === undefined ? '' : hopKey(hop)}`
}

t.test('a next hop whose device is down is left out until it is up again', async (t) => {
  const links = new LinkView()
  const state = new RouteState(links, 116, () => undefined)
  const show = (...now: ReturnType<typeof link>[]): string => {
    links.replace(now)
    state.linksChanged()
    return step(state)
  }
  learned(state, { type: 'multipath', hops: [over('v0', 2), over('v0', 3), over('v1', 2)] })
  t.same(
    [
      show(),
      show(link('v0', 3), link('v1', 4)),
      show(link('v0', 3), link('v1', 4, false)),
      show(link('v0', 3, false), link('v1', 4)),
      show(link('v0', 3), link('v1', 9)),
    ],
    [
      'link v0 does not exist, link v1 does not exist',
      'create: multipath 3 10.99.0.2 false, 3 10.99.0.3 false, 4 10.99.0.2 false',
      'replace: multipath 3 10.99.0.2 false, 3 10.99.0.3 false',
      'replace: unicast 4 10.99.0.2 undefined false 0',
      'replace: multipath 3 10.99.0.2 false, 3 10.99.0.3 false, 9 10.99.0.2 false',
    ],
  )
})

t.test('the order in which next hops are given is no change', async (t) => {
  const links = new LinkView()
  links.replace([link('v0', 3)])
  const state = new RouteState(links, 116, () => undefined)
  learned(state, { type: 'multipath', hops: [over('v0', 2), over('v0', 3)] })
  t.match(step(state), /^create/)
  learned(state, { type: 'multipath', hops: [over('v0', 3), over('v0', 2)] })
  t.match(step(state), /^none/)
})

t.test('a device lost takes the routes that lead over it alone', async (t) => {
  const links = new LinkView()
  links.replace([link('v0', 3), link('v1', 4)])
  const state = new RouteState(links, 116, () => undefined)
  learned(state, { type: 'multipath', hops: [over('v0', 2), over('v1', 2)] })
  step(state)
  t.same([state.usesDevice(3), state.usesDevice(4), state.usesDevice(5)], [true, true, false])
  state.deviceLost(3)
  t.match(step(state), /^none/, 'the route is still there; the wish changes with the link')
  learned(state, { type: 'multipath', hops: [over('v0', 2), over('v0', 3)] })
  step(state)
  state.deviceLost(3)
  t.match(step(state), /^create/)
})

t.test('somebody deletes one next hop of an IPv6 route of ours: drift, replaced', async (t) => {
  const links = new LinkView()
  links.replace([link('v0', 3)])
  const state = new RouteState(links, 116, () => undefined)
  const via = (last: number): NextHop => ({ ...over('v0', last), via: `fd99::${last}` }) as NextHop
  const prefix = parsePrefix('fd01::/64')
  if (prefix === undefined) return
  const hops = [via(2), via(3)].filter((hop) => hop.type === 'unicast')
  state.setLearned(6, prefix.bytes, 0, 64, { type: 'multipath', hops })
  t.match(step(state), /^create/)
  const gone = hopOfLegs([{ index: 3, via: Uint8Array.of(0xfd, 0x99, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3), onlink: false }])
  const event: KernelRoute = { family: 6, bytes: prefix.bytes, length: 64, table: 254, tos: 0, protocol: 116, metric: 1024, hop: gone }
  t.equal(state.observe(event, 'removed'), true)
  t.match(step(state), /^replace: multipath/)
})
