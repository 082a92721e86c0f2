/** Attribute blocks for properties: mostly what peers send, sometimes odd, sometimes broken. */
import fc from 'fast-check'
import { attributeType } from './attribute-type.ts'
import { anyAs, anyU32, attribute, concat, toHex } from './fixture.ts'

const u32 = (value: number): string => value.toString(16).padStart(8, '0')
const u32s = (values: readonly number[]): string => values.map(u32).join('')

const anyPath = fc
  .array(fc.array(fc.oneof(fc.constantFrom(65000, 65001, 65001), anyAs), { minLength: 1, maxLength: 4 }), { maxLength: 2 })
  .map((segments) => segments.map((segment) => `02${segment.length.toString(16).padStart(2, '0')}${u32s(segment)}`).join(''))
const fullSegment = `02ff${u32s(Array.from({ length: 255 }, () => 65001))}`
const anyCommunity = fc.oneof(anyU32, fc.constantFrom(0xffff_ff01, 0xffff_ff02, 0xffff_ff03, 0xffff_0000))
const anyLarge = fc.array(fc.constantFrom(1, 2), { minLength: 3, maxLength: 3 }).map(u32s)
const anyExtended = fc.tuple(fc.constantFrom('00', '00', '40'), fc.nat(0xffff)).map(([kind, value]) => `${kind}02${u32(value)}0000`)
const anyNextHop6 = fc.constantFrom(
  `10fd${'00'.repeat(14)}07`,
  `10fd${'00'.repeat(14)}08`,
  `20fd${'00'.repeat(14)}07fe80${'00'.repeat(13)}01`,
  `20fd${'00'.repeat(14)}07fd80${'00'.repeat(13)}01`,
  `10${'00'.repeat(15)}01`,
  `04${'0a'.repeat(4)}`,
)

/** Well-formed values by type, with the flags they are to have. */
const values: readonly (readonly [type: number, flags: number, value: fc.Arbitrary<string>])[] = [
  [attributeType.origin, 0x40, fc.constantFrom('00', '01', '02')],
  [attributeType.asPath, 0x40, fc.oneof({ weight: 9, arbitrary: anyPath }, { weight: 1, arbitrary: fc.constant(fullSegment) })],
  [attributeType.nextHop, 0x40, fc.constantFrom('0a000001', '0a000002', '0a090001')],
  [attributeType.med, 0x80, anyU32.map(u32)],
  [attributeType.localPref, 0x40, anyU32.map(u32)],
  [attributeType.atomicAggregate, 0x40, fc.constant('')],
  [attributeType.aggregator, 0xc0, fc.tuple(anyAs, anyU32).map(u32s)],
  [attributeType.communities, 0xc0, fc.array(anyCommunity, { minLength: 1, maxLength: 80 }).map(u32s)],
  [attributeType.originatorId, 0x80, anyU32.map(u32)],
  [attributeType.clusterList, 0x80, fc.array(fc.oneof(anyU32, fc.constant(2)), { minLength: 1, maxLength: 70 }).map(u32s)],
  [attributeType.extendedCommunities, 0xc0, fc.array(anyExtended, { minLength: 1, maxLength: 3 }).map((list) => list.join(''))],
  [attributeType.ipv6ExtendedCommunities, 0xc0, fc.constant('00'.repeat(20))],
  [attributeType.largeCommunities, 0xc0, fc.array(anyLarge, { minLength: 1, maxLength: 20 }).map((list) => list.join(''))],
  [attributeType.onlyToCustomer, 0xc0, anyAs.map(u32)],
  [99, 0xc0, fc.uint8Array({ maxLength: 300 }).map(toHex)],
  [100, 0x80, fc.constant('01')],
  [200, 0xe0, fc.constant('0102')],
]

const outsideOnly = new Set<number>([attributeType.localPref, attributeType.originatorId, attributeType.clusterList])
const mandatory = new Set<number>([attributeType.origin, attributeType.asPath, attributeType.nextHop])

/** Flags as they may stand there without a fault: Partial, Extended Length and the low four bits mean nothing for the value. */
const anyExtraFlags = fc.constantFrom(0, 0, 0, 0x20, 0x10, 0x01)

function anyAttribute(type: number, flags: number, value: fc.Arbitrary<string>): fc.Arbitrary<Uint8Array> {
  return fc.tuple(value, anyExtraFlags).map(([data, extra]) => attribute(flags | extra, type, data))
}

/**
 * Blocks as a peer sends them: everything in order and well-formed.
 * @param internal with what only internal peers may say
 */
export function anyOrdinaryBlock(internal: boolean, family: 4 | 6): fc.Arbitrary<Uint8Array> {
  const parts = values
    .filter(([type]) => (internal || !outsideOnly.has(type)) && (family === 4 || type !== attributeType.nextHop))
    .map(([type, flags, value]) => {
      const one = anyAttribute(type, flags, value)
      return mandatory.has(type) ? one : fc.option(one, { nil: new Uint8Array(0), freq: 2 })
    })
  const reach = anyNextHop6.map((nextHop) =>
    family === 4 ? new Uint8Array(0) : attribute(0x90, attributeType.mpReach, `000201${nextHop}00`),
  )
  return fc.tuple(fc.tuple(...parts), reach).map(([list, last]) => concat(...list, last))
}

const anyBrokenAttribute = fc
  .tuple(fc.nat(255), fc.oneof(fc.nat(36), fc.nat(255)), fc.uint8Array({ maxLength: 24 }))
  .map(([flags, type, value]) => attribute(flags, type, value))

/** Ordinary blocks with something else between, out of order, or with octets changed or cut off. */
export const anyBlock: fc.Arbitrary<Uint8Array> = fc
  .tuple(
    fc.oneof(...values.map(([type, flags, value]) => anyAttribute(type, flags, value)), anyBrokenAttribute),
    fc.oneof(anyOrdinaryBlock(true, 4), anyOrdinaryBlock(false, 4), anyOrdinaryBlock(true, 6), anyOrdinaryBlock(false, 6)),
    fc.constantFrom('nothing', 'before', 'behind', 'octet', 'cut'),
    fc.nat(),
    fc.nat(255),
  )
  .map(([other, block, change, at, octet]) => {
    if (change === 'before') return concat(other, block)
    if (change === 'behind') return concat(block, other)
    if (change === 'cut') return block.slice(0, at % (block.length + 1))
    if (change === 'octet' && block.length > 0) block[at % block.length] = octet
    return block
  })
