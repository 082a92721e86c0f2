import type { Family } from '../../src/net/address.ts'
import { sameHashes } from '../iptables/chain-diff.ts'
import type { SavedObject, SavedSet } from './saved-table.ts'
import { hasShape, SetContent } from './set-content.ts'
import type { NftSet } from './set-elements.ts'
import { type FilledSet, isEmptyPlan, objectIds, type TablePlan } from './table-plan.ts'
import type { WantedChain } from './wanted-chain.ts'
import { WantedTable } from './wanted-table.ts'

/** @property chains the hashes of their rules. @property sets as we wrote them, or as somebody else did */
export type KnownTable = {
  readonly chains: ReadonlyMap<string, readonly (string | undefined)[]>
  readonly sets: ReadonlyMap<string, SetContent | SavedSet>
}

/** What the kernel has. */
type ActualTable = {
  readonly exists: boolean
  readonly chains: Map<string, readonly (string | undefined)[]>
  readonly sets: Map<string, SetContent | SavedSet>
}

type ChainChanges = Pick<TablePlan, 'newChains' | 'rewrittenChains' | 'removedChains'>
type SetChanges = Pick<TablePlan, 'newSets' | 'refilledSets' | 'changedSets' | 'removedSets'>

const noChains: ChainChanges = { newChains: [], rewrittenChains: [], removedChains: [] }
const noSets: SetChanges = { newSets: [], refilledSets: [], changedSets: [], removedSets: [] }

/** Our table of one family: what leads from what the kernel has to what is wanted. It asks nobody and writes nothing. */
export class NftTable {
  readonly family: Family
  readonly wanted: WantedTable
  #actual: ActualTable | undefined
  /** By `objectId`, since the last check beside the applies has begun. */
  #written: Set<string> | undefined
  /** Everything is to be looked at, not only what was touched. */
  #inDoubt = true

  constructor(family: Family) {
    this.family = family
    this.wanted = new WantedTable(family)
  }

  /** What the kernel is known to have: the same maps until it is read anew. */
  get known(): KnownTable | undefined {
    return this.#actual
  }

  /** Whether there is nothing to look at. */
  get isQuiet(): boolean {
    return !this.#inDoubt && this.wanted.touchedChains.size + this.wanted.touchedSets.size === 0
  }

  /** What is wanted in a set, as it is now. */
  wantedIn(name: string): SetContent | undefined {
    const set = this.wanted.sets.get(name)
    return set && new SetContent(set)
  }

  /**
   * What the kernel has, read just now.
   * @param exists whether the table is there at all
   */
  seen(objects: readonly SavedObject[], exists: boolean): void {
    const actual: ActualTable = { exists, chains: new Map(), sets: new Map() }
    for (const object of objects) {
      if (object.type === 'chain') actual.chains.set(object.name, object.hashes)
      else actual.sets.set(object.name, object.content ?? object)
    }
    this.#actual = actual
    this.#inDoubt = true
  }

  /** What the kernel has is not known any more. */
  forget(): void {
    this.#actual = undefined
    this.#inDoubt = true
  }

  /** @param prune false: only what is not there at all is made */
  plan(prune: boolean): TablePlan {
    const actual = this.#actual
    if (actual === undefined) throw new Error('nf_tables: a plan for a table that was not read')
    if (!actual.exists) return this.#whole(this.wanted.isEmpty ? 'kept' : 'new')
    if (prune && this.wanted.isEmpty) return { ...noChains, ...noSets, table: 'removed' }
    const sets = this.#setChanges(actual, prune)
    return sets === undefined ? this.#whole('rebuilt') : { ...this.#chainChanges(actual, prune), ...sets, table: 'kept' }
  }

  /** What is written from now on, by `objectId`, for a check beside the applies: nobody else did that. */
  noteWritten(): ReadonlySet<string> {
    this.#written = new Set()
    return this.#written
  }

  /** To be told before the kernel is: it may have it, and show it, before we know. */
  writing(plan: TablePlan): void {
    if (this.#written !== undefined) for (const id of objectIds(plan)) this.#written.add(id)
  }

  /** The kernel did it. */
  done(plan: TablePlan): void {
    const actual = plan.table === 'kept' ? this.#actual : undefined
    const [chains, sets] = [actual?.chains ?? new Map(), actual?.sets ?? new Map<string, SetContent | SavedSet>()]
    for (const { name } of [...plan.newChains, ...plan.rewrittenChains]) chains.set(name, this.wanted.chains.get(name)?.hashes ?? [])
    for (const name of plan.removedChains) chains.delete(name)
    for (const { set, content } of [...plan.newSets, ...plan.refilledSets]) sets.set(set.name, content)
    for (const { set, delta } of plan.changedSets) {
      const content = sets.get(set.name)
      if (content instanceof SetContent) content.note(set, delta)
    }
    for (const name of plan.removedSets) sets.delete(name)
    this.#actual = { exists: actual?.exists === true || (plan.table !== 'removed' && !isEmptyPlan(plan)), chains, sets }
    this.#inDoubt = false
    this.wanted.settle()
  }

  /** Everything that is wanted, in a table that has nothing. */
  #whole(table: TablePlan['table']): TablePlan {
    const sets = [...this.wanted.sets.values()].filter(({ name }) => !this.wanted.refusedSets.has(name))
    const newChains = [...this.wanted.chains.values()]
    return { ...noChains, ...noSets, newChains, newSets: sets.map(filled), table }
  }

  #chainChanges(actual: ActualTable, prune: boolean): ChainChanges {
    const { chains, touchedChains } = this.wanted
    const changes = { newChains: [] as WantedChain[], rewrittenChains: [] as WantedChain[], removedChains: [] as string[] }
    for (const name of this.#inDoubt ? new Set([...chains.keys(), ...actual.chains.keys()]) : touchedChains) {
      const [wanted, there] = [chains.get(name), actual.chains.get(name)]
      if (wanted === undefined) {
        if (there !== undefined && prune) changes.removedChains.push(name)
      } else if (there === undefined) changes.newChains.push(wanted)
      else if (prune && !sameHashes(wanted.hashes, there)) changes.rewrittenChains.push(wanted)
    }
    return changes
  }

  /** Undefined where a set would have to be of another type: no set can change that, nor go while rules ask it. */
  #setChanges(actual: ActualTable, prune: boolean): SetChanges | undefined {
    const { sets, touchedSets, refusedSets } = this.wanted
    const changes = {
      newSets: [] as FilledSet[],
      refilledSets: [] as FilledSet[],
      changedSets: [] as ChangedSet[],
      removedSets: [] as string[],
    }
    for (const name of this.#inDoubt ? new Set([...sets.keys(), ...actual.sets.keys()]) : touchedSets) {
      const [wanted, there] = [sets.get(name), actual.sets.get(name)]
      if (refusedSets.has(name)) continue
      if (wanted === undefined) {
        if (there !== undefined && prune) changes.removedSets.push(name)
      } else if (there === undefined) changes.newSets.push(filled(wanted))
      else if (there instanceof SetContent) {
        const delta = there.deltaTo(wanted)
        if (prune && delta.added.length + delta.removed.length > 0) changes.changedSets.push({ set: wanted, delta })
        else if (delta.added.length + delta.removed.length === 0) there.note(wanted, delta)
      } else if (prune) {
        if (!hasShape(wanted, there.shape)) return undefined
        changes.refilledSets.push(filled(wanted))
      }
    }
    return changes
  }
}

type ChangedSet = TablePlan['changedSets'][number]

function filled(set: NftSet): FilledSet {
  return { set, content: new SetContent(set) }
}
