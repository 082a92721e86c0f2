/** The ways to Idle, the same in every state (RFC 4271 §8.2.2: drop the connection, release everything, count, go to Idle). */
import type { BgpError } from '../wire/bgp-error.ts'
import type { Action, Transition } from './action.ts'
import type { State } from './state.ts'

type Notice = Pick<BgpError, 'code' | 'subcode'> & { readonly data?: Uint8Array }

const nothing = new Uint8Array(0)

/** After a failure: damped, so the next start waits for the IdleHoldTimer. Without `notice` the peer is told nothing. */
export function giveUp(state: State, notice?: Notice): Transition {
  return failed(state, notice, false)
}

/** TCP ended under us. */
export function connectionLost(state: State): Transition {
  return failed(state, undefined, true)
}

/** ManualStop: counter zero and no timer, so only a new start leaves Idle. */
export function stopManually(state: State, notice?: Notice): Transition {
  const idle = { name: 'Idle', passive: state.passive, connectRetryCounter: 0 } as const
  return [idle, ...farewell(state, notice, false)]
}

function failed(state: State, notice: Notice | undefined, graceful: boolean): Transition {
  const connectRetryCounter = state.connectRetryCounter + 1
  const idle = { name: 'Idle', passive: state.passive, connectRetryCounter } as const
  return [idle, ...farewell(state, notice, graceful), { type: 'start-idle-hold', attempt: connectRetryCounter }]
}

function farewell(state: State, notice: Notice | undefined, graceful: boolean): Action[] {
  const actions: Action[] = []
  if (notice !== undefined) actions.push(sendNotification(notice))
  actions.push({ type: 'close' }, { type: 'stop-timers' })
  if (state.name === 'Established') actions.push({ type: 'session-down', graceful })
  return actions
}

function sendNotification(notice: Notice): Action {
  return { type: 'send-notification', code: notice.code, subcode: notice.subcode, data: notice.data ?? nothing }
}
