/** Messages for the fuzz tests: good ones with octets changed, cut, repeated and put elsewhere, all from one seed. */
import { attribute, hex } from './fixture.ts'
import { encodeKeepAlive } from './keepalive.ts'
import type { Capability } from './message.ts'
import { encodeOpen } from './open.ts'

/** A number in [0, below). */
export type Random = (below: number) => number

/** mulberry32: the same numbers for the same seed, everywhere. */
export function randomOf(seed: number): Random {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000) * below)
  }
}

export function oneOf<Value>(random: Random, values: readonly Value[]): Value {
  return values[random(values.length)] as Value
}

export type PeerKind = {
  readonly asNumber: number
  readonly fourOctetAs: boolean
  readonly extendedMessages: boolean
}

export const peerKinds: readonly PeerKind[] = [
  { asNumber: 65002, fourOctetAs: true, extendedMessages: false },
  { asNumber: 65002, fourOctetAs: true, extendedMessages: true },
  { asNumber: 65001, fourOctetAs: true, extendedMessages: true },
  { asNumber: 65002, fourOctetAs: false, extendedMessages: false },
]

const u32 = (value: number) => (value >>> 0).toString(16).padStart(8, '0')

/** Every attribute there is a rule for, and some there is none for; each good for its peer. */
function attributesOf(random: Random, { fourOctetAs, asNumber }: PeerKind): readonly Uint8Array[] {
  const as = (value: number) => (fourOctetAs ? u32(value) : (value & 0xffff).toString(16).padStart(4, '0'))
  const first = asNumber === 65001 ? 65009 : asNumber
  const path = Array.from({ length: random(5) }, () => as(1 + random(70_000))).join('')
  return [
    attribute(0x40, 1, `0${random(3)}`),
    attribute(0x40, 2, `02 ${(1 + path.length / as(1).length).toString(16).padStart(2, '0')} ${as(first)} ${path}`),
    attribute(0x40, 3, `c00002${(1 + random(200)).toString(16).padStart(2, '0')}`),
    attribute(0x80, 4, u32(random(2 ** 32))),
    attribute(0x40, 5, u32(random(2 ** 32))),
    attribute(0x40, 6, ''),
    attribute(0xc0, 7, `${as(first)} 0a000001`),
    attribute(0xc0, 8, u32(random(2 ** 32)).repeat(1 + random(20))),
    attribute(0x80, 9, u32(1 + random(2 ** 32 - 1))),
    attribute(0x80, 10, u32(1 + random(2 ** 32 - 1)).repeat(1 + random(4))),
    attribute(0xc0, 16, `0002fde9${u32(random(1000))}`.repeat(1 + random(4))),
    attribute(0xc0, 17, `0201 ${u32(70_000)}`),
    attribute(0xc0, 18, `${u32(70_000)} 0a000001`),
    attribute(0xc0, 25, '00'.repeat(20)),
    attribute(0x80, 26, '01000b0000000000000001'),
    attribute(0xc0, 32, `0000fde9 ${u32(random(9))} 00000001`.repeat(1 + random(4))),
    attribute(0xc0, 35, u32(1 + random(70_000))),
    attribute(0xc0, 40, '00'.repeat(random(30))),
    attribute(0xe0, 128 + random(127), '00'.repeat(random(300))),
  ]
}

function ipv4Nlri(random: Random): string {
  return Array.from({ length: random(20) }, () => {
    const length = random(33)
    return length.toString(16).padStart(2, '0') + u32(random(2 ** 32)).slice(0, Math.ceil(length / 8) * 2)
  }).join('')
}

function ipv6Nlri(random: Random): string {
  return Array.from({ length: 1 + random(8) }, () => {
    const length = random(129)
    const octets = `2001${[1, 2, 3, 4].map(() => u32(random(2 ** 32))).join('')}`
    return length.toString(16).padStart(2, '0') + octets.slice(0, Math.ceil(length / 8) * 2)
  }).join('')
}

/** As large as an UPDATE can be: prefixes, or communities, or a path. */
function largeUpdate(random: Random, kind: PeerKind): Uint8Array {
  const [origin = nothing, path = nothing, nextHop = nothing] = attributesOf(random, kind)
  const octets = kind.extendedMessages ? 64_000 : 3_900
  const list = (length: number) => Array.from({ length: Math.floor(octets / length) }, () => u32(random(2 ** 32)))
  const more = [
    attribute(0xc0, 8, list(4).join('')),
    attribute(0xe0, 200, new Uint8Array(octets)),
    attribute(
      0xc0,
      32,
      list(12)
        .map((one) => one.repeat(3))
        .join(''),
    ),
  ]
  const which = random(5)
  const block = concat(origin, path, nextHop, more[which] ?? nothing)
  const nlri = hex(
    which < more.length
      ? '080a'
      : list(5)
          .map((one) => `20${one}`)
          .join(''),
  )
  return message(2, concat(u16(0), u16(block.length), block, nlri))
}

const nothing = new Uint8Array(0)

