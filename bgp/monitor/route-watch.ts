import { setImmediate as turn } from 'node:timers/promises'
import type { RouteEntry, RouteEvent, RouteWatchQuery } from '../peer.ts'
import type { PeerSlot } from '../rib/peer-slot.ts'
import type { RibReader } from '../rib/rib-reader.ts'
import type { AddressFamily } from '../wire/message.ts'
import { ChangeQueues, type Interest, type View } from './change-queue.ts'
import { ToldPrefixes } from './told-prefixes.ts'

/** @property entryOf what the table shows of a prefix now; undefined: it is not in it, or not asked for */
export type RouteWatchDependencies = {
  readonly reader: RibReader
  readonly entryOf: (query: RouteWatchQuery, family: AddressFamily, prefix: number) => RouteEntry | undefined
}

const views: Readonly<Record<RouteWatchQuery['table'], View>> = { in: 'received', accepted: 'accepted', best: 'best', out: 'advertised' }

/** Prefixes looked at in one turn of the event loop: what a busy table costs while somebody watches it. */
const pieceLength = 64

/**
 * First all that is there, then SYNCED, then what changes: the latest state of each prefix, however many steps led to it and however
 * slow the reader is. Costs a bit per prefix, and nothing while nobody watches.
 */
export async function* watchRoutes(
  { reader, entryOf }: RouteWatchDependencies,
  query: RouteWatchQuery,
  signal: AbortSignal,
): AsyncGenerator<readonly RouteEvent[]> {
  const interest = interestOf(reader, query)
  if (interest === undefined) return
  const news = new News(signal)
  const queues = new ChangeQueues(reader, () => news.tell())
  const told = { 'ipv4-unicast': new ToldPrefixes(), 'ipv6-unicast': new ToldPrefixes() }
  let tables = 0
  try {
    queues.open(interest)
    while (!signal.aborted && isThere(reader, interest)) {
      const piece = queues.next(pieceLength)
      if (piece === undefined) {
        await news.next()
        continue
      }
      const { family, prefixes, ends } = piece
      const events: RouteEvent[] = [...prefixes].flatMap((prefix) =>
        eventOf(reader, told[family], family, prefix, entryOf(query, family, prefix)),
      )
      if (ends && ++tables === 2) events.push({ type: 'SYNCED' })
      if (events.length > 0) yield events
      await turn()
    }
  } finally {
    queues.stop()
  }
}

/** Its peer is still the one that was asked for: numbers of removed peers are used again. */
function isThere(reader: RibReader, { slot }: Asked): boolean {
  return slot === undefined || reader.peers().includes(slot)
}

type Asked = Interest & { readonly slot?: PeerSlot }

function interestOf(reader: RibReader, { table, peer }: RouteWatchQuery): Asked | undefined {
  if (table === 'best') return { view: 'best', peer: 0 }
  const slot = reader.peers().find(({ config }) => config !== undefined && config.name === peer)
  return slot && { view: views[table], peer: slot.id, slot }
}

function eventOf(
  reader: RibReader,
  told: ToldPrefixes,
  family: AddressFamily,
  prefix: number,
  entry: RouteEntry | undefined,
): readonly RouteEvent[] {
  const wasTold = told.has(prefix)
  if (entry !== undefined) {
    told.add(prefix)
    return [{ type: wasTold ? 'MODIFIED' : 'ADDED', object: entry }]
  }
  told.delete(prefix)
  const text = reader.prefixes(family).format(prefix) as RouteEntry['prefix']
  reader.release(family, prefix)
  return wasTold ? [{ type: 'DELETED', object: { prefix: text, family, paths: [] } }] : []
}

/** Wakes whoever waits; what came while nobody did is not lost. */
class News {
  #wake: (() => void) | undefined
  #isThere = false

  constructor(signal: AbortSignal) {
    signal.addEventListener('abort', () => this.tell(), { once: true })
  }

  tell(): void {
    this.#isThere = true
    this.#wake?.()
  }

  async next(): Promise<void> {
    if (!this.#isThere) await new Promise<void>((resolve) => (this.#wake = resolve))
    this.#isThere = false
    this.#wake = undefined
  }
}
