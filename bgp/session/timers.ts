import type { Action } from '../fsm/action.ts'
import { connectRetrySec, idleHoldSec, jittered } from '../fsm/backoff.ts'
import type { Event } from '../fsm/event.ts'
import { unreachable } from '../fsm/unreachable.ts'
import { Deadline } from './deadline.ts'

export type TimerAction = Extract<Action, { type: `start-${string}` | `stop-${string}` }>

/** For people. @property connectRetrySec the present value of that timer, 0 before the first attempt; the others: seconds left, while they run */
export type TimerValues = {
  readonly connectRetrySec: number
  readonly connectRetryRemainingSec?: number
  readonly idleHoldRemainingSec?: number
  readonly holdRemainingSec?: number
  readonly keepaliveRemainingSec?: number
}

/** The timers of RFC 4271 §8 and RFC 9687 for one connection. */
export class Timers {
  readonly #random: () => number
  readonly #connectRetry: Deadline
  readonly #hold: Deadline
  readonly #keepalive: Deadline
  readonly #idleHold: Deadline
  readonly #sendHold: Deadline
  #connectRetrySec = 0

  /** @param random uniform in [0, 1), for jitter */
  constructor(expired: (event: Event) => void, random: () => number) {
    this.#random = random
    this.#connectRetry = new Deadline(() => expired({ type: 'ConnectRetryTimer_Expires' }))
    this.#hold = new Deadline(() => expired({ type: 'HoldTimer_Expires' }))
    this.#keepalive = new Deadline(() => expired({ type: 'KeepaliveTimer_Expires' }))
    this.#idleHold = new Deadline(() => expired({ type: 'IdleHoldTimer_Expires' }))
    this.#sendHold = new Deadline(() => expired({ type: 'SendHoldTimer_Expires' }))
  }

  get values(): TimerValues {
    return {
      connectRetrySec: this.#connectRetrySec,
      ...left('connectRetryRemainingSec', this.#connectRetry),
      ...left('idleHoldRemainingSec', this.#idleHold),
      ...left('holdRemainingSec', this.#hold),
      ...left('keepaliveRemainingSec', this.#keepalive),
    }
  }

  /** TCP took something we wrote (RFC 9687 §3.2). */
  sent(): void {
    this.#sendHold.restart()
  }

  perform(action: TimerAction): void {
    switch (action.type) {
      case 'start-connect-retry':
        this.#connectRetrySec = connectRetrySec(action.attempt, this.#random())
        this.#connectRetry.start(this.#connectRetrySec)
        break
      case 'start-idle-hold':
        this.#idleHold.start(idleHoldSec(action.attempt, this.#random()))
        break
      case 'start-hold':
        this.#hold.start(action.afterSec)
        break
      case 'start-keepalive':
        this.#keepalive.start(jittered(action.afterSec, this.#random()))
        break
      case 'start-send-hold':
        this.#sendHold.start(action.afterSec)
        break
      case 'stop-connect-retry':
        this.#connectRetry.stop()
        break
      case 'stop-hold':
        this.#hold.stop()
        break
      case 'stop-timers':
        for (const timer of [this.#connectRetry, this.#hold, this.#keepalive, this.#idleHold, this.#sendHold]) timer.stop()
        break
      default:
        unreachable(action)
    }
  }
}

function left<Name extends string>(name: Name, { remainingSec }: Deadline) {
  return remainingSec === undefined ? {} : { [name]: Math.round(remainingSec * 10) / 10 }
}
