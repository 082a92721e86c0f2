import type { Transition } from './action.ts'
import type { Active, Connect } from './state.ts'

/** RFC 4271 §8.2.2: "a HoldTimer value of 4 minutes is suggested" while the peer's OPEN is awaited. */
export const largeHoldTimeSec = 240

/** TCP is there: send OPEN and wait for the peer's. */
export function greet(state: Connect | Active): Transition {
  return [
    { ...state, name: 'OpenSent' },
    { type: 'stop-connect-retry' },
    { type: 'send-open' },
    { type: 'start-hold', afterSec: largeHoldTimeSec },
  ]
}
