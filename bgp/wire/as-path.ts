/** AS_PATH (RFC 4271 §4.3 b, §5.1.2) and its four-octet companion for OLD speakers, AS4_PATH (RFC 6793). */
import { putU16, putU32, u16At, u32At } from './octets.ts'
import type { AsPathSegment } from './path-attributes.ts'

/** Stands for a four-octet AS number where only two octets are understood (RFC 6793 §9). */
export const asTrans = 23456

export type AsSize = 2 | 4

const maxSegment = 255

/** By segment type code (RFC 4271 §4.3 b, RFC 5065 §3). */
const segmentTypes = [undefined, 'set', 'sequence', 'confed-sequence', 'confed-set'] as const

/* Both attributes:  { segment type u8 | count u8 | count AS numbers of u16 or u32 }* */

/** Why a path is refused. */
export const asPathFault = {
  malformed: 'malformed AS_PATH (RFC 7606 §7.2)',
  asZero: 'AS 0 in AS_PATH (RFC 7607 §2)',
  asSet: 'AS_SET or AS_CONFED_SET in AS_PATH (RFC 9774 §3)',
  confederation: 'AS_CONFED_SEQUENCE in AS_PATH (RFC 5065 §5)',
} as const

export type AsPathFault = (typeof asPathFault)[keyof typeof asPathFault]

/**
 * Reads the path that `bytes[start, end)` is.
 * @param confederation 'skip': confederation sequences are left out, as in AS4_PATH (RFC 6793 §6)
 * @param sets 'take': an AS_SET is read, against RFC 9774 §3; an AS_CONFED_SET never is
 */
export function readAsPath(
  bytes: Uint8Array,
  start: number,
  end: number,
  size: AsSize,
  confederation: 'refuse' | 'skip' = 'refuse',
  sets: 'refuse' | 'take' = 'refuse',
): AsPathSegment[] | AsPathFault {
  const path: AsPathSegment[] = []
  for (let at = start; at < end; ) {
    if (at + 2 > end) return asPathFault.malformed
    const type = segmentTypes[bytes[at] as number]
    const count = bytes[at + 1] as number
    const numbersStart = at + 2
    at = numbersStart + count * size
    if (type === undefined || count === 0 || at > end) return asPathFault.malformed
    if (type === 'confed-set' || (type === 'set' && sets === 'refuse')) return asPathFault.asSet
    if (type === 'confed-sequence' && confederation === 'skip') continue
    if (type === 'confed-sequence') return asPathFault.confederation
    const asNumbers = readAsNumbers(bytes, numbersStart, count, size)
    if (asNumbers === undefined) return asPathFault.asZero
    path.push({ type, asNumbers })
  }
  return path
}

/** undefined if AS 0 is among them. */
function readAsNumbers(bytes: Uint8Array, start: number, count: number, size: AsSize): number[] | undefined {
  const asNumbers: number[] = []
  for (let i = 0; i < count; i++) {
    const asNumber = size === 4 ? u32At(bytes, start + i * 4) : u16At(bytes, start + i * 2)
    if (asNumber === 0) return undefined
    asNumbers.push(asNumber)
  }
  return asNumbers
}

/** AS numbers as RFC 4271 §9.1.2.2 (a) and RFC 6793 §4.2.3 count them: a set is one, confederation segments are none (RFC 5065 §5.3). */
export function asPathLength(path: readonly AsPathSegment[]): number {
  let length = 0
  for (const segment of path) {
    if (segment.type === 'sequence') length += segment.asNumbers.length
    else if (segment.type === 'set') length += 1
  }
  return length
}

/**
 * The real path, from what an OLD speaker sent (RFC 6793 §4.2.3): of AS_PATH the leading AS numbers that AS4_PATH lacks, then AS4_PATH.
 * An AS4_PATH longer than AS_PATH is ignored.
 */
export function mergeAs4Path(path: readonly AsPathSegment[], as4Path: readonly AsPathSegment[]): readonly AsPathSegment[] {
  let missing = asPathLength(path) - asPathLength(as4Path)
  if (missing < 0) return path
  const merged: AsPathSegment[] = []
  for (const segment of path) {
    if (missing === 0) break
    const asNumbers = segment.type === 'sequence' ? segment.asNumbers.slice(0, missing) : segment.asNumbers
    missing -= asPathLength([{ type: segment.type, asNumbers }])
    merged.push({ type: segment.type, asNumbers })
  }
  for (const segment of as4Path) {
    const last = merged.at(-1)
    if (last?.type === 'sequence' && segment.type === 'sequence')
      merged.splice(-1, 1, { type: 'sequence', asNumbers: [...last.asNumbers, ...segment.asNumbers] })
    else merged.push(segment)
  }
  return merged
}

/** The attribute's value. Segments over 255 AS numbers are split (RFC 4271 §5.1.2); with size 2, AS_TRANS replaces what does not fit. */
export function writeAsPath(path: readonly AsPathSegment[], size: AsSize): Uint8Array {
  const pieces = path.flatMap(splitSegment)
  const bytes = new Uint8Array(pieces.reduce((octets, { asNumbers }) => octets + 2 + asNumbers.length * size, 0))
  let at = 0
  for (const { type, asNumbers } of pieces) {
    bytes[at] = segmentTypes.indexOf(type)
    bytes[at + 1] = asNumbers.length
    at += 2
    for (const asNumber of asNumbers) {
      if (size === 4) putU32(bytes, at, asNumber)
      else putU16(bytes, at, toTwoOctets(asNumber))
      at += size
    }
  }
  return bytes
}

/** The value of AS4_PATH towards an OLD speaker: undefined if AS_PATH says it all. Confederation segments stay out of it (RFC 6793 §3). */
export function writeAs4Path(path: readonly AsPathSegment[]): Uint8Array | undefined {
  const outside = path.filter(({ type }) => type === 'sequence' || type === 'set')
  return outside.some(({ asNumbers }) => asNumbers.some((asNumber) => asNumber > 0xffff)) ? writeAsPath(outside, 4) : undefined
}

/** The two-octet form of an AS number (RFC 6793 §4.2.2). */
export function toTwoOctets(asNumber: number): number {
  return asNumber > 0xffff ? asTrans : asNumber
}

/** Empty segments vanish: a count of 0 is malformed (RFC 7606 §7.2). */
function splitSegment({ type, asNumbers }: AsPathSegment): AsPathSegment[] {
  const pieces: AsPathSegment[] = []
  for (let at = 0; at < asNumbers.length; at += maxSegment) pieces.push({ type, asNumbers: asNumbers.slice(at, at + maxSegment) })
  return pieces
}
