import { defineKind } from './kind.ts'
import { policyName } from './policy-name.ts'
import { completePolicy, policyFields } from './policy-rule.ts'
import { closedObject } from './schema-check.ts'
import { withTierLabel } from './tier-label.ts'

/** Resource reference §6.2. */
export const networkPolicy = defineKind({
  group: 'projectcalico.org',
  version: 'v3',
  kind: 'NetworkPolicy',
  plural: 'networkpolicies',
  namespaced: true,
  spec: closedObject(policyFields),
  name: policyName,
  complete: ({ metadata, spec }) => withTierLabel(metadata, completePolicy(spec)),
})
