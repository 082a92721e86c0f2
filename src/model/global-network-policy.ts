import Type from 'typebox'
import { defineKind } from './kind.ts'
import { globalPolicyName } from './policy-name.ts'
import { completePolicy, policyFields } from './policy-rule.ts'
import { selector } from './scalars.ts'
import { closedObject } from './schema-check.ts'
import { withTierLabel } from './tier-label.ts'

/** A policy for host endpoints only: without them it has nothing to police, and taken as an ordinary one it would police workloads. */
const hostEndpointFlag = Type.Refine(
  Type.Boolean(),
  (set) => !set,
  () => 'is not supported yet: it makes the policy one for host endpoints',
)

const spec = closedObject({
  ...policyFields,
  namespaceSelector: Type.Optional(selector),
  doNotTrack: Type.Optional(hostEndpointFlag),
  preDNAT: Type.Optional(hostEndpointFlag),
  /** Without effect while there are no host endpoints: it only adds their forwarded traffic. */
  applyOnForward: Type.Optional(Type.Boolean()),
})

/** Resource reference §6.3. */
export const globalNetworkPolicy = defineKind({
  group: 'projectcalico.org',
  version: 'v3',
  kind: 'GlobalNetworkPolicy',
  plural: 'globalnetworkpolicies',
  namespaced: false,
  spec,
  name: globalPolicyName,
  complete: ({ metadata, spec }) => withTierLabel(metadata, completePolicy(spec)),
})
