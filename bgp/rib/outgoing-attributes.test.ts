import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { Ipv4PrefixTable } from '../../src/net/ipv4-prefix-table.ts'
import { anyOrdinaryBlock } from '../wire/block.fixture.ts'
import { external, internal, toHex } from '../wire/fixture.ts'
import { AttributeTable } from './attribute-table.ts'
import type { ExportOptions, ExportTerms } from './export.ts'
import { outgoing } from './export.ts'
import { address, peerConfig } from './fixture.ts'
import { NextHopTable } from './next-hop-table.ts'
import { OutgoingAttributes } from './outgoing-attributes.ts'
import { PeerSlot } from './peer-slot.ts'

const options: ExportOptions = {
  asNumber: 65000,
  routerId: 1,
  clusterId: undefined,
  localAddress: { ipv4: address('10.99.0.1'), ipv6: address('fd99::1') },
}
const terms = (family: 4 | 6, internal: boolean, fourOctetAs: boolean, over: Partial<ExportTerms>): ExportTerms => ({
  family: family === 4 ? 'ipv4-unicast' : 'ipv6-unicast',
  internal,
  export: 'all',
  routeReflectorClient: false,
  fourOctetAs,
  maxMessageLength: 4096,
  addPath: 0,
  longLived: false,
  localAddress: address(family === 4 ? '10.99.0.1' : 'fd99::1'),
  asNumber: 65000,
  extendedNextHop: false,
  behind: undefined,
  keptPrivateAs: undefined,
  nextHop: 'auto',
  role: undefined,
  filters: [],
  ...over,
})

/** What a peer can ask for beside the usual, each now and then. */
const anyTerms: fc.Arbitrary<Partial<ExportTerms>> = fc.record(
  {
    asNumber: fc.constantFrom(64_999, 4_200_000_000),
    behind: fc.constant(65_000),
    keptPrivateAs: fc.constant(65_001),
    nextHop: fc.constantFrom('self' as const, 'keep' as const),
    extendedNextHop: fc.boolean(),
    role: fc.constantFrom('provider' as const, 'peer' as const),
  },
  { requiredKeys: [] },
)

function source(fromInside: boolean): PeerSlot {
  const slot = new PeerSlot(3, peerConfig('source', { asNumber: fromInside ? 65000 : 65001 }), 65000)
  slot.remoteRouterId = 0xff00_0004
  return slot
}

t.test('ordinary or not: what is written is what `outgoing` makes of the attributes, octet for octet', async () => {
  let plain = 0
  const anyFamily = fc.constantFrom(4 as const, 6 as const)
  const anyCase = fc.tuple(anyFamily, fc.boolean()).chain(([family, fromInside]) => {
    return fc.tuple(
      fc.constant(family),
      fc.constant(fromInside),
      anyOrdinaryBlock(fromInside, family),
      fc.boolean(),
      fc.constantFrom(true, true, false),
    )
  })
  fc.assert(
    fc.property(
      anyCase,
      fc.oneof(fc.constant<Partial<ExportTerms>>({}), anyTerms),
      fc.option(fc.constant(9), { nil: undefined }),
      ([family, fromInside, block, toInside, fourOctetAs], over, clusterId) => {
        const attributes = new AttributeTable(
          { asNumber: 65000, routerId: 1, clusterId: 2, ownAddresses: [] },
          new NextHopTable({ metricOf: () => 0, isConnected: () => true }),
        )
        const id = attributes.intern(attributes.contextOf(fromInside ? internal : external), block, 0, block.length, () => {})
        if (typeof id !== 'number' || id < 0) return
        attributes.hold(id)
        if (attributes.isPlain(id) && fourOctetAs && Object.keys(over).length === 0) plain += 1
        const { nextHop = 'auto' } = over
        const to = terms(family, toInside, fourOctetAs, toInside ? { nextHop } : over)
        const from = source(fromInside)
        const expected = outgoing(attributes.get(id).attributes, from, to, { ...options, clusterId })
        const written = new OutgoingAttributes(to, { ...options, clusterId }, attributes, new Ipv4PrefixTable(), () => undefined)
        const into = new Uint8Array(20_000)
        const end = written.write(id, from, 0, into, 5)
        assert.equal(toHex(into.subarray(5, end)), toHex(expected.bytes))
        assert.equal(toHex(written.nextHop(id, from, 0)), toHex(expected.nextHop))
        assert.ok(written.mostOctets(id, from, 0) >= end - 5)
      },
    ),
    { numRuns: 3000 },
  )
  assert.ok(plain > 100, `only ${plain} of them were ordinary`)
})
