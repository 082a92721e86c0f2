import type { Judgement, Sighting } from './flow.ts'

/**
 * Connections alike but for their source ports.
 * @property sequence of its last change: the order of the ring  @property firstSequence when it came in
 * @property revision of the store that `judgement` is by
 */
export type Flow = {
  readonly key: string
  sequence: number
  readonly firstSequence: number
  sighting: Sighting
  count: number
  readonly firstMs: number
  lastMs: number
  judgement?: Judgement
  revision?: number
  differs: boolean
}

/** The flows seen last, in the order of their last change. Bounded: whoever was not seen for longest makes room. */
export class FlowRing {
  readonly #limit: number
  readonly #flows = new Map<string, Flow>()
  #sequence = 0
  #evicted = { count: 0, upTo: 0 }

  /** @param limit so many flows are kept, 1 at least */
  constructor(limit: number) {
    this.#limit = limit
  }

  get size(): number {
    return this.#flows.size
  }

  /** Of the last change; 0 before the first. */
  get sequence(): number {
    return this.#sequence
  }

  /** @property upTo the newest sequence that is gone: who has read less far has missed something */
  get evicted(): { readonly count: number; readonly upTo: number } {
    return this.#evicted
  }

  /** One more connection. @param atMs wall clock */
  see(sighting: Sighting, atMs: number): Flow {
    const key = keyOf(sighting)
    const known = this.#flows.get(key)
    if (known !== undefined) {
      known.sighting = sighting
      known.count += 1
      known.lastMs = atMs
      this.changed(known)
      return known
    }
    if (this.#flows.size >= this.#limit) this.#evict()
    const sequence = ++this.#sequence
    const flow: Flow = { key, sequence, firstSequence: sequence, sighting, count: 1, firstMs: atMs, lastMs: atMs, differs: false }
    this.#flows.set(key, flow)
    return flow
  }

  /** The flow is the newest from now on, if it is still there. */
  changed(flow: Flow): void {
    if (!this.has(flow)) return
    flow.sequence = ++this.#sequence
    this.#flows.delete(flow.key)
    this.#flows.set(flow.key, flow)
  }

  has(flow: Flow): boolean {
    return this.#flows.get(flow.key) === flow
  }

  /** All, the one that changed first comes first. */
  flows(): IterableIterator<Flow> {
    return this.#flows.values()
  }

  #evict(): void {
    const [oldest] = this.#flows.values()
    if (oldest === undefined) return
    this.#flows.delete(oldest.key)
    this.#evicted = { count: this.#evicted.count + 1, upTo: oldest.sequence }
  }
}

function keyOf({ ruling, packet }: Sighting): string {
  const { source, destination, protocol, destinationPort, icmpType, icmpCode } = packet
  const verdict = `${ruling.verdict}${ruling.answered ? ' answered' : ''} ${ruling.reason ?? ''}`
  return `${verdict} ${source} ${destination} ${protocol} ${destinationPort ?? ''} ${icmpType ?? ''}/${icmpCode ?? ''}`
}
