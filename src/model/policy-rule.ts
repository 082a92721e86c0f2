/** Rules shared by all policies and profiles (resource reference §6.1), and the specs that hold them (§6.2, §6.3). */
import Type, { type StaticDecode, type TSchema } from 'typebox'
import { actionsOfOthers, kubernetesPeerFieldsHere, kubernetesRuleFieldsHere } from './foreign-fields.ts'
import type { Frozen } from './frozen.ts'
import { ruleProblems } from './rule-check.ts'
import { name, net, port, protocol, ruleNamespaceSelector, selector } from './scalars.ts'
import { closedObject, crossChecked } from './schema-check.ts'
import { misplacedServices, servicesWithoutNamespace } from './service-rule-check.ts'

const httpReason = 'matching of HTTP requests is not supported: without it the rule would match more than is written'

const nets = Type.Array(net, { maxItems: 256, uniqueItems: true })
const ports = Type.Array(port, { maxItems: 50 })
const direction = Type.Enum(['Ingress', 'Egress'])

export const entityRule = closedObject(
  {
    nets: Type.Optional(nets),
    notNets: Type.Optional(nets),
    selector: Type.Optional(selector),
    notSelector: Type.Optional(selector),
    namespaceSelector: Type.Optional(ruleNamespaceSelector),
    ports: Type.Optional(ports),
    notPorts: Type.Optional(ports),
    serviceAccounts: Type.Optional(
      closedObject({
        names: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 253 }), { uniqueItems: true })),
        selector: Type.Optional(selector),
      }),
    ),
    services: Type.Optional(closedObject({ name, namespace: Type.Optional(name) }, {}, { name: 'db', namespace: 'shop' })),
  },
  kubernetesPeerFieldsHere,
)

const icmp = closedObject({
  type: Type.Optional(Type.Integer({ minimum: 0, maximum: 254 })),
  code: Type.Optional(Type.Integer({ minimum: 0, maximum: 255 })),
})

/** `Reject` is ours: Deny, but the sender is told. Which of the two Deny is for everybody, FelixConfiguration says. */
const ruleShape = closedObject(
  {
    action: Type.Enum(['Allow', 'Deny', 'Log', 'Pass', 'Reject'], { meant: actionsOfOthers }),
    ipVersion: Type.Optional(Type.Unsafe<4 | 6>({ enum: [4, 6] })),
    protocol: Type.Optional(protocol),
    notProtocol: Type.Optional(protocol),
    icmp: Type.Optional(icmp),
    notICMP: Type.Optional(icmp),
    source: Type.Optional(entityRule),
    destination: Type.Optional(entityRule),
    metadata: Type.Optional(closedObject({ annotations: Type.Optional(Type.Record(Type.String(), Type.String())) })),
  },
  { ...kubernetesRuleFieldsHere, http: httpReason },
)

/** A rule with the checks across its fields. */
export const policyRule = crossChecked(ruleShape, ruleProblems)

export type PortSpec = number | string // 80, "80:90", "http"
export type EntityRule = Frozen<StaticDecode<typeof entityRule>>
export type PolicyRule = Frozen<StaticDecode<typeof ruleShape>>
export type RuleAction = PolicyRule['action']

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
