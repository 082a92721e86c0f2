import type { Action } from './action.ts'
import type { Terms } from './terms.ts'

/** KeepaliveTimer_Expires: send one and start over (RFC 4271 §8.2.2); the jitter of §10 is added where the timer is. */
export function keepAlive(terms: Terms): Action[] {
  return [{ type: 'send-keepalive' }, { type: 'start-keepalive', afterSec: terms.keepaliveSec }]
}

/** RFC 9687 §3.1: the greater of 8 minutes and twice the hold time, in seconds. */
export function sendHoldTimeSec(holdTimeSec: number): number {
  return Math.max(480, 2 * holdTimeSec)
}
