import { attributeEnd } from '../wire/attribute-header.ts'
import { attributeType } from '../wire/attribute-type.ts'
import { mostRewriteAdds, type Rewrite, rewriteAttributes } from '../wire/rewrite-attributes.ts'
import type { AttributeTable } from './attribute-table.ts'
import { type ExportOptions, type ExportTerms, isExported, outgoing, outgoingNextHop } from './export.ts'
import { localPeer, type PeerSlot } from './peer-slot.ts'

/** What a route's attributes become on the wire. */
export type Outgoing = { readonly bytes: Uint8Array; readonly nextHop: Uint8Array }

const noOctets = new Uint8Array(0)

/**
 * Which sets one update group tells, and the octets it tells them in. Ordinary sets are rewritten octet for octet; for all others the
 * attributes are taken apart (`outgoing`). Both give the same.
 */
export class OutgoingAttributes {
  readonly terms: ExportTerms
  readonly #options: ExportOptions
  readonly #attributes: AttributeTable
  readonly #rewrite: Rewrite
  /** Next hop self. */
  readonly #self: Uint8Array
  readonly #ipv4: boolean
  /** An export policy that changes attributes by the terms of the group (local AS, next hop unchanged, …) makes this false. */
  readonly #isUsual: boolean

  constructor(terms: ExportTerms, options: ExportOptions, attributes: AttributeTable) {
    const { internal, family, fourOctetAs } = terms
    this.terms = terms
    this.#options = options
    this.#attributes = attributes
    this.#ipv4 = family === 'ipv4-unicast'
    this.#self = outgoingNextHop(noOctets, terms, options)
    const nextHop = this.#ipv4 ? (internal ? 'received' : this.#self) : 'none'
    const { asNumber, routerId, clusterId = routerId } = options
    this.#rewrite = { internal, asNumber, nextHop, clusterId, reflects: false, originatorId: 0 }
    this.#isUsual = fourOctetAs
  }

  /**
   * Whether routes with the set, from `source`, are told at all, and as what.
   * @returns the number of what the export policy makes of them, 0 for nothing; -1: they are not told
   */
  variantOf(set: number, source: PeerSlot): number {
    // RFC 9494 §4.3: a last resort is not for those who would take it for any other route
    if (!this.terms.longLived && this.#attributes.isLongLivedStale(set)) return -1
    return isExported(this.#attributes.scope(set), source, this.terms, this.#options) ? 0 : -1
  }

  /** An upper bound of what `write` writes, exact where it is not ordinary. */
  mostOctets(set: number, source: PeerSlot, variant: number): number {
    if (!this.#isOrdinary(set, variant)) return this.#outgoing(set, source).bytes.length
    return this.#attributes.endOf(set) - this.#attributes.startOf(set) + mostRewriteAdds
  }

  /**
   * Writes the attributes as they are told, but for MP_REACH_NLRI.
   * @param into has room for `mostOctets` behind `at`
   * @returns where they end
   */
  write(set: number, source: PeerSlot, variant: number, into: Uint8Array, at: number): number {
    const attributes = this.#attributes
    if (!this.#isOrdinary(set, variant)) {
      const { bytes } = this.#outgoing(set, source)
      into.set(bytes, at)
      return at + bytes.length
    }
    const rewrite = this.#rewrite
    rewrite.reflects = rewrite.internal && source.internal && source.id !== localPeer
    rewrite.originatorId = source.remoteRouterId
    return rewriteAttributes(attributes.octets, attributes.startOf(set), attributes.endOf(set), rewrite, into, at)
  }

  /** For MP_REACH_NLRI; empty for IPv4. */
  nextHop(set: number, source: PeerSlot, variant: number): Uint8Array {
    if (this.#ipv4) return noOctets
    if (!this.#isOrdinary(set, variant)) return this.#outgoing(set, source).nextHop
    return this.terms.internal ? this.#receivedNextHop(set) : this.#self
  }

  #isOrdinary(set: number, variant: number): boolean {
    return this.#isUsual && variant === 0 && this.#attributes.isPlain(set)
  }

  #outgoing(set: number, source: PeerSlot): Outgoing {
    return outgoing(this.#attributes.get(set), source, this.terms, this.#options)
  }

  /** The global one of MP_REACH_NLRI (RFC 2545 §3), where it lies. */
  #receivedNextHop(set: number): Uint8Array {
    const { octets } = this.#attributes
    const end = this.#attributes.endOf(set)
    let at = this.#attributes.startOf(set)
    while (at < end && octets[at + 1] !== attributeType.mpReach) at = attributeEnd(octets, at, end)
    const value = at + (((octets[at] as number) & 0x10) === 0 ? 3 : 4)
    return octets.subarray(value + 4, value + 20)
  }
}
