/** End-of-RIB (RFC 4724 §2): an empty UPDATE for IPv4 unicast, an empty MP_UNREACH_NLRI and nothing else for other families. */
import { familyOfAfiSafi } from './address-family.ts'
import { type AddressFamily, headerLength } from './message.ts'
import { finishUnreach, startUnreach, unreachOverhead } from './multiprotocol.ts'
import { finishWithdraw, type MpRanges, startWithdraw, type UpdateRanges, updateOverhead } from './update.ts'

/** Octets of the longest End-of-RIB without its header: MP_UNREACH_NLRI may have a two-octet length. */
export const longestEndOfRib: number = unreachOverhead - headerLength

/** The whole message. */
export function endOfRib(family: AddressFamily): Uint8Array {
  const message = new Uint8Array(family === 'ipv4-unicast' ? updateOverhead : unreachOverhead)
  if (family === 'ipv4-unicast') finishWithdraw(message, 0, startWithdraw(0))
  else finishUnreach(message, 0, startUnreach(message, 0, family))
  return message
}

/** The family whose End-of-RIB the UPDATE is; undefined if it is none or of a family this speaker does not know. */
export function isEndOfRib(update: UpdateRanges, mp: MpRanges): AddressFamily | undefined {
  if (update.withdrawnStart !== update.withdrawnEnd || update.nlriStart !== update.nlriEnd) return undefined
  if (update.attributesStart === update.attributesEnd) return 'ipv4-unicast'
  const alone = mp.unreachStart === update.attributesStart && mp.unreachEnd === update.attributesEnd
  return alone && mp.unreachNlriStart === mp.unreachNlriEnd ? familyOfAfiSafi(mp.unreachAfi, mp.unreachSafi) : undefined
}
