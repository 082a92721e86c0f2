import { errorCode, fsmError } from '../wire/error-code.ts'
import type { Action, Transition } from './action.ts'
import { cease } from './cease.ts'
import type { Event } from './event.ts'
import { giveUp, stopManually } from './give-up.ts'
import type { OpenSent } from './state.ts'
import type { Terms } from './terms.ts'
import { unreachable } from './unreachable.ts'

/** RFC 4271 §8.2.2 OpenSent: our OPEN is out, the peer's is awaited. */
export function openSent(state: OpenSent, event: Event): Transition {
  switch (event.type) {
    case 'ManualStart':
    case 'AutomaticStart':
    case 'ManualStart_with_PassiveTcpEstablishment':
    case 'AutomaticStart_with_PassiveTcpEstablishment':
    case 'Tcp_CR_Acked': // a second connection has its own machine until the collision is resolved (§6.8)
    case 'TcpConnectionConfirmed':
      return [state]
    case 'BGPOpen':
      return confirm(state, event.terms)
    case 'ManualStop':
      return stopManually(state, event.cease)
    case 'AutomaticStop':
      return giveUp(state, event.cease)
    case 'HoldTimer_Expires':
      return giveUp(state, { code: errorCode.holdTimer, subcode: 0 })
    case 'SendHoldTimer_Expires':
      return giveUp(state, { code: errorCode.sendHoldTimer, subcode: 0 })
    case 'TcpConnectionFails':
      return listenMeanwhile(state)
    case 'BGPHeaderErr':
    case 'BGPOpenMsgErr':
      return giveUp(state, event.error)
    case 'OpenCollisionDump':
      return giveUp(state, cease('connectionCollisionResolution'))
    // §8.2.2 does not count a version error, as the peer comes again with another version: we have but one, so it is damped too
    case 'NotifMsgVerErr':
    case 'NotifMsg': // never answered with another (§6.4)
      return giveUp(state)
    case 'KeepAliveMsg':
    case 'UpdateMsg':
    case 'UpdateMsgErr':
    case 'RouteRefreshMsg':
      return giveUp(state, { code: errorCode.fsm, subcode: fsmError.inOpenSent })
    case 'ConnectRetryTimer_Expires':
    case 'KeepaliveTimer_Expires':
    case 'IdleHoldTimer_Expires':
      return giveUp(state, { code: errorCode.fsm, subcode: fsmError.unspecified })
    default:
      return unreachable(event)
  }
}

function confirm(state: OpenSent, terms: Terms): Transition {
  const timers: Action[] =
    terms.holdTimeSec === 0
      ? [{ type: 'stop-hold' }]
      : [
          { type: 'start-keepalive', afterSec: terms.keepaliveSec },
          { type: 'start-hold', afterSec: terms.holdTimeSec },
        ]
  return [{ ...state, name: 'OpenConfirm', terms }, { type: 'send-keepalive' }, ...timers]
}

function listenMeanwhile(state: OpenSent): Transition {
  const connectRetryCounter = state.connectRetryCounter + 1
  const active = { ...state, name: 'Active', connectRetryCounter } as const
  const wait: Action[] = state.passive ? [] : [{ type: 'start-connect-retry', attempt: connectRetryCounter }]
  return [active, { type: 'close' }, { type: 'stop-timers' }, ...wait]
}
