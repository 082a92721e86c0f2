/** UPDATE (RFC 4271 §4.3, RFC 4760) in place: no object per message, only offsets into the received bytes. */
import type { PathAttributes } from './path-attributes.ts'

/** Where the parts of one UPDATE lie in its chunk: half-open ranges. One object is reused for all messages. */
export type UpdateRanges = {
  withdrawnStart: number
  withdrawnEnd: number
  attributesStart: number
  attributesEnd: number
  nlriStart: number
  nlriEnd: number
}

/** Where MP_REACH_NLRI and MP_UNREACH_NLRI lie in an attribute block; -1 where absent. `…Start` is the attribute's flags octet. Reused. */
export type MpRanges = {
  reachStart: number
  reachEnd: number
  reachAfi: number
  reachSafi: number
  reachNextHopStart: number
  reachNextHopEnd: number
  reachNlriStart: number
  reachNlriEnd: number
  unreachStart: number
  unreachEnd: number
  unreachAfi: number
  unreachSafi: number
  unreachNlriStart: number
  unreachNlriEnd: number
}

/** What the meaning of an attribute block depends on besides its bytes; one object per session, compared by identity. */
export type DecodeContext = {
  readonly fourOctetAs: boolean
  /** iBGP: same AS on both sides. */
  readonly internal: boolean
  readonly peerAs: number
  readonly localAs: number
}

/**
 * What an attribute block says, its NLRI apart (RFC 7606: never a session reset for what can be treated as withdraw).
 * `attributes` is defined unless the verdict is treat-as-withdraw. Attribute discards are applied already.
 * `notes`: one sentence per deviation, with its RFC section, for log and counters.
 */
export type DecodedAttributes = {
  readonly verdict: 'accept' | 'treat-as-withdraw'
  readonly attributes: PathAttributes | undefined
  readonly notes: readonly string[]
}
