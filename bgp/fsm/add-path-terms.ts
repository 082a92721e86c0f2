/** Who sends several paths of a prefix to whom (RFC 7911 §4). */
import { afiOf, familyOfAfiSafi, safiOf } from '../wire/address-family.ts'
import type { AddressFamily, Capability } from '../wire/message.ts'

/** What we want: the same for all families. */
export type AddPathOffer = { readonly receive: boolean; readonly send: boolean }

/** The families in which the peer puts path identifiers before its prefixes, and those in which we do. */
export type AddPathTerms = { readonly addPathReceive: readonly AddressFamily[]; readonly addPathSend: readonly AddressFamily[] }

/** Nothing where nothing is wanted. */
export function addPathCapabilities(offer: AddPathOffer | undefined, families: readonly AddressFamily[]): readonly Capability[] {
  if (offer === undefined || (!offer.receive && !offer.send)) return []
  return [{ type: 'add-path', families: families.map((family) => ({ afi: afiOf(family), safi: safiOf(family), ...offer })) }]
}

/**
 * One side must be able to send what the other is able to receive, in each direction and family for itself.
 * @param agreed the families of the session
 */
export function addPathTerms(
  offer: AddPathOffer | undefined,
  theirs: readonly Capability[],
  agreed: readonly AddressFamily[],
): Partial<AddPathTerms> {
  const told = theirs.findLast((capability) => capability.type === 'add-path')
  if (offer === undefined || told === undefined) return {}
  const entryOf = (family: AddressFamily) => told.families.findLast(({ afi, safi }) => familyOfAfiSafi(afi, safi) === family)
  const addPathReceive = agreed.filter((family) => offer.receive && entryOf(family)?.send === true)
  const addPathSend = agreed.filter((family) => offer.send && entryOf(family)?.receive === true)
  return { ...(addPathReceive.length > 0 && { addPathReceive }), ...(addPathSend.length > 0 && { addPathSend }) }
}
