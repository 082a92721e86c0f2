import { kubernetesPolicyFieldsHere } from './foreign-fields.ts'
import { defineKind } from './kind.ts'
import { policyName } from './policy-name.ts'
import { completePolicy, policyFields } from './policy-rule.ts'
import { closedObject } from './schema-check.ts'
import { withTierLabel } from './tier-label.ts'

const global = 'is for GlobalNetworkPolicy only'
const globalFieldsHere = {
  namespaceSelector: `${global}: this policy is about its own namespace`,
  doNotTrack: global,
  preDNAT: global,
  applyOnForward: global,
}

/** Resource reference §6.2. */
export const networkPolicy = defineKind({
  group: 'projectcalico.org',
  version: 'v3',
  kind: 'NetworkPolicy',
  plural: 'networkpolicies',
  namespaced: true,
  spec: closedObject(policyFields, { ...kubernetesPolicyFieldsHere, ...globalFieldsHere }),
  name: policyName,
  complete: ({ metadata, spec }) => withTierLabel(metadata, completePolicy(spec)),
})
