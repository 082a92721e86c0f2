/** Rules shared by all policies and profiles (resource reference §6.1), and the specs that hold them (§6.2, §6.3). */
import Type, { type StaticDecode, type TSchema } from 'typebox'
import type { Frozen } from './frozen.ts'
import { ruleProblems } from './rule-check.ts'
import { ruleShape } from './rule-shape.ts'
import { selector } from './scalars.ts'
import { closedObject, crossChecked } from './schema-check.ts'
import { misplacedServices, servicesWithoutNamespace } from './service-rule-check.ts'

const direction = Type.Enum(['Ingress', 'Egress'])

/** A rule with the checks across its fields. */
export const policyRule = crossChecked(ruleShape, ruleProblems)

/** At most 1024 rules. */
export function ruleList<Rule extends TSchema>(rule: Rule) {
  return Type.Optional(Type.Array(rule, { maxItems: 1_024 }))
}

export const ingressRule = crossChecked(policyRule, (rule) => misplacedServices(rule, 'ingress'))
export const egressRule = crossChecked(policyRule, (rule) => misplacedServices(rule, 'egress'))

/** The rules of what is in no namespace. */
export const globalRules = {
  ingress: ruleList(crossChecked(ingressRule, servicesWithoutNamespace)),
  egress: ruleList(crossChecked(egressRule, servicesWithoutNamespace)),
}

/** Fields of every policy's spec. */
export const policyFields = {
  tier: Type.Optional(Type.String()),
  order: Type.Optional(Type.Number()),
  selector: Type.Optional(selector),
  serviceAccountSelector: Type.Optional(selector),
  types: Type.Optional(Type.Array(direction, { maxItems: 2, uniqueItems: true })),
  ingress: ruleList(ingressRule),
  egress: ruleList(egressRule),
  performanceHints: Type.Optional(Type.Array(Type.Enum(['AssumeNeededOnEveryNode']), { uniqueItems: true })),
}

const policySpec = closedObject(policyFields)

type Completed<Spec> = Spec & { readonly tier: string; readonly types: readonly ('Ingress' | 'Egress')[] }

/** After checks and defaults: `tier` and `types` are always set. */
export type PolicySpec = Completed<Frozen<StaticDecode<typeof policySpec>>>

export type GlobalPolicySpec = PolicySpec & {
  readonly namespaceSelector?: string
  readonly doNotTrack?: boolean
  readonly preDNAT?: boolean
  readonly applyOnForward?: boolean
}

type Rules = { readonly ingress?: readonly unknown[]; readonly egress?: readonly unknown[] }

/**
 * The spec with `tier` and `types` filled. Without `types` a policy applies in the directions it has rules for, and one without
 * any rules to ingress.
 */
export function completePolicy<Spec extends Rules & { readonly tier?: string; readonly types?: PolicySpec['types'] }>(spec: Spec) {
  const { tier = 'default', types = [], ingress = [], egress = [] } = spec
  const derived: PolicySpec['types'] = egress.length === 0 ? ['Ingress'] : ingress.length === 0 ? ['Egress'] : ['Ingress', 'Egress']
  return { ...spec, tier, types: types.length > 0 ? types : derived }
}
