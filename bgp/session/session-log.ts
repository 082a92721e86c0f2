import type { PeerConfig, PeerState } from '../peer.ts'
import type { Failure } from './failure.ts'
import type { Log } from './log.ts'

/** What a person hears of a session that moves from one state to another: once, and as loudly as it concerns him. */
export function logMove(log: Log, { name: peer, address }: PeerConfig, from: PeerState, to: PeerState, failure: Failure | undefined): void {
  const fields = { peer, address, from, to, reason: failure?.name, detail: failure?.message }
  if (to === 'Established') log.info(fields, 'session established')
  else if (from === 'Established') log.warn(fields, 'session lost')
  else if (failure?.code !== undefined) log.warn(fields, 'session refused')
  else log.debug(fields, 'session state changed')
}
