import fc from 'fast-check'
import t from 'tap'
import { messagesIn, putHeader, u16 } from '../netlink/netlink-message.ts'
import type { KernelHop, KernelRoute, RouteOperation } from './kernel-route.ts'
import { MAX_ROUTE_MESSAGE, RTM_DELROUTE, RTM_NEWROUTE, readRoute, routeDumpRequest, writeRouteChange } from './netlink-route.ts'

const gateway: KernelHop = { type: 'unicast', index: 3, via: Uint8Array.of(10, 99, 0, 2), onlink: false, scope: 0 }
const change = { family: 4, address: Uint8Array.of(10, 2, 0, 0), length: 24, protocol: 116, hop: gateway } as const

function written(operation: RouteOperation, overrides: Partial<Parameters<typeof writeRouteChange>[2]> = {}): Uint8Array {
  const bytes = new Uint8Array(MAX_ROUTE_MESSAGE)
  return bytes.slice(0, writeRouteChange(bytes, 0, { ...change, ...overrides, operation }, 7))
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

/** On a machine that writes the low octet first, as all are that we run on. */
const layouts: [title: string, bytes: Uint8Array, expected: string][] = [
  [
    "create: RTM_NEWROUTE with NLM_F_CREATE and NLM_F_EXCL, so that nobody's route is replaced",
    written('create'),
    '34000000 1800 0106 07000000 00000000  02 18 00 00 fe 74 00 01 00000000  0800 0100 0a020000  0800 0500 0a630002  0800 0400 03000000',
  ],
  [
    'replace: NLM_F_CREATE and NLM_F_REPLACE',
    written('replace', { hop: { type: 'blackhole', index: 0, onlink: false, scope: 0 } }),
    '24000000 1800 0105 07000000 00000000  02 18 00 00 fe 74 00 06 00000000  0800 0100 0a020000',
  ],
  [
    'delete: names destination, owner and any scope, type and next hop',
    written('delete'),
    '24000000 1900 0100 07000000 00000000  02 18 00 00 fe 74 ff 00 00000000  0800 0100 0a020000',
  ],
  [
    'on-link gateway, source address and link scope are in flags, RTA_PREFSRC and scope',
    written('create', { hop: { ...gateway, onlink: true, scope: 253, source: Uint8Array.of(10, 0, 0, 1) } }),
    '3c000000 1800 0106 07000000 00000000  02 18 00 00 fe 74 fd 01 04000000  0800 0100 0a020000  0800 0500 0a630002  0800 0400 03000000  0800 0700 0a000001',
  ],
  [
    'an IPv6 route has the metric 1024 that `ip` gives too',
    written('create', {
      family: 6,
      address: new Uint8Array(16).fill(0xfd, 0, 1),
      length: 64,
      hop: { type: 'blackhole', index: 0, onlink: false, scope: 0 },
    }),
    '38000000 1800 0106 07000000 00000000  0a 40 00 00 fe 74 00 06 00000000  1400 0100 fd000000000000000000000000000000  0800 0600 00040000',
  ],
  [
    'an IPv6 route with a gateway is deleted by its next hop, which leaves an ECMP sibling of another owner',
    written('delete', { family: 6, address: new Uint8Array(16), length: 0, hop: { ...gateway, via: new Uint8Array(16).fill(1) } }),
    '58000000 1900 0100 07000000 00000000  0a 00 00 00 fe 74 ff 00 00000000  1400 0100 00000000000000000000000000000000  0800 0600 00040000' +
      '2000 0900  1c00 00 00 03000000  1400 0500 01010101010101010101010101010101',
  ],
]
for (const [title, bytes, expected] of layouts) t.test(title, async (t) => t.equal(hex(bytes), expected.replaceAll(' ', '')))

t.test("a dump asks for one family's main table and our protocol", async (t) => {
  const expected = '24000000 1a00 0103 01000000 00000000  0a 00 00 00 fe 74 00 00 00000000  0800 0f00 fe000000'
  t.equal(hex(routeDumpRequest(6, 116, 1)), expected.replaceAll(' ', ''))
})

const hop = fc.record(
  {
    type: fc.constant('unicast' as const),
    index: fc.integer({ min: 1, max: 0x7fff_ffff }),
    via: fc.oneof(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.uint8Array({ minLength: 16, maxLength: 16 })),
    source: fc.uint8Array({ minLength: 4, maxLength: 4 }),
    onlink: fc.boolean(),
    scope: fc.constantFrom(0, 253),
  },
  { requiredKeys: ['type', 'index', 'onlink', 'scope'] },
)

t.test('what is written is read back', async (t) => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 4, maxLength: 4 }),
      fc.nat(32),
      fc.nat(255),
      fc.nat(0xffff_ffff),
      hop,
      (address, length, protocol, metric, hop) => {
        const bytes = written('create', { address, length, protocol, metric, hop })
        const expected: KernelRoute = { family: 4, bytes: address, length, table: 254, tos: 0, protocol, metric, hop }
        t.same(
          [...messagesIn(bytes)].map((found) => readRoute(bytes, found)),
          [expected],
        )
        return true
      },
    ),
    { numRuns: 50 },
  )
})

