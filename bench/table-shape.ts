/** A table shaped like the Internet's: lengths, attribute sets and their sizes as in the wild; the same for every run. */
import { announce, withdraw } from './bgp-client.ts'

export type TablePrefix = { readonly address: number; readonly length: number }

/** Share of each prefix length. */
const lengths: readonly (readonly [length: number, share: number])[] = [
  [24, 0.6],
  [23, 0.1],
  [22, 0.12],
  [21, 0.05],
  [20, 0.05],
  [19, 0.03],
  [18, 0.015],
  [17, 0.01],
  [16, 0.025],
]
const reserved = new Set([0, 10, 127, 169, 172, 192])

/** A linear congruential generator: the load must be the same for every speaker and run. */
export class Random {
  #state: number
  constructor(seed: number) {
    this.#state = seed
  }
  /** 0 <= value < 1 */
  next(): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0
    return this.#state / 4_294_967_296
  }
  /** 0..limit-1 */
  below(limit: number): number {
    return Math.floor(this.next() * limit)
  }
}

/** @returns `count` distinct unicast prefixes */
export function tablePrefixes(count: number, random: Random): readonly TablePrefix[] {
  const seen = new Set<number>()
  const prefixes: TablePrefix[] = []
  while (prefixes.length < count) {
    const length = pickLength(random.next())
    const first = 1 + random.below(222)
    const address = (((first << 24) | random.below(0xff_ffff)) & (0xffff_ffff << (32 - length))) >>> 0
    const key = address * 64 + length
    if (reserved.has(first) || seen.has(key)) continue
    seen.add(key)
    prefixes.push({ address, length })
  }
  return prefixes
}

function pickLength(share: number): number {
  let left = share
  for (const [length, part] of lengths) {
    if (left < part) return length
    left -= part
  }
  return 24
}

/** The UPDATEs that announce the prefixes: on average about six share an attribute set, with a long tail. */
export function tableUpdates(prefixes: readonly TablePrefix[], asNumber: number, nextHop: string, random: Random): readonly Buffer[] {
  const updates: Buffer[] = []
  for (let at = 0; at < prefixes.length; ) {
    const size = groupSize(random)
    updates.push(announce(attributes(asNumber, nextHop, random), nlri(prefixes.slice(at, at + size))))
    at += size
  }
  return updates
}

export function tableWithdrawals(prefixes: readonly TablePrefix[]): readonly Buffer[] {
  const updates: Buffer[] = []
  for (let at = 0; at < prefixes.length; at += 800) updates.push(withdraw(nlri(prefixes.slice(at, at + 800))))
  return updates
}

/** Joined to buffers of about 256 KiB: what is measured is the speaker, not our system calls. */
export function joined(messages: readonly Buffer[]): readonly Buffer[] {
  const buffers: Buffer[] = []
  let group: Buffer[] = []
  let size = 0
  for (const each of messages) {
    group.push(each)
    size += each.length
    if (size < 262_144) continue
    buffers.push(Buffer.concat(group))
    group = []
    size = 0
  }
  return size === 0 ? buffers : [...buffers, Buffer.concat(group)]
}

function groupSize(random: Random): number {
  const share = random.next()
  if (share < 0.55) return 1 + random.below(2)
  if (share < 0.955) return 2 + random.below(12)
  return 20 + random.below(100)
}

/** ORIGIN, AS_PATH of 2 to 6, NEXT_HOP, sometimes MED and communities. */
function attributes(asNumber: number, nextHop: string, random: Random): Buffer {
  const path = [asNumber, ...Array.from({ length: 1 + random.below(5) }, () => 1000 + random.below(60_000))]
  const parts = [
    Buffer.from([0x40, 1, 1, random.next() < 0.9 ? 0 : 2]),
    Buffer.from([0x40, 2, 2 + 4 * path.length, 2, path.length]),
    numbers(path),
  ]
  parts.push(Buffer.from([0x40, 3, 4, ...nextHop.split('.').map(Number)]))
  if (random.next() < 0.2) parts.push(Buffer.from([0x80, 4, 4]), numbers([random.below(200)]))
  if (random.next() < 0.6) {
    const communities = Array.from(
      { length: 1 + random.below(5) },
      () => ((1000 + random.below(60_000)) * 65_536 + random.below(1000)) >>> 0,
    )
    parts.push(Buffer.from([0xc0, 8, 4 * communities.length]), numbers(communities))
  }
  return Buffer.concat(parts)
}

function numbers(values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length)
  for (const [i, value] of values.entries()) bytes.writeUInt32BE(value, 4 * i)
  return bytes
}

/** RFC 4271 §4.3: length octet and as many address octets as it needs. */
export function nlri(prefixes: readonly TablePrefix[]): Buffer {
  const bytes: number[] = []
  for (const { address, length } of prefixes) {
    bytes.push(length)
    for (let shift = 24; shift > 24 - 8 * ((length + 7) >> 3); shift -= 8) bytes.push((address >>> shift) & 255)
  }
  return Buffer.from(bytes)
}
