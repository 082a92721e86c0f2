/** Policies that are tried before they are enforced (resource reference §6.7). */
import Type from 'typebox'
import { kubernetesPolicyFieldsHere } from './foreign-fields.ts'
import { flagProblems, globalPolicyFields } from './global-policy-fields.ts'
import { defineKind } from './kind.ts'
import { kubernetesPolicyFields, kubernetesPolicySpec } from './kubernetes-network-policy.ts'
import { ruleCountProblems } from './kubernetes-rule-count.ts'
import { globalPolicyName, policyName } from './policy-name.ts'
import { completePolicy, type PolicySpec, policyFields } from './policy-rule.ts'
import type { Metadata, Problem } from './resource.ts'
import { closedObject, crossChecked } from './schema-check.ts'
import { withTierLabel } from './tier-label.ts'
import { word } from './word.ts'

/** `Learn` is for tools that propose policies; such a one is tried as it stands. */
export type StagedAction = 'Set' | 'Delete' | 'Learn' | 'Ignore'

const stagedAction = Type.Optional(word('Set', 'Delete', 'Learn', 'Ignore'))

export const stagedNetworkPolicy = defineKind({
  group: 'projectcalico.org',
  version: 'v3',
  kind: 'StagedNetworkPolicy',
  plural: 'stagednetworkpolicies',
  namespaced: true,
  spec: crossChecked(closedObject({ ...policyFields, stagedAction }, kubernetesPolicyFieldsHere), deletionProblems),
  name: policyName,
  complete: ({ metadata, spec }) => completed(metadata, spec),
})

export const stagedGlobalNetworkPolicy = defineKind({
  group: 'projectcalico.org',
  version: 'v3',
  kind: 'StagedGlobalNetworkPolicy',
  plural: 'stagedglobalnetworkpolicies',
  namespaced: false,
  spec: crossChecked(closedObject({ ...globalPolicyFields, stagedAction }, kubernetesPolicyFieldsHere), (spec) => [
    ...deletionProblems(spec),
    ...flagProblems(spec),
  ]),
  name: globalPolicyName,
  complete: ({ metadata, spec }) => completed(metadata, spec),
})

export const stagedKubernetesNetworkPolicy = defineKind({
  group: 'projectcalico.org',
  version: 'v3',
  kind: 'StagedKubernetesNetworkPolicy',
  plural: 'stagedkubernetesnetworkpolicies',
  namespaced: true,
  spec: crossChecked(
    closedObject({ ...kubernetesPolicyFields, podSelector: Type.Optional(kubernetesPolicyFields.podSelector), stagedAction }),
    (spec) => (spec.stagedAction === 'Delete' ? deletionProblems(spec) : [...podSelectorProblems(spec), ...ruleCountProblems(spec)]),
  ),
  complete: ({ metadata, spec: { podSelector, stagedAction = 'Set', ...spec } }) => ({
    metadata,
    spec: podSelector === undefined ? { stagedAction } : { ...kubernetesPolicySpec({ podSelector, ...spec }), stagedAction },
  }),
})

type Staged = Parameters<typeof completePolicy>[0] & { readonly types?: PolicySpec['types']; readonly stagedAction?: StagedAction }

/** A deletion has no rules, and so no directions. */
function completed(metadata: Metadata, { stagedAction = 'Set', ...spec }: Staged) {
  const { tier = 'default' } = spec
  return withTierLabel(metadata, { ...(stagedAction === 'Delete' ? { tier } : completePolicy(spec)), stagedAction })
}

/** "What if this policy were deleted": it says which and nothing else. */
function deletionProblems(spec: { readonly stagedAction?: StagedAction }): readonly Problem[] {
  if (spec.stagedAction !== 'Delete') return []
  const others = Object.keys(spec).filter((field) => field !== 'stagedAction' && field !== 'tier')
  return others.map((path) => ({ path, reason: 'is not for stagedAction Delete: leave it out' }))
}

function podSelectorProblems({ podSelector }: { readonly podSelector?: unknown }): readonly Problem[] {
  return podSelector === undefined ? [{ path: 'podSelector', reason: 'is required' }] : []
}
