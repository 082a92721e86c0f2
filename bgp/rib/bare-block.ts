import { attributeFlag, attributeType } from '../wire/attribute-type.ts'
import { putU16, u16At } from '../wire/octets.ts'
import type { MpRanges } from '../wire/update.ts'

const kindMask = attributeFlag.optional | attributeFlag.transitive
const header = 4
/** MP_REACH_NLRI without prefixes and with the longest next hop:  header | afi u16 | safi u8 | length u8 | next hop | reserved u8 */
const mostReach = header + 5 + 255
/** MP_UNREACH_NLRI without prefixes */
const mostUnreach = header + 3

/**
 * The attributes of an UPDATE without its prefixes, so that they are the same for all prefixes they are said of: once for those of the
 * NLRI field, and once, with the next hop of MP_REACH_NLRI in front, for those of that attribute. It is in front, since what is
 * last may overrun the block, and shall do so here too (RFC 7606 §4). One object is reused.
 */
export class BareBlock {
  octets: Uint8Array<ArrayBuffer> = new Uint8Array(mostReach + 512)
  /** Where it begins for the prefixes of MP_REACH_NLRI. */
  reachStart = 0
  /** Where it begins for the NLRI field: what lies before is MP_REACH_NLRI. */
  readonly start = mostReach
  end = 0

  /** Copies the block `bytes[start, end)`. */
  fill(bytes: Uint8Array, start: number, end: number, mp: MpRanges): void {
    const room = mostReach + mostUnreach + end - start
    if (this.octets.length < room) this.octets = new Uint8Array(room)
    const into = this.octets
    let to = mostReach
    for (let at = start; at < end; ) {
      if (at === mp.reachStart) at = mp.reachEnd
      else if (at === mp.unreachStart) {
        to = this.#keepFault(bytes, mp, to)
        at = mp.unreachEnd
      } else into[to++] = bytes[at++] as number
    }
    this.end = to
    if (mp.reachStart >= 0) this.#putReach(bytes, mp)
  }

  /** The flags are as they came: wrong ones are for the verdict (RFC 7606 §3 c). */
  #putReach(bytes: Uint8Array, { reachStart, reachNextHopStart, reachNextHopEnd }: MpRanges): void {
    const into = this.octets
    const length = reachNextHopEnd - reachNextHopStart + 5
    const at = mostReach - header - length
    into[at] = ((bytes[reachStart] as number) & kindMask) | attributeFlag.extendedLength
    into[at + 1] = attributeType.mpReach
    putU16(into, at + 2, length)
    for (let i = 0; i < length - 1; i++) into[at + header + i] = bytes[reachNextHopStart - 4 + i] as number
    into[mostReach - 1] = 0
    this.reachStart = at
  }

  /** MP_UNREACH_NLRI says nothing of the prefixes that are announced beside it, unless its flags are wrong. */
  #keepFault(bytes: Uint8Array, { unreachStart, unreachNlriStart }: MpRanges, at: number): number {
    const kind = (bytes[unreachStart] as number) & kindMask
    if (kind === attributeFlag.optional) return at
    const into = this.octets
    into[at] = kind
    into[at + 1] = attributeType.mpUnreach
    into[at + 2] = 3
    putU16(into, at + 3, u16At(bytes, unreachNlriStart - 3))
    into[at + 5] = bytes[unreachNlriStart - 1] as number
    return at + 6
  }
}
