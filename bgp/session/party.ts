import { type Ends, type Party, resolveCollision, type Verdict } from '../fsm/collision.ts'
import type { Connection } from './connection.ts'

/** Which of two connections with one peer goes. One that still waits for TCP has not collided yet: it is no longer needed. */
export function verdictOn(existing: Connection, { initiator }: Connection, ends: Ends): Verdict {
  const party = partyOf(existing)
  if (party === undefined) return 'dump-existing'
  return resolveCollision(ends, party, { initiator, state: 'OpenSent', gracefulRestart: false, sinceSec: 0 })
}

/** The connection as a party to a collision (RFC 4271 §6.8); undefined while it still waits for TCP: it has not collided yet. */
function partyOf({ state, initiator, sinceSec }: Connection): Party | undefined {
  if (state.name === 'Idle' || state.name === 'Connect' || state.name === 'Active') return undefined
  const terms = 'terms' in state ? state.terms : undefined
  return { initiator, state: state.name, gracefulRestart: terms?.gracefulRestart !== undefined, sinceSec }
}
