import type { Resource } from '../src/model/resource.ts'
import { builtInTiers, type TierSpec } from '../src/model/tier.ts'
import { compareText } from './resource-key.ts'

/** @property order Infinity when the user gave none: last */
export type Tier = { readonly name: string; readonly order: number; readonly defaultAction: 'Deny' | 'Pass' }

/** @param resource of kind Tier, undefined when none of the name is stored: unless built in, such a tier comes last and denies (fails closed) */
export function tierOf(name: string, resource: Resource | undefined): Tier {
  const spec = builtInTiers.get(name) ?? (resource?.spec as TierSpec | undefined)
  return { name, order: spec?.order ?? Number.POSITIVE_INFINITY, defaultAction: spec?.defaultAction ?? 'Deny' }
}

/** Order of tiers (§6.2.1): order, then name. */
export function compareTiers(a: Tier, b: Tier): number {
  if (a.order !== b.order) return a.order < b.order ? -1 : 1
  return compareText(a.name, b.name)
}
