/**
 * The verdict on one flow, straight from the resources and their meaning (resource reference §6.2.1), with every step on the way.
 * It shares no index, set or chain with the compiler: each is the test of the other.
 */
import type { KubernetesNetworkPolicySpec } from '../../src/model/kubernetes-network-policy.ts'
import type { GlobalPolicySpec } from '../../src/model/policy-rule.ts'
import type { ProfileSpec } from '../../src/model/profile.ts'
import { groupOf, type Resource } from '../../src/model/resource.ts'
import type { PolicyRule } from '../../src/model/rule-shape.ts'
import type { WorkloadEndpoint } from '../../src/model/workload-endpoint.ts'
import type { IpAddress } from '../../src/net/address.ts'
import type { Direction } from '../names.ts'
import type { PolicyActions } from '../policy-actions.ts'
import { profileNames } from '../profiles.ts'
import { compareText } from '../resource-key.ts'
import { compareTiers, tierOf } from '../tiers.ts'
import type { Flow } from './flow.ts'
import { k8sApplies, k8sMismatches, k8sSelects } from './reference-k8s.fixture.ts'
import { isSet, ruleMismatch, selects, unprefixed } from './reference-rule.fixture.ts'
import { type Bearer, bearerOf, type World, worldOf } from './reference-world.fixture.ts'

export type Verdict = 'Allow' | 'Deny'

/**
 * @property subject "NetworkPolicy shop/web", "Tier default", "Profile kns.shop", or the endpoint when nothing else decided
 * @property rule 0-based index in the policy's list of the direction; absent where the whole subject is meant
 * @property mismatch the first condition of the rule that did not hold: "protocol", "source.selector"
 */
export type Step = {
  readonly direction: Direction
  readonly subject: string
  readonly rule?: number
  readonly outcome: 'Allow' | 'Deny' | 'Pass' | 'Reject' | 'Log' | 'no match'
  readonly mismatch?: string
}

export type Explanation = { readonly verdict: Verdict; readonly steps: readonly Step[] }

/** The workloads at both ends; absent: no endpoint, or one whose side is not asked for. */
export type Ends = { readonly from?: WorkloadEndpoint; readonly to?: WorkloadEndpoint }

/** The node that decides. @property addresses its own  @property toHost what its workloads meet that talk to it */
export type Host = { readonly node: string; readonly addresses: readonly IpAddress[]; readonly toHost: PolicyActions['toHost'] }

/**
 * The sender's egress, then the receiver's ingress; both must allow. Between a node and its own workloads it is otherwise: the node always
 * reaches them, and what they send to it meets `toHost` once their egress has allowed it.
 * @param resources all that are stored, in any order
 */
export function explain(resources: readonly Resource[], flow: Flow, ends: Ends, host?: Host): Explanation {
  const { from, to } = ends
  const world = worldOf(resources)
  const steps: Step[] = []
  const allowed =
    (from === undefined || endAllows(world, from, 'egress', flow, steps)) &&
    (hostDecides(host, flow, ends, steps) ?? (to === undefined || endAllows(world, to, 'ingress', flow, steps)))
  return { verdict: allowed ? 'Allow' : 'Deny', steps }
}

/** undefined: the flow is not between the node and a workload of its own, or what the node says leaves it open. */
function hostDecides(host: Host | undefined, { source, destination }: Flow, { from, to }: Ends, steps: Step[]): boolean | undefined {
  if (host === undefined) return undefined
  const { node, addresses, toHost } = host
  if (from === undefined && to?.spec.node === node && addresses.includes(source)) {
    steps.push({ direction: 'ingress', subject: `Node ${node}`, outcome: 'Allow' })
    return true
  }
  if (to !== undefined || from?.spec.node !== node || !addresses.includes(destination) || toHost === 'return') return undefined
  const allowed = toHost === 'accept'
  steps.push({
    direction: 'egress',
    subject: 'FelixConfiguration defaultEndpointToHostAction',
    outcome: allowed ? 'Allow' : 'Deny',
  })
  return allowed
}

function endAllows(world: World, endpoint: WorkloadEndpoint, direction: Direction, flow: Flow, steps: Step[]): boolean {
  const policies = applicable(world, bearerOf(world.resources, endpoint), direction)
  const stored = (name: string) => world.resources.find((other) => other.kind === 'Tier' && other.metadata.name === name)
  const tiers = [...new Set(policies.map(({ tier }) => tier))].map((name) => tierOf(name, stored(name))).toSorted(compareTiers)
  for (const tier of tiers) {
    const outcome = firstDecision(
      policies.filter((policy) => policy.tier === tier.name),
      world,
      direction,
      flow,
      steps,
    )
    if (outcome === undefined) steps.push({ direction, subject: `Tier ${tier.name}`, outcome: tier.defaultAction })
    const decided = outcome ?? tier.defaultAction
    if (decided !== 'Pass') return decided === 'Allow'
  }
  return profilesAllow(world, endpoint, direction, flow, steps)
}

