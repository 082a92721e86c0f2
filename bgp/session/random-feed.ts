/** Random streams of UPDATEs, the same for the same seed, made to tie: few values of everything, so that each step of the decision has work. */
import { attribute, concat, hex, message } from '../wire/fixture.ts'
import { oneOf, type Random, randomOf } from '../wire/hostile.fixture.ts'

/** @property asNumber 65001 is our own: an internal peer */
export type Feeder = { readonly name: string; readonly address: string; readonly asNumber: number; readonly routerId: number }

export const feeders: readonly Feeder[] = [
  { name: 'p1', address: '10.99.0.11', asNumber: 65002, routerId: 0x0a00_000b },
  { name: 'p2', address: '10.99.0.12', asNumber: 65002, routerId: 0x0a00_000c },
  { name: 'p3', address: '10.99.0.13', asNumber: 65003, routerId: 0x0a00_000d },
  { name: 'p4', address: '10.99.0.14', asNumber: 65001, routerId: 0x0a00_000e },
  { name: 'p5', address: '10.99.0.15', asNumber: 65001, routerId: 0x0a00_000f },
  { name: 'p6', address: '10.99.0.16', asNumber: 65001, routerId: 0x0a00_0010 },
]

/** Metrics of the next hops 10.98.METRIC.1 of internal peers. */
export const metrics = [10, 20] as const

const u32 = (value: number) => (value >>> 0).toString(16).padStart(8, '0')

/** 10.128.0.0/24 and so many more. */
export function prefixAt(index: number): string {
  return `10.${128 + (index >> 8)}.${index & 255}.0/24`
}

function nlri(indexes: readonly number[]): string {
  return indexes.map((index) => `18 0a ${(128 + (index >> 8)).toString(16)} ${(index & 255).toString(16).padStart(2, '0')}`).join('')
}

/** Told last by each feeder: once it is known, all before it is. */
export function lastPrefixOf(feeder: Feeder): string {
  return `192.0.2.${feeders.indexOf(feeder) * 16}/28`
}

function attributesOf(random: Random, { asNumber }: Feeder): Uint8Array {
  const internal = asNumber === 65001
  const neighbors = internal ? [65002, 65003] : [asNumber]
  const path = [oneOf(random, neighbors), ...oneOf(random, [[], [64512], [64513], [64512, 64513]])]
  const list = [
    attribute(0x40, 1, `0${oneOf(random, [0, 0, 0, 1, 2])}`),
    attribute(0x40, 2, `02 0${path.length} ${path.map(u32).join('')}`),
    attribute(0x40, 3, internal ? `0a62 ${oneOf(random, metrics).toString(16).padStart(2, '0')} 01` : '0a6300 64'),
  ]
  if (random(3) > 0) list.push(attribute(0x80, 4, u32(oneOf(random, [0, 10, 4_000_000_000]))))
  if (internal) list.push(attribute(0x40, 5, u32(oneOf(random, [100, 100, 100, 200, 50]))))
  if (internal && random(3) > 0) {
    list.push(attribute(0x80, 9, u32(oneOf(random, [0x0a00_0063, 0x0a00_0064]))))
    list.push(attribute(0x80, 10, '0a000099'.repeat(oneOf(random, [1, 1, 2]))))
  }
  return concat(...list)
}

function updateOf(attributes: Uint8Array, announced: string, withdrawn: string): Uint8Array {
  const length = (octets: number) => Uint8Array.of(octets >>> 8, octets)
  const gone = hex(withdrawn)
  return message(2, concat(length(gone.length), gone, length(attributes.length), attributes, hex(announced)))
}

/** All a feeder says: announcements, other ones of the same prefixes, withdrawals, and at last its own prefix. */
export function streamOf(seed: number, feeder: Feeder, prefixes: number, updates: number): Buffer {
  const random = randomOf(seed * 31 + feeder.routerId)
  const messages: Uint8Array[] = []
  for (let i = 0; i < updates; i++) {
    const indexes = Array.from({ length: 1 + random(30) }, () => random(prefixes))
    if (random(4) === 0) messages.push(updateOf(new Uint8Array(0), '', nlri(indexes)))
    else messages.push(updateOf(attributesOf(random, feeder), nlri(indexes), ''))
  }
  messages.push(updateOf(attributesOf(random, feeder), `1c c00002 ${(feeders.indexOf(feeder) * 16).toString(16).padStart(2, '0')}`, ''))
  return Buffer.concat(messages)
}
