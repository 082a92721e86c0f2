import { errorCode, fsmError } from '../wire/error-code.ts'
import type { Transition } from './action.ts'
import { cease } from './cease.ts'
import type { Event } from './event.ts'
import { connectionLost, giveUp, notified, peerRestarts, stopManually } from './give-up.ts'
import { keepAlive } from './keepalive.ts'
import type { Established } from './state.ts'
import { unreachable } from './unreachable.ts'

/** RFC 4271 §8.2.2 Established: routes are exchanged. */
export function established(state: Established, event: Event): Transition {
  switch (event.type) {
    case 'ManualStart':
    case 'AutomaticStart':
    case 'ManualStart_with_PassiveTcpEstablishment':
    case 'AutomaticStart_with_PassiveTcpEstablishment':
    case 'Tcp_CR_Acked':
    case 'TcpConnectionConfirmed':
      return [state]
    case 'KeepAliveMsg':
    case 'UpdateMsg':
    case 'RouteRefreshMsg':
      return stillThere(state)
    case 'KeepaliveTimer_Expires':
      return stable(state)
    case 'ManualStop':
      return stopManually(state, event.cease)
    case 'AutomaticStop':
      return giveUp(state, event.cease)
    case 'HoldTimer_Expires':
      return silent(state)
    case 'SendHoldTimer_Expires':
      return giveUp(state, { code: errorCode.sendHoldTimer, subcode: 0 })
    case 'TcpConnectionFails':
      return state.terms.gracefulRestart === undefined ? connectionLost(state) : peerRestarts(state)
    case 'NotifMsg':
      return notified(state, event.hard)
    case 'NotifMsgVerErr':
      return notified(state, false)
    case 'BGPHeaderErr':
    case 'UpdateMsgErr':
      return giveUp(state, event.error)
    case 'OpenCollisionDump':
      return giveUp(state, cease('connectionCollisionResolution'))
    case 'BGPOpen':
    case 'BGPOpenMsgErr':
      return giveUp(state, { code: errorCode.fsm, subcode: fsmError.inEstablished })
    case 'ConnectRetryTimer_Expires':
    case 'IdleHoldTimer_Expires':
      return giveUp(state, { code: errorCode.fsm, subcode: fsmError.unspecified })
    default:
      return unreachable(event)
  }
}

/**
 * A NOTIFICATION would end the peer's help, unless both sides set the N bit; where long-lived stale routes were agreed on (RFC 9494), which
 * are for peers that are gone for long, TCP just ends instead, as BIRD does it.
 */
function silent(state: Established): Transition {
  const { gracefulRestart, longLived } = state.terms
  if (longLived !== undefined && gracefulRestart?.notification !== true) return connectionLost(state)
  return giveUp(state, { code: errorCode.holdTimer, subcode: 0 })
}

function stillThere(state: Established): Transition {
  const { holdTimeSec } = state.terms
  return holdTimeSec === 0 ? [state] : [state, { type: 'start-hold', afterSec: holdTimeSec }]
}

/** A session that lived to its first keepalive interval has proven itself: the next failure starts the backoff anew. */
function stable(state: Established): Transition {
  const calm = state.connectRetryCounter === 0 ? state : { ...state, connectRetryCounter: 0 }
  return [calm, ...keepAlive(state.terms)]
}
