import type { Transition } from './action.ts'
import type { Event } from './event.ts'
import { giveUp, stopManually } from './give-up.ts'
import { greet } from './greet.ts'
import type { Active } from './state.ts'
import { unreachable } from './unreachable.ts'

/** RFC 4271 §8.2.2 Active: waiting for the peer's connection, and for the time of our next attempt. */
export function active(state: Active, event: Event): Transition {
  switch (event.type) {
    case 'ManualStart':
    case 'AutomaticStart':
    case 'ManualStart_with_PassiveTcpEstablishment':
    case 'AutomaticStart_with_PassiveTcpEstablishment':
      return [state]
    case 'ManualStop':
      return stopManually(state)
    case 'ConnectRetryTimer_Expires':
      return state.passive ? [state] : dial(state)
    case 'Tcp_CR_Acked':
    case 'TcpConnectionConfirmed':
      return greet(state)
    case 'AutomaticStop':
    case 'HoldTimer_Expires':
    case 'KeepaliveTimer_Expires':
    case 'IdleHoldTimer_Expires':
    case 'SendHoldTimer_Expires':
    case 'TcpConnectionFails':
    case 'BGPOpen':
    case 'BGPHeaderErr':
    case 'BGPOpenMsgErr':
    case 'OpenCollisionDump':
    case 'NotifMsgVerErr':
    case 'NotifMsg':
    case 'KeepAliveMsg':
    case 'UpdateMsg':
    case 'UpdateMsgErr':
    case 'RouteRefreshMsg':
      return giveUp(state)
    default:
      return unreachable(event)
  }
}

function dial(state: Active): Transition {
  return [{ ...state, name: 'Connect' }, { type: 'start-connect-retry', attempt: state.connectRetryCounter }, { type: 'connect' }]
}
