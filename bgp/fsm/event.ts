/**
 * The events of RFC 4271 §8.1 under their names; the number is the RFC's. Events 6, 7 are IdleHoldTimer_Expires here (every automatic
 * start is damped); 12 and 20 (DelayOpen), 14 and 15 (tracking TCP requests) belong to options this speaker does not have.
 */
import type { BgpError } from '../wire/bgp-error.ts'
import type { Terms } from './terms.ts'

export type Event =
  | { readonly type: 'ManualStart' } // 1
  /** 2. With `cease`: the Cease subcode to send (RFC 4486); without, TCP just ends, which asks the peer for its help (RFC 4724). */
  | { readonly type: 'ManualStop'; readonly cease?: BgpError }
  | { readonly type: 'AutomaticStart' } // 3
  | { readonly type: 'ManualStart_with_PassiveTcpEstablishment' } // 4
  | { readonly type: 'AutomaticStart_with_PassiveTcpEstablishment' } // 5
  | { readonly type: 'AutomaticStop'; readonly cease: BgpError } // 8
  | { readonly type: 'ConnectRetryTimer_Expires' } // 9
  | { readonly type: 'HoldTimer_Expires' } // 10
  | { readonly type: 'KeepaliveTimer_Expires' } // 11
  | { readonly type: 'IdleHoldTimer_Expires' } // 13
  | { readonly type: 'Tcp_CR_Acked' } // 16, our dial succeeded
  | { readonly type: 'TcpConnectionConfirmed' } // 17, the peer's dial succeeded
  | { readonly type: 'TcpConnectionFails' } // 18
  | { readonly type: 'BGPOpen'; readonly terms: Terms } // 19
  | { readonly type: 'BGPHeaderErr'; readonly error: BgpError } // 21
  | { readonly type: 'BGPOpenMsgErr'; readonly error: BgpError } // 22
  | { readonly type: 'OpenCollisionDump' } // 23
  | { readonly type: 'NotifMsgVerErr' } // 24
  | { readonly type: 'NotifMsg'; readonly hard: boolean } // 25; `hard`: it is a Hard Reset (RFC 8538 §3)
  | { readonly type: 'KeepAliveMsg' } // 26
  | { readonly type: 'UpdateMsg' } // 27
  | { readonly type: 'UpdateMsgErr'; readonly error: BgpError } // 28
  | { readonly type: 'RouteRefreshMsg' } // RFC 2918
  | { readonly type: 'SendHoldTimer_Expires' } // 29, RFC 9687 §3.2
