/** Two connections between the same two speakers (RFC 4271 §6.8): which one goes. */

export type Ends = {
  /** BGP Identifiers, unsigned 32-bit. */
  readonly localRouterId: number
  readonly remoteRouterId: number
  readonly localAs: number
  readonly remoteAs: number
}

export type Party = {
  readonly initiator: 'local' | 'remote'
  readonly state: 'OpenSent' | 'OpenConfirm' | 'Established'
  /** The peer sent the graceful restart capability on it (known from OpenConfirm on). */
  readonly gracefulRestart: boolean
  /** How long it has been in this state. */
  readonly sinceSec: number
}

/** Whoever answers TCP but not our OPEN for this long is no speaker, or hangs: it shall not keep the real one out. */
const patienceSec = 2

export type Verdict =
  | 'dump-newcomer'
  | 'dump-existing'
  /** The old connection is dead, the peer is back: it counts as lost TCP, no NOTIFICATION (RFC 4724 §4.2, §5). */
  | 'existing-restarted'

/** @param newcomer the connection on which a good OPEN has just been received */
export function resolveCollision(ends: Ends, existing: Party, newcomer: Party): Verdict {
  if (existing.state === 'Established') return existing.gracefulRestart ? 'existing-restarted' : 'dump-newcomer'
  if (existing.initiator === newcomer.initiator) return 'dump-existing' // the peer would not begin again if the first still served it
  if (existing.state === 'OpenSent' && existing.sinceSec >= patienceSec) return 'dump-existing'
  const winner = localWins(ends) ? 'local' : 'remote'
  return newcomer.initiator === winner ? 'dump-existing' : 'dump-newcomer'
}

/** The connection begun by the higher BGP Identifier stays; with equal ones the higher AS number (RFC 6286 §2.3). */
function localWins(ends: Ends): boolean {
  if (ends.localRouterId !== ends.remoteRouterId) return ends.localRouterId > ends.remoteRouterId
  return ends.localAs > ends.remoteAs
}
