import type { ProfileSpec } from '../src/model/profile.ts'
import type { Resource } from '../src/model/resource.ts'
import { resolveRules } from './draft-rule.ts'
import type { Profile } from './rule-chains.ts'

const allow: Profile['ingress'] = [{ index: 0, action: 'Allow', source: {}, destination: {} }]

/**
 * The profile of a name. Those of namespaces and service accounts exist always (INTERFACE §4, resource reference §6.6).
 * @returns undefined for a name nobody defined: endpoints that list it drop
 * @throws Error on a selector that does not parse: resources were checked when they were stored
 */
export function profileOf(name: string, resource: Resource | undefined): Profile | undefined {
  if (resource !== undefined) {
    const { ingress, egress } = resource.spec as ProfileSpec
    return { name, ingress: resolveRules(ingress, ''), egress: resolveRules(egress, '') }
  }
  if (name.startsWith('kns.') || name === 'projectcalico-default-allow') return { name, ingress: allow, egress: allow }
  return name.startsWith('ksa.') ? { name, ingress: [], egress: [] } : undefined
}

/** @param profiles of a WorkloadEndpoint; absent means its namespace's, [] means none */
export function profileNames(profiles: readonly string[] | undefined, namespace: string): readonly string[] {
  return profiles ?? [`kns.${namespace}`]
}
