/** What restarts do to the families of a peer, for people. Pure. */
import type { FamilyStatus, PeerStatus } from '../peer.ts'
import type { AddressFamily } from '../wire/message.ts'
import type { StaleFamily } from './stale-routes.ts'

/** @param owed families whose End-of-RIB our first decision waits for */
export function withRestarts(status: PeerStatus, stale: readonly StaleFamily[], owed: readonly AddressFamily[]): PeerStatus {
  if (stale.length === 0 && owed.length === 0) return status
  const families: Record<string, FamilyStatus> = { ...status.families }
  for (const { family, state, leftSec } of stale) {
    const counts = families[family]
    if (counts !== undefined) families[family] = { ...counts, staleState: state, staleLeftSec: leftSec }
  }
  for (const family of owed) {
    const counts = families[family]
    if (counts !== undefined) families[family] = { ...counts, endOfRibAwaited: true }
  }
  return { ...status, families }
}

/** Why a restarted node has not decided yet: "… wait for End-of-RIB of tor1, tor2 (12 s at most)". */
export function heldSentence(families: readonly AddressFamily[], peers: readonly string[], leftSec: number): string {
  const rest = peers.length > 5 ? ` and ${peers.length - 5} more` : ''
  const names = peers.length === 0 ? 'the peers' : `${peers.slice(0, 5).join(', ')}${rest}`
  return `this node restarted: ${families.join(' and ')} decisions wait for End-of-RIB of ${names}, ${Math.ceil(leftSec)} s at most (RFC 4724 §4.1)`
}
