import type { Transition } from './action.ts'
import type { Event } from './event.ts'
import { giveUp, stopManually } from './give-up.ts'
import { greet } from './greet.ts'
import type { Connect } from './state.ts'
import { unreachable } from './unreachable.ts'

/** RFC 4271 §8.2.2 Connect: our TCP connection is under way. */
export function connect(state: Connect, event: Event): Transition {
  switch (event.type) {
    case 'ManualStart':
    case 'AutomaticStart':
    case 'ManualStart_with_PassiveTcpEstablishment':
    case 'AutomaticStart_with_PassiveTcpEstablishment':
      return [state]
    case 'ManualStop':
      return stopManually(state)
    case 'ConnectRetryTimer_Expires':
      return dialAgain(state)
    case 'Tcp_CR_Acked':
    case 'TcpConnectionConfirmed':
      return greet(state)
    case 'TcpConnectionFails':
      return listenMeanwhile(state)
    case 'AutomaticStop':
    case 'HoldTimer_Expires':
    case 'KeepaliveTimer_Expires':
    case 'IdleHoldTimer_Expires':
    case 'SendHoldTimer_Expires':
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

function dialAgain(state: Connect): Transition {
  const connectRetryCounter = state.connectRetryCounter + 1
  return [
    { ...state, connectRetryCounter },
    { type: 'close' },
    { type: 'start-connect-retry', attempt: connectRetryCounter },
    { type: 'connect' },
  ]
}

/**
 * RFC 4271 goes to Idle here unless the DelayOpenTimer runs, and Idle refuses the peer's own attempts. We take the other branch always
 * (as BIRD and FRR do): a peer that comes up later reaches us at once, however long our own backoff has grown.
 */
function listenMeanwhile(state: Connect): Transition {
  const connectRetryCounter = state.connectRetryCounter + 1
  return [
    { ...state, name: 'Active', connectRetryCounter },
    { type: 'close' },
    { type: 'start-connect-retry', attempt: connectRetryCounter },
  ]
}
