/** What the tests of the codec share: octets from hex, attributes, and values for properties. */
import fc from 'fast-check'
import { attributeType } from './attribute-type.ts'
import { BgpError } from './bgp-error.ts'
import type { PathAttributes } from './path-attributes.ts'
import type { DecodeContext } from './update.ts'

/** "01 02ff" or "01|02 ff": spaces and bars are for the reader. */
export function hex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replaceAll(/[\s|]/g, ''), 'hex'))
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

/** An error as the NOTIFICATION it is: "3/1", and its data. */
export function describe({ code, subcode, data }: BgpError): string {
  return data.length === 0 ? `${code}/${subcode}` : `${code}/${subcode} ${toHex(data)}`
}

/** The same for what may be an error. */
export function fault(value: unknown): unknown {
  return value instanceof BgpError ? describe(value) : value
}

export function times<Value>(count: number, value: Value): Value[] {
  return Array.from({ length: count }, () => value)
}

/** One attribute; its length is filled in. */
export function attribute(flags: number, type: number, value: Uint8Array | string): Uint8Array {
  const data = typeof value === 'string' ? hex(value) : value
  const extended = (flags & 0x10) !== 0 || data.length > 255
  const length = extended ? [data.length >>> 8, data.length & 255] : [data.length]
  return Uint8Array.from([extended ? flags | 0x10 : flags, type, ...length, ...data])
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]))
}

/** The message with its header. */
export function message(type: number, body: Uint8Array | string): Uint8Array {
  const octets = typeof body === 'string' ? hex(body) : body
  const length = 19 + octets.length
  return Uint8Array.from([...times(16, 255), length >>> 8, length & 255, type, ...octets])
}

export const external: DecodeContext = { fourOctetAs: true, internal: false, peerAs: 65001, localAs: 65000 }
export const internal: DecodeContext = { ...external, internal: true, peerAs: 65000 }
/** An OLD speaker (RFC 6793). */
export const old: DecodeContext = { ...external, fourOctetAs: false }

/** Well-formed attributes, by their letter in the tables of the tests. */
export const sample = {
  origin: attribute(0x40, attributeType.origin, '00'),
  asPath: attribute(0x40, attributeType.asPath, '02 01 0000fde9'),
  nextHop: attribute(0x40, attributeType.nextHop, '0a000001'),
  reach: attribute(0x80, attributeType.mpReach, `0002 01 10 ${'20010db8'.padEnd(32, '0')} 00 40 fd00000000000001`),
  unreach: attribute(0x80, attributeType.mpUnreach, '0002 01 40 fd00000000000001'),
} as const

export const mandatory: Uint8Array = concat(sample.origin, sample.asPath, sample.nextHop)

export const anyU32: fc.Arbitrary<number> = fc.integer({ min: 0, max: 0xffff_ffff })
export const anyAs: fc.Arbitrary<number> = fc.oneof(
  fc.integer({ min: 1, max: 0xffff_ffff }),
  fc.constantFrom(1, 65535, 65536, 2147483648, 4294967295),
)
const anyIpv4NextHop = fc
  .tuple(fc.integer({ min: 1, max: 126 }), fc.nat(255), fc.nat(255), fc.nat(255))
  .map((octets) => Uint8Array.from(octets))
const anyUnknown = fc
  .uniqueArray(
    fc.record(
      { flags: fc.constant(0xe0), type: fc.integer({ min: 40, max: 255 }), data: fc.uint8Array({ maxLength: 300 }) },
      { noNullPrototype: true },
    ),
    { selector: ({ type }) => type, maxLength: 3 },
  )
  .map((list) => list.toSorted((a, b) => a.type - b.type))

/** Attributes in the form `decodeAttributes` gives them: one sequence per path, nothing empty, nothing twice. */
export const anyAttributes: fc.Arbitrary<PathAttributes> = fc.record(
  {
    origin: fc.constantFrom(0 as const, 1 as const, 2 as const),
    asPath: fc.array(anyAs, { minLength: 1, maxLength: 255 }).map((asNumbers) => [{ type: 'sequence' as const, asNumbers }]),
    nextHop: anyIpv4NextHop,
    med: anyU32,
    localPref: anyU32,
    atomicAggregate: fc.constant(true),
    aggregator: fc.record({ asNumber: anyAs, address: anyU32 }, { noNullPrototype: true }),
    communities: fc.array(anyU32, { minLength: 1, maxLength: 100 }),
    largeCommunities: fc.uniqueArray(fc.tuple(anyU32, anyU32, anyU32), {
      minLength: 1,
      maxLength: 30,
      selector: (value) => value.join(),
    }),
    originatorId: anyU32,
    clusterList: fc.array(anyU32, { minLength: 1, maxLength: 5 }),
    unknown: anyUnknown,
  },
  { requiredKeys: ['origin', 'asPath', 'nextHop', 'unknown', 'localPref'], noNullPrototype: true },
)
