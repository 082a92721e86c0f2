import type { Family } from '../../src/net/address.ts'
import type { Batch } from './batch.ts'
import type { SetContent, SetDelta } from './set-content.ts'
import type { NftSet } from './set-elements.ts'
import type { WantedChain } from './wanted-chain.ts'

/** @property content what is written: the members at the time of the plan */
export type FilledSet = { readonly set: NftSet; readonly content: SetContent }

/** All that changes in our table of one family at once. */
export type TablePlan = {
  /** `rebuilt`: the table goes, and comes anew with all that is in the plan. */
  readonly table: 'kept' | 'new' | 'rebuilt' | 'removed'
  readonly newChains: readonly WantedChain[]
  readonly rewrittenChains: readonly WantedChain[]
  /** By name, as the sets. */
  readonly removedChains: readonly string[]
  readonly newSets: readonly FilledSet[]
  /** Emptied and filled anew: what they hold is not known member by member. */
  readonly refilledSets: readonly FilledSet[]
  readonly changedSets: readonly { readonly set: NftSet; readonly delta: SetDelta }[]
  readonly removedSets: readonly string[]
}

export function isEmptyPlan(plan: TablePlan): boolean {
  return plan.table === 'kept' && countOf(plan) === 0
}

/** How many chains and sets change. */
export function countOf(plan: TablePlan): number {
  return objectIds(plan).length
}

/** The chains and sets that change, each by its `objectId`. */
export function objectIds(plan: TablePlan): readonly string[] {
  const { newChains, rewrittenChains, removedChains, newSets, refilledSets, changedSets, removedSets } = plan
  const chains = [...newChains.map(({ name }) => name), ...rewrittenChains.map(({ name }) => name), ...removedChains]
  const sets = [...[...newSets, ...refilledSets, ...changedSets].map(({ set }) => set.name), ...removedSets]
  return [...chains.map((name) => objectId({ type: 'chain', name })), ...sets.map((name) => objectId({ type: 'set', name }))]
}

/** A map is named as its chain. */
export function objectId({ type, name }: { readonly type: 'chain' | 'set'; readonly name: string }): string {
  return `${type} ${name}`
}

/**
 * In the order in which nothing refers to what is not there: chains and sets, then what is in them; rules go before the chains and
 * elements that they hold, and chains before sets.
 */
export function writePlan(batch: Batch, family: Family, plan: TablePlan): void {
  if (plan.table === 'rebuilt' || plan.table === 'removed') batch.deleteTable(family)
  if (plan.table === 'removed') return
  if (plan.table !== 'kept') batch.addTable(family)
  for (const { chain } of plan.newChains) batch.addChain(family, chain.name, chain.place)
  for (const { set } of plan.newSets) batch.addSet(set)
  for (const { name } of plan.rewrittenChains) batch.flushChain(family, name)
  for (const name of plan.removedChains) batch.flushChain(family, name)
  for (const { set } of plan.refilledSets) batch.flushSet(set)
  for (const { set, delta } of plan.changedSets) {
    batch.deleteMembers(set, delta.removed)
    batch.addMembers(set, delta.added)
  }
  for (const { set, content } of [...plan.newSets, ...plan.refilledSets]) batch.addMembers(set, content.members)
  for (const chain of [...plan.newChains, ...plan.rewrittenChains]) chain.addRules(batch)
  // a map that goes holds the chains it leads to
  for (const name of plan.removedSets) batch.flushSet({ family, name })
  for (const name of plan.removedChains) batch.deleteChain(family, name)
  for (const name of plan.removedSets) batch.deleteSet({ family, name })
}
