import { PendingPrefixes } from '../rib/pending-prefixes.ts'
import type { RibReader } from '../rib/rib-reader.ts'
import type { RibWatcher } from '../rib/rib-watcher.ts'
import type { AddressFamily } from '../wire/message.ts'

/** A table as monitors look at it: the Adj-RIB-In of a peer before and after policy, its Adj-RIB-Out, or the Loc-RIB. */
export type View = 'received' | 'accepted' | 'advertised' | 'best'

/** @property peer its number; 0 with 'best' */
export type Interest = { readonly view: View; readonly peer: number }

/** Prefixes to be looked at now. @property ends the table has been told once with these */
export type Piece = Interest & { readonly family: AddressFamily; readonly prefixes: Int32Array; readonly ends: boolean }

const families = ['ipv4-unicast', 'ipv6-unicast'] as const
/** Prefixes that are looked for at a stretch where most may be none of the table. */
const scanLength = 8192

/**
 * What a reader with a pace of its own has still to be told: first each table as it is, then what changed, a bit per prefix and table.
 * However slow it is, it is told the latest state, and costs memory proportional to the tables.
 */
export class ChangeQueues implements RibWatcher {
  readonly #reader: RibReader
  readonly #onWork: () => void
  readonly #end: () => void
  readonly #byView: Readonly<Record<View, (FamilyQueues | undefined)[]>> = { received: [], accepted: [], advertised: [], best: [] }
  /** Those with something to tell, in turn. */
  readonly #busy = new Set<ChangeQueue>()
  /** By prefix: how many queues it is in. */
  readonly #uses = { 'ipv4-unicast': new Uint16Array(64), 'ipv6-unicast': new Uint16Array(64) }

  /** @param onWork there is something to take; on the hot path */
  constructor(reader: RibReader, onWork: () => void) {
    this.#reader = reader
    this.#onWork = onWork
    this.#end = reader.watch(this)
  }

  /** The table is to be told, and its changes from now on; once more if it is known already. */
  open({ view, peer }: Interest): void {
    this.close({ view, peer })
    const [v4, v6] = families.map((family) => new ChangeQueue({ view, peer }, family, this.#reader))
    if (v4 === undefined || v6 === undefined) return
    this.#byView[view][peer] = { 'ipv4-unicast': v4, 'ipv6-unicast': v6 }
    this.#busy.add(v4)
    this.#busy.add(v6)
    this.#onWork()
  }

  close({ view, peer }: Interest): void {
    const queues = this.#byView[view][peer]
    if (queues === undefined) return
    this.#byView[view][peer] = undefined
    for (const family of families) {
      const queue = queues[family]
      this.#busy.delete(queue)
      for (let left = queue.take(scanLength); left.length > 0; left = queue.take(scanLength)) this.#taken(family, left)
    }
  }

  /** Nobody reads any more. */
  stop(): void {
    this.#end()
    for (const view of ['received', 'accepted', 'advertised', 'best'] as const)
      for (const peer of this.#byView[view].keys()) this.close({ view, peer })
  }

  /** The next prefixes of one table, in turn; their state is to be looked at before anything else is done. undefined: all is told. */
  next(most: number): Piece | undefined {
    const [queue] = this.#busy
    if (queue === undefined) return undefined
    const { family } = queue
    const wasOpen = queue.isTelling
    const more = queue.scan(Math.max(most, scanLength), (prefix) => this.#add(queue, prefix))
    const prefixes = queue.take(most)
    this.#busy.delete(queue)
    if (more || queue.count > 0) this.#busy.add(queue)
    else queue.isTelling = false
    this.#taken(family, prefixes)
    return { ...queue.interest, family, prefixes, ends: wasOpen && !queue.isTelling }
  }

  pathChanged(family: AddressFamily, prefix: number, peer: number): void {
    const received = this.#byView.received[peer]
    const accepted = this.#byView.accepted[peer]
    if (received !== undefined) this.#note(received[family], prefix)
    if (accepted !== undefined) this.#note(accepted[family], prefix)
  }

  bestChanged(family: AddressFamily, prefix: number): void {
    const best = this.#byView.best[0]
    if (best !== undefined) this.#note(best[family], prefix)
  }

  outChanged(family: AddressFamily, prefix: number, members: readonly { readonly peer: number }[], source: number): void {
    for (const { peer } of members) {
      const out = this.#byView.advertised[peer]
      if (out !== undefined && peer !== source) this.#note(out[family], prefix)
    }
  }

  isPending(family: AddressFamily, prefix: number): boolean {
    return (this.#uses[family][prefix] ?? 0) > 0
  }

  #note(queue: ChangeQueue, prefix: number): void {
    this.#add(queue, prefix)
    if (this.#busy.has(queue)) return
    this.#busy.add(queue)
    this.#onWork()
  }

  #add(queue: ChangeQueue, prefix: number): void {
    if (!queue.add(prefix)) return
    let uses = this.#uses[queue.family]
    if (prefix >= uses.length) {
      uses = new Uint16Array(2 ** Math.ceil(Math.log2(prefix + 1)))
      uses.set(this.#uses[queue.family])
      this.#uses[queue.family] = uses
    }
    uses[prefix] = (uses[prefix] as number) + 1
  }

  #taken(family: AddressFamily, prefixes: Int32Array): void {
    const uses = this.#uses[family]
    for (const prefix of prefixes) uses[prefix] = (uses[prefix] as number) - 1
  }
}

type FamilyQueues = Readonly<Record<AddressFamily, ChangeQueue>>

class ChangeQueue {
  readonly interest: Interest
  readonly family: AddressFamily
  /** The table is not told once yet. */
  isTelling = true
  readonly #reader: RibReader
  readonly #pending = new PendingPrefixes()
  /** Prefixes below were looked for. */
  #scanned = 0

  constructor(interest: Interest, family: AddressFamily, reader: RibReader) {
    this.interest = interest
    this.family = family
    this.#reader = reader
  }

  get count(): number {
    return this.#pending.count
  }

  /** @returns whether it was not there yet */
  add(prefix: number): boolean {
    if (this.#pending.has(prefix)) return false
    this.#pending.add(prefix)
    return true
  }

  take(most: number): Int32Array {
    const prefixes = new Int32Array(Math.min(most, this.#pending.count))
    this.#pending.take(prefixes)
    return prefixes
  }

  /** Finds the next prefixes of the table while it is told for the first time. @returns whether more may follow */
  scan(length: number, found: (prefix: number) => void): boolean {
    if (!this.isTelling || this.#scanned === Number.POSITIVE_INFINITY) return false
    const { view, peer } = this.interest
    if (view === 'received' || view === 'accepted') {
      this.#reader.eachReceived(this.family, peer, found)
      this.#scanned = Number.POSITIVE_INFINITY
      return false
    }
    const { capacity } = this.#reader.prefixes(this.family)
    const end = Math.min(this.#scanned + length, capacity)
    for (; this.#scanned < end; this.#scanned++) if (this.#isThere(this.#scanned)) found(this.#scanned)
    return end < capacity
  }

  #isThere(prefix: number): boolean {
    const { view, peer } = this.interest
    if (view === 'best') return this.#reader.hasBest(this.family, prefix)
    return this.#reader.advertised(this.family, prefix, peer) !== undefined
  }
}
