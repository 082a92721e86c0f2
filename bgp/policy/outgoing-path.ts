/** AS_PATH on its way to an external peer. */
import type { AsPathSegment } from '../wire/path-attributes.ts'
import { prepended } from './modification.ts'

export type OutgoingPathTerms = {
  /** The AS that we are to the peer. */
  readonly asNumber: number
  /** Our own where that is another one and the peer is to see it too, behind the other (RFC 7705 §3.1); undefined: it is left out (§3.3). */
  readonly behind: number | undefined
  /** Private AS numbers are left out, but for this one: the peer's own, by which it knows its routes. undefined: they stay. */
  readonly keptPrivateAs: number | undefined
}

/** RFC 4271 §5.1.2, after what RFC 6996 §5 asks of whoever uses private AS numbers. */
export function outgoingPath(path: readonly AsPathSegment[], terms: OutgoingPathTerms): readonly AsPathSegment[] {
  const { asNumber, behind, keptPrivateAs } = terms
  const known = keptPrivateAs === undefined ? path : withoutPrivate(path, keptPrivateAs)
  return prepended(known, behind === undefined ? [asNumber] : [asNumber, behind])
}

function withoutPrivate(path: readonly AsPathSegment[], kept: number): readonly AsPathSegment[] {
  return path.flatMap(({ type, asNumbers }): readonly AsPathSegment[] => {
    const left = asNumbers.filter((asNumber) => asNumber === kept || !isPrivateAs(asNumber))
    return left.length === 0 ? [] : [{ type, asNumbers: left }]
  })
}

/** RFC 6996 §5; the last of each range is reserved (RFC 7300). */
export function isPrivateAs(asNumber: number): boolean {
  return (asNumber >= 64_512 && asNumber <= 65_534) || (asNumber >= 4_200_000_000 && asNumber <= 4_294_967_294)
}
