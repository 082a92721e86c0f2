/** BGP sessions as they change, for whoever watches them. */
import { isDeepStrictEqual } from 'node:util'
import type { PeerStatus } from '../bgp/peer.ts'

/** SYNCED: all that were there have been told. A DELETED object is the peer as it was told last. */
export type PeerEvent = { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: PeerStatus } | { readonly type: 'SYNCED' }

/**
 * First all peers, then SYNCED, then each whose session is another one: the latest state, however slow the reader is. Counters and
 * timers are as they are then; they alone are no change.
 * @param subscribe tells of changes until the function it returns is called
 */
export async function* watchPeers(
  peers: () => readonly PeerStatus[],
  subscribe: (listener: () => void) => () => void,
  signal: AbortSignal,
): AsyncGenerator<readonly PeerEvent[]> {
  let wake: (() => void) | undefined
  let isNew = true
  const tell = () => {
    isNew = true
    wake?.()
  }
  const unsubscribe = subscribe(tell)
  signal.addEventListener('abort', tell, { once: true })
  const told = new Map<string, PeerStatus>()
  try {
    isNew = false
    yield [...changes(told, peers()), { type: 'SYNCED' }]
    while (!signal.aborted) {
      if (!isNew) await new Promise<void>((resolve) => (wake = resolve))
      isNew = false
      const events = signal.aborted ? [] : changes(told, peers())
      if (events.length > 0) yield events
    }
  } finally {
    unsubscribe()
    signal.removeEventListener('abort', tell)
  }
}

/** Notes in `told` what it gives. */
function changes(told: Map<string, PeerStatus>, peers: readonly PeerStatus[]): PeerEvent[] {
  const events: PeerEvent[] = []
  const names = new Set(peers.map(({ name }) => name))
  for (const [name, object] of told) if (!names.has(name)) events.push({ type: 'DELETED', object })
  for (const event of events) if (event.type === 'DELETED') told.delete(event.object.name)
  for (const peer of peers) {
    const before = told.get(peer.name)
    if (before !== undefined && isDeepStrictEqual(session(before), session(peer))) continue
    told.set(peer.name, peer)
    events.push({ type: before === undefined ? 'ADDED' : 'MODIFIED', object: peer })
  }
  return events
}

/** Of a peer what stays the same while nothing happens to its session. */
function session({ name, address, asNumber, state, since, flaps, lastError, capabilities, negotiated, bfd }: PeerStatus) {
  return { name, address, asNumber, state, since, flaps, lastError, capabilities, negotiated, bfd: bfd?.state }
}
