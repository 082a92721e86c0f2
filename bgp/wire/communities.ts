import { putU32, u32At } from './octets.ts'

/** Value of COMMUNITIES (RFC 1997) and CLUSTER_LIST (RFC 4456 §8), its length checked (attribute-rules.ts):  { u32 }+ */
export function readU32List(bytes: Uint8Array, start: number, end: number): number[] {
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
 * Value of LARGE_COMMUNITY (RFC 8092 §3), its length checked:  { global administrator u32 | local data u32 | local data u32 }+
 * @returns without repeated values (§3)
 */
export function readLargeCommunities(bytes: Uint8Array, start: number, end: number): LargeCommunity[] {
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
