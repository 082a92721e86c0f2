import fc from 'fast-check'
import t from 'tap'
import { changeLine, readLinkAddresses, readLinks, readRefusals, readRoutes } from './ip-text.ts'
import type { KernelHop, RouteChange } from './kernel-route.ts'

const gateway: KernelHop = { type: 'unicast', index: 3, via: Uint8Array.of(10, 99, 0, 2), onlink: false, scope: 0 }
const v6gateway: KernelHop = { ...gateway, via: Uint8Array.from([0xfd, ...Array<number>(14).fill(0), 2]) }
const base = { operation: 'create', family: 4, address: Uint8Array.of(10, 2, 0, 0), length: 24, protocol: 116, hop: gateway } as const
const v6 = { family: 6, address: Uint8Array.from([0xfd, ...Array<number>(15).fill(0)]), length: 64 } as const

const lines: [change: RouteChange, expected: string][] = [
  [base, 'route add 10.2.0.0/24 via 10.99.0.2 dev v0 scope 0 proto 116'],
  [{ ...base, hop: v6gateway }, 'route add 10.2.0.0/24 via inet6 fd00::2 dev v0 scope 0 proto 116'],
  [
    { ...base, operation: 'replace', hop: { ...gateway, onlink: true } },
    'route replace 10.2.0.0/24 via 10.99.0.2 dev v0 scope 0 onlink proto 116',
  ],
  [{ ...base, hop: { type: 'unicast', index: 9, onlink: false, scope: 253 } }, 'route add 10.2.0.0/24 dev if9 scope 253 proto 116'],
  [{ ...base, hop: { type: 'blackhole', index: 0, onlink: false, scope: 0 } }, 'route add blackhole 10.2.0.0/24 proto 116'],
  [{ ...base, operation: 'delete' }, 'route del 10.2.0.0/24 proto 116'],
  [{ ...base, operation: 'delete', metric: 50 }, 'route del 10.2.0.0/24 proto 116 metric 50'],
  [{ ...base, ...v6, hop: v6gateway }, 'route add fd00::/64 via fd00::2 dev v0 proto 116 metric 1024'],
  [{ ...base, ...v6, operation: 'delete', hop: v6gateway }, 'route del fd00::/64 proto 116 metric 1024 nexthop via fd00::2 dev v0'],
]
for (const [change, expected] of lines) {
  t.test(expected, async (t) =>
    t.equal(
      changeLine(change, (index) => (index === 3 ? 'v0' : undefined)),
      expected,
    ),
  )
}

t.test('a refusal is the words before the line that says which command failed', async (t) => {
  const stderr =
    'RTNETLINK answers: File exists\nCommand failed -:2\nError: Nexthop has invalid gateway.\nCommand failed -:3\nCommand failed -:4\n'
  t.same(readRefusals(stderr, 4), [
    { at: 1, errno: 'EEXIST', text: 'File exists' },
    { at: 2, errno: 'ENETUNREACH', text: 'Nexthop has invalid gateway.' },
    { at: 3, errno: 'EINVAL', text: 'refused' },
  ])
  t.same(readRefusals(stderr, 1), [], 'a line that was not given is not believed')
})

t.test('routes are read with what makes them differ', async (t) => {
  const json = JSON.stringify([
    { type: 'unicast', dst: '10.2.0.0/24', gateway: '10.99.0.2', dev: 'v0', protocol: '116', scope: 'global', flags: ['onlink'] },
    { type: 'unicast', dst: '10.1.0.5', dev: 'v0', protocol: '116', scope: 'link', prefsrc: '10.99.0.1', metric: 50, flags: [] },
    { type: 'blackhole', dst: 'default', protocol: '116', scope: 'global', flags: [] },
    { dst: '10.3.0.0/24', protocol: '116', nexthops: [], flags: [] },
    { dst: 'nonsense' },
  ])
  const common = { family: 4, table: 254, tos: 0, protocol: 116 } as const
  const hop = { index: 3, onlink: false, scope: 0 } as const
  t.same(
    readRoutes(json, 4, (name) => (name === 'v0' ? 3 : 0)),
    [
      { ...common, bytes: Uint8Array.of(10, 2, 0, 0), length: 24, metric: 0, hop: { ...gateway, onlink: true } },
      {
        ...common,
        bytes: Uint8Array.of(10, 1, 0, 5),
        length: 32,
        metric: 50,
        hop: { ...hop, type: 'unicast', scope: 253, source: Uint8Array.of(10, 99, 0, 1) },
      },
      { ...common, bytes: new Uint8Array(4), length: 0, metric: 0, hop: { ...hop, type: 'blackhole', index: 0 } },
      { ...common, bytes: Uint8Array.of(10, 3, 0, 0), length: 24, metric: 0, hop: { ...hop, type: 'other', index: 0 } },
    ],
  )
})

t.test('links and addresses come from one answer', async (t) => {
  const json = JSON.stringify([
    {
      ifindex: 3,
      ifname: 'v0',
      flags: ['BROADCAST', 'UP'],
      mtu: 1450,
      link_type: 'ether',
      addr_info: [
        { family: 'inet', local: '10.99.0.1', prefixlen: 24, label: 'v0' },
        { family: 'inet6', local: 'fd99::1', prefixlen: 64 },
      ],
    },
    { ifindex: 4, ifname: 'tunl0', flags: [], mtu: 1480, link_type: 'ipip', addr_info: [] },
    {},
  ])
  t.same(readLinks(json), [
    { index: 3, name: 'v0', up: true, mtu: 1450, ipip: false },
    { index: 4, name: 'tunl0', up: false, mtu: 1480, ipip: true },
  ])
  t.same(readLinkAddresses(json), [
    { index: 3, family: 4, address: '10.99.0.1', length: 24, label: 'v0' },
    { index: 3, family: 6, address: 'fd99::1', length: 64 },
  ])
})

t.test('no routes at all are no text', async (t) =>
  t.same(
    readRoutes('', 4, () => 0),
    [],
  ),
)

t.test('JSON of any shape never throws', async () => {
  fc.assert(
    fc.property(fc.json(), fc.string(), (json, noise) => {
      readRoutes(json, 4, () => 0)
      readLinks(json)
      readLinkAddresses(json)
      readRefusals(noise, 3)
    }),
  )
})
