/** The nouns of RFC 4271 §4 as values. UPDATE has no object form on the hot path: see update.ts. */

/** AFI/SAFI pairs this speaker knows (RFC 4760). */
export type AddressFamily = 'ipv4-unicast' | 'ipv6-unicast'

export type GracefulRestartFamily = {
  readonly family: AddressFamily | { readonly afi: number; readonly safi: number }
  readonly forwardingPreserved: boolean
}

/** @property staleSec the Long-lived Stale Time, 0..16777215 */
export type LongLivedFamily = GracefulRestartFamily & { readonly staleSec: number }

/** What the sender of the capability is able to do in this family. */
export type AddPathFamily = { readonly afi: number; readonly safi: number; readonly receive: boolean; readonly send: boolean }

/** Prefixes of one family may have next hops of another (RFC 8950 §4). */
export type ExtendedNextHop = { readonly afi: number; readonly safi: number; readonly nextHopAfi: number }

/** RFC 5492 capabilities; what is unknown or malformed is kept as `unknown` and ignored by negotiation. */
export type Capability =
  | { readonly type: 'multiprotocol'; readonly afi: number; readonly safi: number } // RFC 4760 §8
  | { readonly type: 'route-refresh' } // RFC 2918
  | { readonly type: 'extended-message' } // RFC 8654
  | { readonly type: 'role'; readonly value: number } // RFC 9234 §4.1
  | { readonly type: 'extended-next-hop'; readonly encodings: readonly ExtendedNextHop[] } // RFC 8950 §4
  | { readonly type: 'four-octet-as'; readonly asNumber: number } // RFC 6793
  | {
      readonly type: 'graceful-restart' // RFC 4724 §3
      readonly restarting: boolean
      /** The N bit of RFC 8538 §2. */
      readonly notification: boolean
      readonly restartTimeSec: number
      readonly families: readonly GracefulRestartFamily[]
    }
  | { readonly type: 'add-path'; readonly families: readonly AddPathFamily[] } // RFC 7911 §4
  | { readonly type: 'enhanced-route-refresh' } // RFC 7313 §3.1
  | {
      readonly type: 'long-lived-graceful-restart' // RFC 9494 §3.1
      readonly families: readonly LongLivedFamily[]
    }
  | { readonly type: 'unknown'; readonly code: number; readonly data: Uint8Array }

export type Open = {
  readonly type: 'open'
  readonly version: number
  /** The two-octet field: AS_TRANS 23456 when the real number needs four octets. */
  readonly myAs: number
  /** 0 or 3..65535 */
  readonly holdTimeSec: number
  /** BGP Identifier as an unsigned 32-bit number. */
  readonly routerId: number
  readonly capabilities: readonly Capability[]
}

export type Notification = { readonly type: 'notification'; readonly code: number; readonly subcode: number; readonly data: Uint8Array }
export type KeepAlive = { readonly type: 'keepalive' }
export type RouteRefresh = { readonly type: 'route-refresh'; readonly afi: number; readonly safi: number; readonly subtype: number }

/** Everything but UPDATE. */
export type ControlMessage = Open | Notification | KeepAlive | RouteRefresh

export const messageType = { open: 1, update: 2, notification: 3, keepalive: 4, routeRefresh: 5 } as const
export const headerLength = 19
export const maxMessageLength = 4096
export const maxExtendedMessageLength = 65535
