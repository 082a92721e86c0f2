/** What two OPENs agreed on. */
import type { AddressFamily, Capability } from '../wire/message.ts'

export type Terms = {
  /** The families both sides announced, in our order. */
  readonly families: readonly AddressFamily[]
  readonly remoteRouterId: number
  /** 0 or 3..65535: the smaller of both (RFC 4271 §4.2). */
  readonly holdTimeSec: number
  /** A third of the hold time, 0 with hold time 0 (RFC 4271 §4.4). */
  readonly keepaliveSec: number
  readonly fourOctetAs: boolean
  /** IPv4 prefixes with IPv6 next hops (RFC 8950); absent: not agreed on. */
  readonly extendedNextHop?: true
  readonly routeRefresh: boolean
  /** BoRR and EoRR frame what is told again, both ways (RFC 7313 §4). */
  readonly enhancedRouteRefresh: boolean
  /** 4096 or 65535 (RFC 8654), both directions. */
  readonly maxMessageLength: number
  /** What the peer said of its own restarts (RFC 4724 §3); absent: it did not send the capability. */
  readonly gracefulRestart?: PeerRestart
  /** RFC 9494, for the families both sides announced it for; absent: none of us, or not both. */
  readonly longLived?: readonly LongLived[]
  /** RFC 7911: families in which the peer sends path identifiers, and in which we do; absent: none. */
  readonly addPathReceive?: readonly AddressFamily[]
  readonly addPathSend?: readonly AddressFamily[]
  /** All the peer sent, for people. */
  readonly capabilities: readonly Capability[]
}

export type LongLived = {
  readonly family: AddressFamily
  /** F bit of this capability. */
  readonly forwardingPreserved: boolean
  /** How long we keep the peer's routes after its restart time, seconds 0..16777215: the smaller of what it asks for and of our limit. */
  readonly staleSec: number
}

export type PeerRestart = {
  /** R bit: the peer has just restarted. */
  readonly restarting: boolean
  /** Seconds, 0..4095. */
  readonly restartTimeSec: number
  /** N bit: a session that ends with a NOTIFICATION, other than Hard Reset, is a restart too (RFC 8538 §2). We always set ours. */
  readonly notification: boolean
  /** The families it can keep forwarding, among those agreed on. */
  readonly families: readonly { readonly family: AddressFamily; readonly forwardingPreserved: boolean }[]
}