/** A message with these body octets. */
function read(type: number, ...body: number[]): KernelRoute | undefined {
  const bytes = new Uint8Array(16 + body.length)
  bytes.set(body, 16)
  putHeader(bytes, 0, bytes.length, type, 0, 1)
  const [first] = messagesIn(bytes)
  return first && readRoute(bytes, first)
}

const plain = [2, 24, 0, 0, 254, 116, 0, 1, 0, 0, 0, 0]
t.test('without RTA_DST it is the default route', async (t) => {
  t.same(read(RTM_NEWROUTE, 2, 0, ...plain.slice(2))?.bytes, new Uint8Array(4))
})
t.test('several next hops, a next-hop object or a gateway of a kind we do not know are nothing that we write', async (t) => {
  for (const type of [9, 18, 30]) t.equal(read(RTM_DELROUTE, ...plain, 8, 0, type, 0, 1, 0, 0, 0)?.hop.type, 'other')
  t.equal(read(RTM_NEWROUTE, ...plain.with(7, 2))?.hop.type, 'other', 'a local address')
})
t.test('RTA_TABLE overrules the octet, which cannot hold tables over 255', async (t) => {
  t.equal(read(RTM_NEWROUTE, ...plain.with(4, 252), 8, 0, 15, 0, 0x10, 0x27, 0, 0)?.table, 10_000)
})

t.test('what is read stays as it was when the buffer is used again, also a Buffer, whose slice is a view', async (t) => {
  for (const bytes of [written('create'), Buffer.from(written('create'))]) {
    const [message] = messagesIn(bytes)
    const route = message && readRoute(bytes, message)
    bytes.fill(0xff)
    t.same([route?.bytes, route?.hop.via], [Uint8Array.of(10, 2, 0, 0), Uint8Array.of(10, 99, 0, 2)])
  }
})

const refused: [title: string, type: number, body: number[]][] = [
  ['another message type', 16, plain],
  ['another family', RTM_NEWROUTE, plain.with(0, 7)],
  ['a length beyond the family', RTM_NEWROUTE, plain.with(1, 33)],
  ['a cache entry (RTM_F_CLONED)', RTM_NEWROUTE, plain.with(9, 2)],
  ['a body cut short', RTM_NEWROUTE, plain.slice(1)],
]
for (const [title, type, body] of refused) t.test(`${title} is no route`, async (t) => t.equal(read(type, ...body), undefined))

t.test('noise never throws', async () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 120 }), fc.constantFrom(RTM_NEWROUTE, RTM_DELROUTE), (body, type) => {
      const found = read(type, ...body)
      return found === undefined || found.length <= 128
    }),
  )
})

t.test('no message that we write is longer than the space kept for it', async (t) => {
  const wide = new Uint8Array(16).fill(1)
  const longest = written('create', { family: 6, address: wide, length: 128, hop: { ...gateway, via: wide, source: wide } })
  t.ok(longest.length <= MAX_ROUTE_MESSAGE, `${longest.length}`)
  t.equal(u16(longest, 0), longest.length)
})
