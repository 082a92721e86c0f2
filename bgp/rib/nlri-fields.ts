import { BgpError } from '../wire/bgp-error.ts'
import { headerLength } from '../wire/message.ts'
import { emptyMpRanges, locateMp } from '../wire/multiprotocol.ts'
import { u16At } from '../wire/octets.ts'
import { emptyUpdateRanges, splitUpdate } from '../wire/update.ts'

/**
 * Where prefixes stand in an UPDATE of our own, announced or withdrawn, in whichever of its fields.
 * @param start of the message's header
 */
export function nlriFields(bytes: Uint8Array, start: number): readonly (readonly [from: number, to: number])[] {
  const update = emptyUpdateRanges()
  const mp = emptyMpRanges()
  const fault =
    splitUpdate(bytes, start + headerLength, start + u16At(bytes, start + 16), update) ??
    locateMp(bytes, update.attributesStart, update.attributesEnd, mp)
  if (fault instanceof BgpError) throw new Error('an UPDATE of our own cannot be read', { cause: fault })
  return [
    [update.withdrawnStart, update.withdrawnEnd],
    [update.nlriStart, update.nlriEnd],
    [mp.reachNlriStart, mp.reachNlriEnd],
    [mp.unreachNlriStart, mp.unreachNlriEnd],
  ]
}
