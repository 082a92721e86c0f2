import type { ObjectStatus, TableReport } from '../kernel.ts'
import { sameHashes } from './chain-diff.ts'
import { hashRules } from './chain-hash.ts'
import type { SavedTable, TableChange } from './chains-text.ts'
import type { TablePlace } from './table-reader.ts'
import type { WantedChains } from './wanted-chains.ts'
import type { StatedHooks } from './wanted-hooks.ts'

/** A chain as it is wanted beside what the kernel has. */
export type ChainView = {
  readonly name: string
  readonly wanted?: readonly string[]
  readonly programmed?: { readonly rules: number; readonly asWanted: boolean }
  readonly status: ObjectStatus
}

/** Where the chains and hooks of one table stand: which are known to be as wanted, and why the others are not. */
export class TableStatus {
  readonly #place: TablePlace
  readonly #wanted: WantedChains
  readonly #hooks: StatedHooks
  /** Wanted chains and kernel chains with hooks; what differs in others was changed by somebody else. */
  readonly #unconfirmed = new Set<string>()
  #failures: ReadonlyMap<string, string> = new Map()

  constructor(place: TablePlace, wanted: WantedChains, hooks: StatedHooks) {
    this.#place = place
    this.#wanted = wanted
    this.#hooks = hooks
  }

  /** Whether the last write was refused. */
  get isRefused(): boolean {
    return this.#failures.size > 0
  }

  /** A chain, or what is hooked into a kernel chain, is to be written. */
  restated(name: string): void {
    this.#unconfirmed.add(name)
  }

  /** The kernel has it as it is wanted, or it is not wanted any more. */
  settled(name: string): void {
    this.#unconfirmed.delete(name)
  }

  /** @returns whether it had been refused */
  succeeded(): boolean {
    const wasRefused = this.isRefused
    this.#failures = new Map()
    return wasRefused
  }

  /**
   * Whatever was to change did not: the transaction is one.
   *
   * @param change undefined: nothing could be read
   * @param culprit the chain to blame
   * @returns whether the reasons are others than last time
   */
  refused(reason: string, change?: TableChange, culprit?: string): boolean {
    const touched = change && [...change.rewritten, ...change.removed, ...change.flushed, ...change.hooks.map((hook) => hook.kernelChain)]
    const before = [...this.#failures.values()].join()
    const others = `not written, because the same change was refused: ${reason}`
    const why = (name: string) => (culprit === undefined || culprit === name ? reason : others)
    this.#failures = new Map(
      (touched ?? [...this.#wanted.all.keys(), ...this.#hooks.byKernelChain.keys()]).map((name) => [name, why(name)]),
    )
    return [...this.#failures.values()].join() !== before
  }

  /** What of a change puts right what somebody else had changed. */
  repairedBy({ rewritten, hooks }: TableChange): readonly string[] {
    const isConfirmed = (name: string) => (this.#wanted.all.has(name) || this.#hooks.has(name)) && !this.#unconfirmed.has(name)
    return [
      ...rewritten.filter(isConfirmed).map((name) => this.key('chain', name)),
      ...hooks.flatMap(({ kernelChain }) => (isConfirmed(kernelChain) ? [this.key('hook', kernelChain)] : [])),
    ]
  }

  /** @param isPruned whether what is there and not as wanted may be changed */
  of(name: string, isPruned: boolean): ObjectStatus {
    const owner = this.#wanted.ownerOf(name)
    const made = owner !== undefined && { owner }
    const closed = this.#wanted.closed.reasonOf(name)
    if (closed !== undefined) return { state: 'failed', reason: closed, closed: true, ...made }
    const reason = this.#failures.get(name)
    if (reason !== undefined) return { state: 'failed', reason, ...made }
    if (!this.#unconfirmed.has(name)) return { state: 'programmed' }
    return { state: 'pending', reason: isPruned ? 'not written yet' : 'kept as found until the datastore is read' }
  }

  /** @param programmed the hashes of what the kernel has; undefined: it has no such chain */
  view(name: string, programmed: ReturnType<SavedTable['own']['get']>, isPruned: boolean): ChainView {
    const wanted = this.#wanted.all.get(name)
    const isOpen = this.#wanted.closed.reasonOf(name) === undefined
    const asWanted = wanted !== undefined && programmed !== undefined && sameHashes(wanted.hashes, programmed) && isOpen
    return {
      name: this.key('chain', name),
      ...(wanted === undefined ? {} : { wanted: hashRules(name, wanted.chain.rules, this.#place.family).lines }),
      ...(programmed !== undefined && { programmed: { rules: programmed.length, asWanted } }),
      status: wanted === undefined ? { state: 'pending', reason: 'not wanted any more' } : this.of(name, isPruned),
    }
  }

  /** Only of what may be amiss: an apply without a change looks at nothing else. */
  unprogrammed(isPruned: boolean): TableReport['unprogrammed'] {
    const names = [...new Set([...this.#unconfirmed, ...this.#failures.keys(), ...this.#wanted.closed.names])]
    const chains = names.filter((name) => this.#wanted.has(name))
    const hooks = names.filter((name) => this.#hooks.has(name) && !this.#wanted.has(name))
    return new Map([
      ...chains.map((name) => [this.key('chain', name), this.of(name, isPruned)] as const),
      ...hooks.map((name) => [this.key('hook', name), this.of(name, isPruned)] as const),
    ])
  }

  key(kind: 'chain' | 'hook', name: string): string {
    return `${kind} ${this.#place.table}/${name} (IPv${this.#place.family})`
  }
}
