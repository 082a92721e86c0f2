/** What a transition asks of whoever holds the socket and the timers; to be done in order. */
import type { State } from './state.ts'
import type { Terms } from './terms.ts'

export type Action =
  /** Begin a TCP connection; answered by Tcp_CR_Acked or TcpConnectionFails. */
  | { readonly type: 'connect' }
  /** End the TCP connection (or the attempt) after what was written; nothing of it is heard any more. */
  | { readonly type: 'close' }
  | { readonly type: 'send-open' }
  | { readonly type: 'send-keepalive' }
  | { readonly type: 'send-notification'; readonly code: number; readonly subcode: number; readonly data: Uint8Array }
  /** How long is `backoff.ts`'s answer to `attempt`. */
  | { readonly type: 'start-connect-retry'; readonly attempt: number }
  | { readonly type: 'start-idle-hold'; readonly attempt: number }
  | { readonly type: 'stop-connect-retry' }
  | { readonly type: 'start-hold'; readonly afterSec: number }
  | { readonly type: 'start-keepalive'; readonly afterSec: number }
  /** Runs while nothing we wrote leaves; each byte TCP takes starts it anew (RFC 9687 §3.2). */
  | { readonly type: 'start-send-hold'; readonly afterSec: number }
  | { readonly type: 'stop-hold' }
  | { readonly type: 'stop-timers' }
  | { readonly type: 'session-up'; readonly terms: Terms }
  /** `graceful`: the end that is taken for a restart: TCP was lost without a NOTIFICATION (RFC 4724 §4.2), or with one that is no reset (RFC 8538 §4). */
  | { readonly type: 'session-down'; readonly graceful: boolean }

export type Transition = readonly [State, ...Action[]]
