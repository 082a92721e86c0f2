/** The tiers and profiles of one end against one flow, step by step. */

import { tableOf } from '../host/host-places.ts'
import type { Direction } from '../names.ts'
import type { Policy } from '../policy.ts'
import type { PolicyView, TierPolicies } from './explain-ends.ts'
import type { SeenFlow } from './explain-rule.ts'
import { type RuleList, rulesDecide } from './explain-rules.ts'
import type { Step, Verdict } from './explanation.ts'

/** @property steps what is passed is added */
export type Walk = { readonly view: PolicyView; readonly seen: SeenFlow; readonly direction: Direction; readonly steps: Step[] }

/** @param hasDefaults whether the end of a tier says something; otherwise only rules do @returns undefined when every tier passed */
export function tiersDecide({ seen, direction, steps }: Walk, tiers: readonly TierPolicies[], hasDefaults = true): Verdict | undefined {
  for (const { tier, policies } of tiers) {
    const outcome = firstDecision(policies, direction, seen, steps)
    if (outcome === undefined && hasDefaults)
      steps.push({ direction, subject: `Tier ${tier.name}`, tier: tier.name, outcome: tier.defaultAction })
    const decided = outcome ?? (hasDefaults ? tier.defaultAction : 'Pass')
    if (decided !== 'Pass') return decided === 'Allow' ? 'Allow' : 'Deny'
  }
  return undefined
}

/** @param subject "WorkloadEndpoint shop/web-1": what denies when no profile decides */
export function profilesAllow({ view, seen, direction, steps }: Walk, names: readonly string[], subject: string): boolean {
  for (const name of names) {
    const about = { direction, subject: `Profile ${name}` }
    const profile = view.profileOf(name)
    if (profile === undefined) {
      steps.push({ ...about, outcome: 'Deny' })
      return false
    }
    const outcome = rulesDecide({ ...about, table: 'filter', isKubernetes: false, rules: profile[direction] }, seen, steps)
    if (outcome !== undefined) return outcome === 'Allow'
  }
  steps.push({ direction, subject, outcome: 'Deny' })
  return false
}

function firstDecision(policies: readonly Policy[], direction: Direction, seen: SeenFlow, steps: Step[]): Step['outcome'] | undefined {
  for (const policy of policies) {
    const outcome = rulesDecide(ruleListOf(policy, direction), seen, steps)
    if (outcome !== undefined) return outcome
  }
  return undefined
}

function ruleListOf(policy: Policy, direction: Direction): RuleList {
  const { key, kind, namespace, name, tier } = policy
  const isKubernetes = !key.startsWith('projectcalico.org ') || kind === 'StagedKubernetesNetworkPolicy'
  const subject = `${isKubernetes && kind === 'NetworkPolicy' ? 'Kubernetes ' : ''}${kind} ${namespace === '' ? '' : `${namespace}/`}${name}`
  return { direction, subject, tier, table: tableOf(policy), isKubernetes, rules: policy[direction] ?? [] }
}
