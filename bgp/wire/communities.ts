import { putU32, u32At } from './octets.ts'

/**
 * Value of COMMUNITIES (RFC 1997) and CLUSTER_LIST (RFC 4456 §8):  { u32 }+
 * @returns undefined if malformed: no octets, or not a multiple of four (RFC 7606 §7.8, §7.10)
 */
export function readU32List(bytes: Uint8Array, start: number, end: number): number[] | undefined {
  if (start === end || (end - start) % 4 !== 0) return undefined
  const values: number[] = []
  for (let at = start; at < end; at += 4) values.push(u32At(bytes, at))
  return values
}

export function writeU32List(values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 4)
  for (const [i, value] of values.entries()) putU32(bytes, i * 4, value)
  return bytes
}

/** Global administrator, and two numbers that it gives meaning to (RFC 8092 §3). */
export type LargeCommunity = readonly [number, number, number]

/**
 * Value of LARGE_COMMUNITY (RFC 8092 §3):  { global administrator u32 | local data u32 | local data u32 }+
 * @returns undefined if malformed (§6); repeated values are removed (§3)
 */
export function readLargeCommunities(bytes: Uint8Array, start: number, end: number): LargeCommunity[] | undefined {
  if (start === end || (end - start) % 12 !== 0) return undefined
  const values = new Map<string, LargeCommunity>()
  for (let at = start; at < end; at += 12) {
    const value: LargeCommunity = [u32At(bytes, at), u32At(bytes, at + 4), u32At(bytes, at + 8)]
    const key = value.join()
    if (!values.has(key)) values.set(key, value)
  }
  return [...values.values()]
}

export function writeLargeCommunities(values: readonly LargeCommunity[]): Uint8Array {
  return writeU32List(values.flat())
}
