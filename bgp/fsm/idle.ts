import type { Transition } from './action.ts'
import type { Event } from './event.ts'
import { stopManually } from './give-up.ts'
import type { Idle } from './state.ts'
import { unreachable } from './unreachable.ts'

/** RFC 4271 §8.2.2 Idle: no resources, every connection refused, until a start or the end of the IdleHoldTimer. */
export function idle(state: Idle, event: Event): Transition {
  switch (event.type) {
    case 'ManualStart':
    case 'AutomaticStart':
      return dial({ name: 'Idle', passive: false, connectRetryCounter: 0 })
    case 'ManualStart_with_PassiveTcpEstablishment':
    case 'AutomaticStart_with_PassiveTcpEstablishment':
      return listen({ name: 'Idle', passive: true, connectRetryCounter: 0 })
    case 'IdleHoldTimer_Expires':
      return state.passive ? listen(state) : dial(state)
    case 'ManualStop':
      return stopManually(state) // also ends the IdleHoldTimer: nothing starts by itself after a stop
    case 'Tcp_CR_Acked':
    case 'TcpConnectionConfirmed':
      return [state, { type: 'close' }]
    case 'AutomaticStop':
    case 'ConnectRetryTimer_Expires':
    case 'HoldTimer_Expires':
    case 'KeepaliveTimer_Expires':
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
      return [state]
    default:
      return unreachable(event)
  }
}

function dial(state: Idle): Transition {
  return [{ ...state, name: 'Connect' }, { type: 'start-connect-retry', attempt: state.connectRetryCounter }, { type: 'connect' }]
}

/** A passive peer needs no ConnectRetryTimer: it would only make us dial. */
function listen(state: Idle): Transition {
  return [{ ...state, name: 'Active' }]
}
