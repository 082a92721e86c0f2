import { kubernetesPolicyFieldsHere } from './foreign-fields.ts'
import { flagProblems, globalPolicyFields } from './global-policy-fields.ts'
import { defineKind } from './kind.ts'
import { globalPolicyName } from './policy-name.ts'
import { completePolicy } from './policy-rule.ts'
import { closedObject, crossChecked } from './schema-check.ts'
import { withTierLabel } from './tier-label.ts'

/** Resource reference §6.3. */
export const globalNetworkPolicy = defineKind({
  group: 'projectcalico.org',
  version: 'v3',
  kind: 'GlobalNetworkPolicy',
  plural: 'globalnetworkpolicies',
  namespaced: false,
  spec: crossChecked(closedObject(globalPolicyFields, kubernetesPolicyFieldsHere), flagProblems),
  name: globalPolicyName,
  complete: ({ metadata, spec }) => withTierLabel(metadata, completePolicy(spec)),
})
