/** Attributes that this node made of others, as octets that read back as the same. */
import { encodeAttributes } from '../wire/encode-attributes.ts'
import { type AddressFamily, headerLength } from '../wire/message.ts'
import { finishReach, startReach } from '../wire/multiprotocol.ts'
import type { PathAttributes } from '../wire/path-attributes.ts'
import { type DecodeContext, updateOverhead } from '../wire/update.ts'

/** How a derived block is to be read: as from inside, so that nothing of it is discarded. */
export const derivedContext: DecodeContext = { fourOctetAs: true, internal: true, peerAs: 0, localAs: 0, allowAsSet: true }

/**
 * The block of a learned route, with NEXT_HOP or, for IPv6 next hops, MP_REACH_NLRI of the family without prefixes: with one an IPv4 route
 * (RFC 8950) is not told as it lies. LOCAL_PREF is always there.
 */
export function derivedBlock(attributes: PathAttributes, family: AddressFamily): Uint8Array {
  const { nextHop } = attributes
  const block = encodeAttributes(attributes, derivedContext)
  if (nextHop.length === 4) return block
  const message = new Uint8Array(headerLength + block.length + 100)
  const at = startReach(message, 0, family, nextHop)
  return message.slice(updateOverhead, finishReach(message, 0, at, block))
}
