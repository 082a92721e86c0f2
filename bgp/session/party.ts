import type { Party } from '../fsm/collision.ts'
import type { Connection } from './connection.ts'

/** The connection as a party to a collision (RFC 4271 §6.8); undefined while it still waits for TCP: it has not collided yet. */
export function partyOf({ state, initiator, sinceSec }: Connection): Party | undefined {
  if (state.name === 'Idle' || state.name === 'Connect' || state.name === 'Active') return undefined
  const terms = 'terms' in state ? state.terms : undefined
  return { initiator, state: state.name, gracefulRestart: terms?.gracefulRestart !== undefined, sinceSec }
}
