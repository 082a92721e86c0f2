import type { AppliedTier } from './endpoint-chains.ts'
import type { Direction } from './names.ts'
import type { Policy } from './policy.ts'
import { compareTiers, type Tier } from './tiers.ts'

/**
 * The tiers that ask an endpoint in one direction, in their order (§6.2.1); staged policies are asked by nobody (§6.7).
 * @param policies that select it, in their order, which each tier keeps
 */
export function appliedTiers(policies: readonly Policy[], direction: Direction, tierNamed: (name: string) => Tier): readonly AppliedTier[] {
  const asked = policies.filter((policy) => policy[direction] !== undefined && !policy.staged)
  const byTier = Map.groupBy(asked, ({ tier }) => tier)
  const tiers = [...byTier.keys()].map(tierNamed).toSorted(compareTiers)
  return tiers.map(({ name, defaultAction }) => ({ name, defaultAction, policies: (byTier.get(name) ?? []).map(({ id }) => id) }))
}
