import { errorCode, fsmError } from '../wire/error-code.ts'
import type { Action, Transition } from './action.ts'
import { cease } from './cease.ts'
import type { Event } from './event.ts'
import { connectionLost, giveUp, stopManually } from './give-up.ts'
import { keepAlive, sendHoldTimeSec } from './keepalive.ts'
import type { OpenConfirm } from './state.ts'
import { unreachable } from './unreachable.ts'

/** RFC 4271 §8.2.2 OpenConfirm: both OPENs are good, the peer's KEEPALIVE is awaited. */
export function openConfirm(state: OpenConfirm, event: Event): Transition {
  switch (event.type) {
    case 'ManualStart':
    case 'AutomaticStart':
    case 'ManualStart_with_PassiveTcpEstablishment':
    case 'AutomaticStart_with_PassiveTcpEstablishment':
    case 'Tcp_CR_Acked':
    case 'TcpConnectionConfirmed':
      return [state]
    case 'KeepAliveMsg':
      return establish(state)
    case 'KeepaliveTimer_Expires':
      return [state, ...keepAlive(state.terms)]
    case 'ManualStop':
      return stopManually(state, event.cease)
    case 'AutomaticStop':
      return giveUp(state, event.cease)
    case 'HoldTimer_Expires':
      return giveUp(state, { code: errorCode.holdTimer, subcode: 0 })
    case 'SendHoldTimer_Expires':
      return giveUp(state, { code: errorCode.sendHoldTimer, subcode: 0 })
    case 'TcpConnectionFails':
      return connectionLost(state)
    case 'NotifMsg':
    case 'NotifMsgVerErr': // counted, as in OpenSent
      return giveUp(state)
    case 'BGPHeaderErr':
      return giveUp(state, event.error)
    case 'OpenCollisionDump':
      return giveUp(state, cease('connectionCollisionResolution'))
    case 'BGPOpen':
    case 'BGPOpenMsgErr':
    case 'UpdateMsg':
    case 'UpdateMsgErr':
    case 'RouteRefreshMsg':
      return giveUp(state, { code: errorCode.fsm, subcode: fsmError.inOpenConfirm })
    case 'ConnectRetryTimer_Expires':
    case 'IdleHoldTimer_Expires':
      return giveUp(state, { code: errorCode.fsm, subcode: fsmError.unspecified })
    default:
      return unreachable(event)
  }
}

/** With hold time 0 no KEEPALIVE will ever prove the session stable, so the attempts are forgotten at once. */
function establish(state: OpenConfirm): Transition {
  const { holdTimeSec } = state.terms
  const counter = holdTimeSec === 0 ? 0 : state.connectRetryCounter
  const timers: Action[] =
    holdTimeSec === 0
      ? []
      : [
          { type: 'start-hold', afterSec: holdTimeSec },
          { type: 'start-send-hold', afterSec: sendHoldTimeSec(holdTimeSec) },
        ]
  const up = { ...state, name: 'Established', connectRetryCounter: counter } as const
  return [up, ...timers, { type: 'session-up', terms: state.terms }]
}