function profilesAllow(world: World, endpoint: WorkloadEndpoint, direction: Direction, flow: Flow, steps: Step[]): boolean {
  const namespace = endpoint.metadata.namespace ?? ''
  for (const name of profileNames(endpoint.spec.profiles, namespace)) {
    const subject = `Profile ${name}`
    const resource = world.resources.find((other) => other.kind === 'Profile' && other.metadata.name === name)
    const rules = resource === undefined ? builtInRules(name) : ((resource.spec as ProfileSpec)[direction] ?? [])
    if (rules === undefined) {
      steps.push({ direction, subject, outcome: 'Deny' })
      return false
    }
    const profile: Applicable = { subject, namespace: '', tier: '', order: 0, name, rank: '', rules }
    const outcome = firstDecision([profile], world, direction, flow, steps)
    if (outcome === 'Allow' || outcome === 'Deny') return outcome === 'Allow'
  }
  steps.push({ direction, subject: `WorkloadEndpoint ${namespace}/${endpoint.metadata.name}`, outcome: 'Deny' })
  return false
}

function builtInRules(name: string): readonly PolicyRule[] | undefined {
  if (name.startsWith('kns.') || name === 'projectcalico-default-allow') return [{ action: 'Allow' }]
  return name.startsWith('ksa.') ? [] : undefined
}

/** One policy that selects the endpoint in the direction. @property rules of the direction, or those of Kubernetes */
type Applicable = {
  readonly subject: string
  readonly namespace: string
  readonly tier: string
  readonly order: number
  readonly name: string
  /** Last tie-break: kinds in the order of their chain names. */
  readonly rank: string
  readonly rules: readonly PolicyRule[] | KubernetesNetworkPolicySpec
}

function applicable(world: World, endpoint: Bearer, direction: Direction): readonly Applicable[] {
  const policies = world.resources.flatMap((resource) => applicableOf(resource, endpoint, direction) ?? [])
  return policies.toSorted(
    (a, b) =>
      (a.order === b.order ? 0 : a.order - b.order) ||
      compareText(a.name, b.name) ||
      compareText(a.namespace, b.namespace) ||
      compareText(a.rank, b.rank),
  )
}

function applicableOf({ apiVersion, kind, metadata, spec }: Resource, endpoint: Bearer, direction: Direction): Applicable | undefined {
  const { name, namespace = '' } = metadata
  const subject = `${kind} ${namespace === '' ? '' : `${namespace}/`}${name}`
  if (groupOf(apiVersion) === 'networking.k8s.io' && kind === 'NetworkPolicy') {
    const rules = spec as KubernetesNetworkPolicySpec
    if (!k8sApplies(rules, direction) || !k8sSelects(rules, namespace, endpoint)) return undefined
    return { subject: `Kubernetes ${subject}`, namespace, tier: 'default', order: 1000, name, rank: 'knp', rules }
  }
  if (kind !== 'NetworkPolicy' && kind !== 'GlobalNetworkPolicy') return undefined
  const policy = spec as GlobalPolicySpec
  if (policy.doNotTrack === true || policy.preDNAT === true) return undefined
  if (!policy.types.includes(direction === 'ingress' ? 'Ingress' : 'Egress') || !isSubject(policy, namespace, endpoint)) return undefined
  const rank = kind === 'NetworkPolicy' ? 'np' : 'gnp'
  return {
    subject,
    namespace,
    tier: policy.tier,
    order: policy.order ?? Number.POSITIVE_INFINITY,
    name,
    rank,
    rules: policy[direction] ?? [],
  }
}

function isSubject(policy: GlobalPolicySpec, namespace: string, endpoint: Bearer): boolean {
  const { selector, namespaceSelector, serviceAccountSelector } = policy
  if (namespace !== '' && endpoint.namespace !== namespace) return false
  if (isSet(namespaceSelector) && !selects(namespaceSelector, unprefixed('pcns.', endpoint))) return false
  if (isSet(serviceAccountSelector) && !selects(serviceAccountSelector, unprefixed('pcsa.', endpoint))) return false
  return selects(selector, endpoint.labels)
}

function firstDecision(policies: readonly Applicable[], world: World, direction: Direction, flow: Flow, steps: Step[]) {
  for (const policy of policies) {
    const outcome = decision(policy, world, direction, flow, steps)
    if (outcome !== undefined) return outcome
  }
  return undefined
}

function decision({ subject, namespace, rules }: Applicable, world: World, direction: Direction, flow: Flow, steps: Step[]) {
  for (const [rule, { action, mismatch }] of judged(rules, world, namespace, direction, flow).entries()) {
    if (mismatch === undefined) steps.push({ direction, subject, rule, outcome: action })
    else steps.push({ direction, subject, rule, outcome: 'no match', mismatch })
    if (mismatch === undefined && action !== 'Log') return action
  }
  steps.push({ direction, subject, outcome: 'no match' })
  return undefined
}

function judged(rules: Applicable['rules'], world: World, namespace: string, direction: Direction, flow: Flow) {
  if (Array.isArray(rules))
    return (rules as readonly PolicyRule[]).map((rule) => ({ action: rule.action, mismatch: ruleMismatch(world, rule, namespace, flow) }))
  const mismatches = k8sMismatches(world, rules as KubernetesNetworkPolicySpec, namespace, direction, flow)
  return mismatches.map((mismatch) => ({ action: 'Allow' as const, mismatch }))
}
