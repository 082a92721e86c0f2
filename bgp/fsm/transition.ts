/** The finite state machine of RFC 4271 §8 for one connection: no socket, no clock, it cannot fail. */
import type { Transition } from './action.ts'
import { active } from './active.ts'
import { connect } from './connect.ts'
import { established } from './established.ts'
import type { Event } from './event.ts'
import { idle } from './idle.ts'
import { openConfirm } from './open-confirm.ts'
import { openSent } from './open-sent.ts'
import type { State } from './state.ts'
import { unreachable } from './unreachable.ts'

/** The next state and what to do, in order. */
export function transition(state: State, event: Event): Transition {
  switch (state.name) {
    case 'Idle':
      return idle(state, event)
    case 'Connect':
      return connect(state, event)
    case 'Active':
      return active(state, event)
    case 'OpenSent':
      return openSent(state, event)
    case 'OpenConfirm':
      return openConfirm(state, event)
    case 'Established':
      return established(state, event)
    default:
      return unreachable(state)
  }
}