export function goodUpdate(random: Random, kind: PeerKind): Uint8Array {
  if (random(60) === 0) return largeUpdate(random, kind)
  const all = attributesOf(random, kind)
  const chosen = all.filter((_, i) => i < 3 || random(4) === 0)
  if (random(3) === 0) {
    const nextHop = `20010db8${'00'.repeat(11)}${(1 + random(250)).toString(16).padStart(2, '0')}`
    chosen.unshift(attribute(0x80, 14, `0002 01 10 ${nextHop} 00 ${ipv6Nlri(random)}`))
  }
  if (random(6) === 0) chosen.push(attribute(0x80, 15, `0002 01 ${ipv6Nlri(random)}`))
  const block = random(10) === 0 ? new Uint8Array(0) : concat(...chosen)
  const [withdrawn, nlri] = [hex(random(4) === 0 ? ipv4Nlri(random) : ''), hex(random(4) === 0 ? '' : ipv4Nlri(random))]
  return message(2, concat(u16(withdrawn.length), withdrawn, u16(block.length), block, nlri))
}

const u16 = (value: number) => Uint8Array.of(value >>> 8, value)
const concat = (...parts: readonly Uint8Array[]) => new Uint8Array(Buffer.concat(parts))

function message(type: number, body: Uint8Array | string): Uint8Array {
  const octets = typeof body === 'string' ? hex(body) : body
  return concat(new Uint8Array(16).fill(255), u16(19 + octets.length), Uint8Array.of(type), octets)
}

function goodMessage(random: Random, kind: PeerKind): Uint8Array {
  const which = random(200)
  if (which < 10) return encodeKeepAlive()
  if (which < 14) return message(5, `000${1 + random(2)} ${oneOf(random, ['00', '01', '02', 'ff'])} 01`)
  if (which === 14) return message(3, `0${random(9)}0${random(9)} ${'61'.repeat(random(200))}`)
  if (which === 15) return goodOpen(random, kind)
  return goodUpdate(random, kind)
}

const ipv4Unicast: Capability = { type: 'multiprotocol', afi: 1, safi: 1 }
const ipv6Unicast: Capability = { type: 'multiprotocol', afi: 2, safi: 1 }

export function goodOpen(random: Random, { asNumber, fourOctetAs, extendedMessages }: PeerKind): Uint8Array {
  const capabilities: Capability[] = [ipv4Unicast, ipv6Unicast, { type: 'route-refresh' }]
  if (fourOctetAs) capabilities.push({ type: 'four-octet-as', asNumber })
  if (extendedMessages) capabilities.push({ type: 'extended-message' })
  if (random(3) === 0) capabilities.push({ type: 'unknown', code: random(256), data: new Uint8Array(random(20)) })
  return encodeOpen({ type: 'open', version: 4, myAs: asNumber, holdTimeSec: 90, routerId: 0x0a00_0002 + random(100), capabilities })
}

/** One small crime. */
function mutated(random: Random, bytes: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(bytes)
  const at = 16 + random(Math.max(1, copy.length - 16))
  switch (random(7)) {
    case 0:
      copy[at] = random(256)
      return copy
    case 1:
      copy[at] = (copy[at] as number) ^ (1 << random(8))
      return copy
    case 2:
      return relengthed(copy.subarray(0, Math.max(19, at)))
    case 3:
      return relengthed(
        concat(
          copy.subarray(0, at),
          Uint8Array.from({ length: 1 + random(40) }, () => random(256)),
          copy.subarray(at),
        ),
      )
    case 4: {
      const end = Math.min(copy.length, at + random(30))
      return relengthed(concat(copy.subarray(0, end), copy.subarray(Math.max(19, at), end), copy.subarray(end)))
    }
    case 5:
      copy[at] = oneOf(random, [0, 1, 127, 128, 254, 255])
      return copy
    default:
      return relengthed(concat(copy.subarray(0, Math.max(19, at)), copy.subarray(Math.max(19, at + random(20)))))
  }
}

/** With a length field that is right, so that the crime is found further in. */
function relengthed(bytes: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(bytes)
  copy.set(u16(copy.length), 16)
  return copy
}

/** The next message of a peer: a good one with few crimes, or none. */
export function nextMessage(random: Random, kind: PeerKind): Uint8Array {
  return withCrimes(random, goodMessage(random, kind))
}

/** The same, always an UPDATE at first. */
export function nextUpdate(random: Random, kind: PeerKind): Uint8Array {
  return withCrimes(random, goodUpdate(random, kind))
}

function withCrimes(random: Random, good: Uint8Array): Uint8Array {
  let bytes = good
  const crimes = oneOf(random, [0, 0, 1, 1, 1, 2, 3])
  for (let i = 0; i < crimes; i++) bytes = mutated(random, bytes)
  return bytes
}

/** The OPEN of a peer: one in five with a crime. */
export function nextOpen(random: Random, kind: PeerKind): Uint8Array {
  const open = goodOpen(random, kind)
  return random(5) === 0 ? mutated(random, open) : open
}
