/** Who watches flows is a cursor into the ring, not a queue: a slow reader sees each flow as it is by then, or that some are gone. */
import type { FlowShown } from './flow.ts'
import type { FlowRing } from './flow-ring.ts'
import { type FlowFilter, isAskedFor, shownFlow } from './flow-shown.ts'

/** MODIFIED: seen again, or judged anew. SYNCED: what was there at first has been told. MISSED: flows were forgotten before they were read. */
export type FlowEvent =
  | { readonly type: 'ADDED' | 'MODIFIED'; readonly object: FlowShown }
  | { readonly type: 'SYNCED' }
  | { readonly type: 'MISSED'; readonly reason: string }

/** @property onChange calls back after changes of the ring until the function it returns is called */
export type WatchedRing = { readonly ring: FlowRing; readonly onChange: (listener: () => void) => () => void }

/** So many flows at once. */
const MOST_AT_ONCE = 500

/** All that is there, SYNCED, then what changes; ends when the signal aborts. */
export async function* watchFlows(
  { ring, onChange }: WatchedRing,
  filter: FlowFilter,
  signal: AbortSignal,
): AsyncGenerator<readonly FlowEvent[]> {
  let wake: (() => void) | undefined
  const onWake = () => wake?.()
  const unsubscribe = onChange(onWake)
  signal.addEventListener('abort', onWake)
  try {
    let read = ring.evicted.upTo
    let isSynced = false
    while (!signal.aborted) {
      const missed = ring.evicted.upTo > read
      const { events, upTo } = eventsAfter(ring, read, filter)
      read = upTo
      const isDone = read === ring.sequence
      const all = [...(missed ? [missedSome] : []), ...events, ...(isDone && !isSynced ? [synced] : [])]
      if (all.length > 0) yield all
      isSynced ||= isDone
      if (read === ring.sequence && !signal.aborted) await new Promise<void>((resolve) => (wake = resolve))
    }
  } finally {
    unsubscribe()
    signal.removeEventListener('abort', onWake)
  }
}

const synced: FlowEvent = { type: 'SYNCED' }
const missedSome: FlowEvent = { type: 'MISSED', reason: 'flows were forgotten before they were read: see felix.flowLog.flows' }

/** Flows that are not judged yet are told once they are. */
function eventsAfter(ring: FlowRing, after: number, filter: FlowFilter): { readonly events: readonly FlowEvent[]; readonly upTo: number } {
  const events: FlowEvent[] = []
  for (const flow of ring.flows()) {
    if (flow.sequence <= after || flow.judgement === undefined || !isAskedFor(flow, filter)) continue
    events.push({ type: flow.firstSequence > after ? 'ADDED' : 'MODIFIED', object: shownFlow(flow) })
    if (events.length >= MOST_AT_ONCE) return { events, upTo: flow.sequence }
  }
  return { events, upTo: ring.sequence }
}
