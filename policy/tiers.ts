import type { Resource } from '../src/model/resource.ts'
import { compareText } from './resource-key.ts'

/** @property order Infinity when the user gave none: last */
export type Tier = { readonly name: string; readonly order: number; readonly defaultAction: 'Deny' | 'Pass' }

/** Order and action of these never change, whatever is stored (resource reference §6.12). */
const builtIn: ReadonlyMap<string, Tier> = new Map(
  [
    { name: 'kube-admin', order: 1_000, defaultAction: 'Pass' as const },
    { name: 'default', order: 1_000_000, defaultAction: 'Deny' as const },
    { name: 'kube-baseline', order: 10_000_000, defaultAction: 'Pass' as const },
  ].map((tier) => [tier.name, tier]),
)

type TierSpec = { readonly order?: number; readonly defaultAction?: 'Deny' | 'Pass' }

/** @param resource of kind Tier, undefined when none of the name is stored: such a tier comes last and denies (fails closed) */
export function tierOf(name: string, resource: Resource | undefined): Tier {
  const { order = Number.POSITIVE_INFINITY, defaultAction = 'Deny' } = (resource?.spec ?? {}) as TierSpec
  return builtIn.get(name) ?? { name, order, defaultAction }
}

/** Order of tiers (§6.2.1): order, then name. */
export function compareTiers(a: Tier, b: Tier): number {
  if (a.order !== b.order) return a.order < b.order ? -1 : 1
  return compareText(a.name, b.name)
}
