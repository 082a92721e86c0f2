/** The ways to Idle, the same in every state (RFC 4271 §8.2.2: drop the connection, release everything, count, go to Idle). */
import type { BgpError } from '../wire/bgp-error.ts'
import type { Action, Transition } from './action.ts'
import { hardReset, isForGood } from './cease.ts'
import type { State } from './state.ts'

type Notice = Pick<BgpError, 'code' | 'subcode'> & { readonly data?: Uint8Array }

const nothing = new Uint8Array(0)

/** After a failure: damped, so the next start waits for the IdleHoldTimer. Without `notice` the peer is told nothing. */
export function giveUp(state: State, notice?: Notice): Transition {
  return failed(state, notice, notice !== undefined && outlives(state, notice))
}

/** The peer said why it ends the session: with the N bit on both sides that is a restart, unless it is a Hard Reset (RFC 8538 §4). */
export function notified(state: State, hard: boolean): Transition {
  return failed(state, undefined, !hard && tellsRestarts(state))
}

/** TCP ended under us. */
export function connectionLost(state: State): Transition {
  return failed(state, undefined, true)
}

/** Attempts that a restart counts for at most: one second of damping. */
const restartAttempts = 2

/**
 * TCP ended under a session whose peer tells of its restarts (RFC 4724): that is no failure to establish one. It is damped by a second
 * at most, however often it happens, since the peer's routes are kept only until its restart time is over.
 */
export function peerRestarts(state: State): Transition {
  return failed(state, undefined, true, restartAttempts)
}

/** ManualStop: counter zero and no timer, so only a new start leaves Idle. */
export function stopManually(state: State, notice?: Notice): Transition {
  const idle = { name: 'Idle', passive: state.passive, connectRetryCounter: 0 } as const
  return [idle, ...farewell(state, notice, notice !== undefined && outlives(state, notice))]
}

function failed(state: State, notice: Notice | undefined, graceful: boolean, maxAttempts = Number.POSITIVE_INFINITY): Transition {
  const connectRetryCounter = Math.min(state.connectRetryCounter + 1, maxAttempts)
  const idle = { name: 'Idle', passive: state.passive, connectRetryCounter } as const
  return [idle, ...farewell(state, notice, graceful), { type: 'start-idle-hold', attempt: connectRetryCounter }]
}

function farewell(state: State, notice: Notice | undefined, graceful: boolean): Action[] {
  const actions: Action[] = []
  if (notice !== undefined) actions.push(sendNotification(state, notice))
  actions.push({ type: 'close' }, { type: 'stop-timers' })
  if (state.name === 'Established') actions.push({ type: 'session-down', graceful })
  return actions
}

/** RFC 8538 §3: to a peer that knows it, what is meant for good is said as a Hard Reset, with the reason inside. */
function sendNotification(state: State, notice: Notice): Action {
  const { code, subcode, data = nothing } = tellsRestarts(state) && isForGood(notice) ? hardReset(notice) : notice
  return { type: 'send-notification', code, subcode, data }
}

/** Whether both sides keep each other's routes over this NOTIFICATION (RFC 8538 §4). */
function outlives(state: State, notice: Notice): boolean {
  return tellsRestarts(state) && !isForGood(notice)
}

/** N bit of both sides; ours is always set. */
function tellsRestarts(state: State): boolean {
  return 'terms' in state && state.terms.gracefulRestart?.notification === true
}
