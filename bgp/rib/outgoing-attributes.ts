import type { IpAddress } from '../../src/net/address.ts'
import type { PrefixTable } from '../../src/net/prefix-table.ts'
import type { FilteredRoute } from '../policy/filter-rule.ts'
import { type Modification, modified, unchanged } from '../policy/modification.ts'
import { mayBeToldTo } from '../policy/only-to-customer.ts'
import type { ExportRules } from '../policy/speaker-rules.ts'
import { attributeEnd } from '../wire/attribute-header.ts'
import { attributeType } from '../wire/attribute-type.ts'
import { isLinkLocal } from '../wire/next-hop.ts'
import type { PathAttributes } from '../wire/path-attributes.ts'
import { mostRewriteAdds, type Rewrite, rewriteAttributes } from '../wire/rewrite-attributes.ts'
import type { AttributeTable } from './attribute-table.ts'
import {
  type ExportOptions,
  type ExportTerms,
  goesInReach,
  keepsNextHop,
  outgoing,
  outgoingNextHop,
  prohibition,
  reticence,
} from './export.ts'
import type { Outgoing } from './outgoing.ts'
import { localPeer, type PeerSlot } from './peer-slot.ts'

const noOctets = new Uint8Array(0)

/**
 * Which sets one update group tells, and the octets it tells them in. Ordinary sets are rewritten octet for octet; for all others the
 * attributes are taken apart (`outgoing`). Both give the same.
 */
export class OutgoingAttributes {
  readonly terms: ExportTerms
  /** Why the routes that `variantOf` was asked of last are not told. */
  refusal: string | undefined
  readonly #options: ExportOptions
  readonly #attributes: AttributeTable
  readonly #rewrite: Rewrite
  /** Next hop self. */
  readonly #self: Uint8Array
  readonly #ipv4: boolean
  /** Whether the received next hop is kept. */
  readonly #keeps: boolean
  /** Nothing in the terms asks for more than `rewriteAttributes` does. */
  readonly #isUsual: boolean
  /** What is asked of each route; undefined: nothing. */
  rules: ExportRules | undefined
  /** By the number of a variant: what is done to attributes. */
  readonly #modifications: Modification[] = [unchanged]
  readonly #variants = new Map<Modification, number>([[unchanged, 0]])
  readonly #prefixes: PrefixTable
  readonly #route: FilteredRoute
  #set = 0

  constructor(
    terms: ExportTerms,
    options: ExportOptions,
    attributes: AttributeTable,
    prefixes: PrefixTable,
    interfaceOf: (nextHop: IpAddress) => string | undefined,
  ) {
    const { internal, fourOctetAs, asNumber, behind, keptPrivateAs, role } = terms
    this.terms = terms
    this.#options = options
    this.#attributes = attributes
    this.#ipv4 = !goesInReach(terms)
    this.#self = outgoingNextHop(noOctets, terms, options)
    this.#keeps = keepsNextHop(terms)
    const nextHop = this.#ipv4 ? (this.#keeps ? 'received' : this.#self) : 'none'
    const { routerId, clusterId = routerId } = options
    this.#rewrite = { internal, asNumber, nextHop, clusterId, reflects: false, originatorId: 0 }
    this.#isUsual = fourOctetAs && behind === undefined && keptPrivateAs === undefined && role === undefined && !terms.extendedNextHop
    this.#prefixes = prefixes
    const interfaceName = (): string | undefined => {
      const nextHop = attributes.nextHop(this.#set)
      return nextHop && interfaceOf(nextHop.address)
    }
    this.#route = {
      bytes: new Uint8Array(prefixes.family === 4 ? 4 : 16),
      length: 0,
      set: this,
      external: !internal,
      learned: true,
      interfaceName,
    }
  }

  /**
   * Whether routes with the set, from `source`, are told at all, and as what.
   * @returns the number of what the export policy makes of them, 0 for nothing; -1: they are not told, and `refusal` says why
   */
  variantOf(set: number, source: PeerSlot, prefix: number): number {
    const { terms } = this
    this.refusal = this.#prohibition(set, source)
    if (this.refusal !== undefined) return -1
    const otherwise = reticence(source, terms)
    if (this.rules === undefined) {
      this.refusal = otherwise
      return otherwise === undefined ? 0 : -1
    }
    const route = this.#route
    this.#set = set
    this.#prefixes.copyAddress(prefix, route.bytes, 0)
    route.length = this.#prefixes.lengthOf(prefix)
    route.learned = source.id !== localPeer
    const modification = this.rules.decide(route, otherwise)
    if (modification !== undefined) return this.#variant(modification)
    this.refusal = this.rules.refusal
    return -1
  }

  /** What no policy of ours can change. */
  #prohibition(set: number, source: PeerSlot): string | undefined {
    const { terms } = this
    // RFC 9494 §4.3: a last resort is not for those who would take it for any other route
    if (!terms.longLived && this.#attributes.isLongLivedStale(set))
      return 'long-lived stale, of which the peer knows nothing (RFC 9494 §4.3)'
    const prohibited = prohibition(this.#attributes.scope(set), source, terms, this.#options)
    if (prohibited !== undefined || terms.role === undefined) return prohibited
    return mayBeToldTo(this.#attributes.get(set).attributes, terms.role) ? undefined : 'ONLY_TO_CUSTOMER (RFC 9234 §5)'
  }

  /** Of the set that the rules are being asked of. */
  get attributes(): PathAttributes {
    return this.#attributes.get(this.#set).attributes
  }

  /** An upper bound of what `write` writes, exact where it is not ordinary. */
  mostOctets(set: number, source: PeerSlot, variant: number): number {
    if (!this.#isOrdinary(set, variant)) return this.#outgoing(set, source, variant).bytes.length
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
      const { bytes } = this.#outgoing(set, source, variant)
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
    if (!this.#isOrdinary(set, variant)) return this.#outgoing(set, source, variant).nextHop
    return this.#keeps ? this.#receivedNextHop(set) : this.#self
  }

  #isOrdinary(set: number, variant: number): boolean {
    return this.#isUsual && variant === 0 && this.#attributes.isPlain(set)
  }

  #outgoing(set: number, source: PeerSlot, variant: number): Outgoing {
    const modification = this.#modifications[variant] as Modification
    return outgoing(modified(this.#attributes.get(set).attributes, modification), source, this.terms, this.#options)
  }

  #variant(modification: Modification): number {
    const known = this.#variants.get(modification)
    if (known !== undefined) return known
    const variant = this.#modifications.push(modification) - 1
    this.#variants.set(modification, variant)
    return variant
  }

  /** The global one of MP_REACH_NLRI (RFC 2545 §3), where it lies; ours where there is none. */
  #receivedNextHop(set: number): Uint8Array {
    const { octets } = this.#attributes
    const end = this.#attributes.endOf(set)
    let at = this.#attributes.startOf(set)
    while (at < end && octets[at + 1] !== attributeType.mpReach) at = attributeEnd(octets, at, end)
    const value = at + (((octets[at] as number) & 0x10) === 0 ? 3 : 4)
    return isLinkLocal(octets, value + 4) ? this.#self : octets.subarray(value + 4, value + 20)
  }
}
