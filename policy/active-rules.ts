/** The chains of policies and profiles, in the tables where some endpoint of this node needs them. */
import type { Chain } from '../felix/kernel.ts'
import { profileTables, tablesOf } from './host/host-places.ts'
import type { Policy } from './policy.ts'
import { type ChainPlace, inFilter, type Profile, policyChains, profileChains, type RuleContext } from './rule-chains.ts'

/** Who knows what applies here: workload endpoints, or host endpoints. undefined: nobody of them needs it. */
export type Active = { activePolicy(key: string): Policy | undefined; activeProfile(name: string): Profile | undefined }

/** Whose chains they are, as text: of a policy by key, of a profile by name. */
export const policyOwner = (key: string) => `policy ${key}`
export const profileOwner = (name: string) => `profile ${name}`

/** @returns undefined when no endpoint of this node needs them */
export function rulesOf(owner: string, ...active: readonly Active[]): Policy | Profile | undefined {
  const isPolicy = owner.startsWith(policyOwner(''))
  const name = owner.slice(owner.indexOf(' ') + 1)
  for (const one of active) {
    const rules = isPolicy ? one.activePolicy(name) : one.activeProfile(name)
    if (rules !== undefined) return rules
  }
  return undefined
}

/** What workloads need is in the filter table; host endpoints need more tables, and fewer directions. */
export function chainsOf(owner: string, workloads: Active, hosts: Active, context: RuleContext): readonly Chain[] {
  const rules = rulesOf(owner, workloads)
  const places = rules === undefined ? [] : [inFilter]
  const hostRules = rulesOf(owner, hosts)
  if (hostRules === undefined) return rendered(rules, places, context)
  const tables = [...('id' in hostRules ? tablesOf(hostRules) : profileTables)]
  const more = tables.flatMap(([table, directions]): readonly ChainPlace[] =>
    rules !== undefined && table === 'filter' ? [] : [{ table, directions }],
  )
  return rendered(hostRules, [...places, ...more], context)
}

function rendered(rules: Policy | Profile | undefined, places: readonly ChainPlace[], context: RuleContext): readonly Chain[] {
  if (rules === undefined) return []
  return places.flatMap((place) => ('id' in rules ? policyChains(rules, context, place) : profileChains(rules, context, place)))
}
