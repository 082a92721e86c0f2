/** Decoded path attributes (RFC 4271 §5): what the decision process, the API and filters look at. */

export type AsPathSegment = { readonly type: 'set' | 'sequence' | 'confed-sequence' | 'confed-set'; readonly asNumbers: readonly number[] }

export type UnknownAttribute = { readonly flags: number; readonly type: number; readonly data: Uint8Array }

export type PathAttributes = {
  readonly origin: 0 | 1 | 2 // IGP, EGP, INCOMPLETE
  readonly asPath: readonly AsPathSegment[]
  /** NEXT_HOP, or the next hop of MP_REACH_NLRI: 4, 16 or 32 octets (RFC 2545: global, link-local). */
  readonly nextHop: Uint8Array
  readonly med?: number
  readonly localPref?: number
  readonly atomicAggregate?: boolean
  readonly aggregator?: { readonly asNumber: number; readonly address: number }
  /** Each community as an unsigned 32-bit number (RFC 1997). */
  readonly communities?: readonly number[]
  /** RFC 8092 triples. */
  readonly largeCommunities?: readonly (readonly [number, number, number])[]
  readonly originatorId?: number
  readonly clusterList?: readonly number[]
  /**
   * Optional transitive attributes this speaker does not understand, byte for byte, in ascending order of type, with the Partial bit
   * set (RFC 4271 §5); and without it extended communities (16, 25) and ONLY_TO_CUSTOMER (35), of which it knows the form.
   */
  readonly unknown: readonly UnknownAttribute[]
}
