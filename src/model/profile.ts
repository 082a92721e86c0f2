import Type, { type StaticDecode } from 'typebox'
import type { Frozen } from './frozen.ts'
import { defineKind } from './kind.ts'
import { labels } from './metadata.ts'
import { egressRule, ingressRule, ruleList } from './policy-rule.ts'
import type { Problem } from './resource.ts'
import type { PolicyRule } from './rule-shape.ts'
import { closedObject, crossChecked } from './schema-check.ts'
import { servicesWithoutNamespace } from './service-rule-check.ts'

const spec = closedObject({
  ingress: ruleList(crossChecked(ingressRule, ruleProblems)),
  egress: ruleList(crossChecked(egressRule, ruleProblems)),
  labelsToApply: Type.Optional(labels),
})

export type ProfileSpec = Frozen<StaticDecode<typeof spec>>

/** Resource reference §6.6. */
export const profile = defineKind({
  group: 'projectcalico.org',
  version: 'v3',
  kind: 'Profile',
  plural: 'profiles',
  namespaced: false,
  spec,
  crossCheck: ({ metadata }) => builtInProblems(metadata.name),
})

/** Those of namespaces and service accounts exist always, made from the Namespace and the ServiceAccount. */
function builtInProblems(name: string): readonly Problem[] {
  if (!/^(kns|ksa)\./.test(name) && name !== 'projectcalico-default-allow') return []
  return [{ path: 'metadata.name', reason: 'this profile is built in and cannot be written', value: name }]
}

function ruleProblems(rule: PolicyRule): readonly Problem[] {
  const { action } = rule
  const pass = { path: 'action', reason: 'Pass has no meaning in a profile: there is no next tier', value: action }
  return [...(action === 'Pass' ? [pass] : []), ...servicesWithoutNamespace(rule)]
}
