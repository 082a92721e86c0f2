/** The verdict on one flow with every step on the way, from what the chains are rendered from (resource reference §6.2.1). */
import type { WorkloadEndpoint } from '../src/model/workload-endpoint.ts'
import type { IpAddress } from '../src/net/address.ts'
import type { Holder, PolicyView, TierPolicies } from './explain-ends.ts'
import { hostStep } from './explain-host.ts'
import { type SeenFlow, seenFlow } from './explain-rule.ts'
import { type RuleList, rulesDecide } from './explain-rules.ts'
import type { EndVerdict, Explanation, Pending, Step, Verdict } from './explanation.ts'
import type { Flow } from './flow.ts'
import type { Direction } from './names.ts'
import type { Policy } from './policy.ts'
import { profileNames } from './profiles.ts'
import { compareText } from './resource-key.ts'

/** Who is meant where several endpoints have one address, by resource key; otherwise the one of this node, the first by name. */
export type Ends = { readonly from?: string; readonly to?: string }

/** @property nodeAddresses of this node itself */
export type Where = Ends & { readonly nodeAddresses?: readonly IpAddress[] }

/**
 * The sender's egress, then the receiver's ingress; both must allow. Between a node and its own workloads it is otherwise: the node always
 * reaches them, and what they send to it meets `toHost` once their egress has allowed it.
 */
export function explainFlow(view: PolicyView, flow: Flow, { from, to, nodeAddresses = [] }: Where = {}): Explanation {
  const seen = seenFlow(view, flow)
  const sender = endpointOf(view, from, seen.source.holders)
  const receiver = endpointOf(view, to, seen.destination.holders)
  const context: Context = { view, seen, nodeAddresses }
  const ends: EndVerdict[] = []
  if (sender !== undefined) ends.push(endVerdict(context, 'egress', sender, receiver, true))
  const isSent = ends.every(({ verdict }) => verdict === 'Allow')
  if (receiver !== undefined) ends.push(endVerdict(context, 'ingress', receiver, sender, isSent))
  return { verdict: verdictOf(ends.every(({ verdict }) => verdict === 'Allow')), ends }
}

type Endpoint = Holder & { readonly resource: WorkloadEndpoint }
type Context = { readonly view: PolicyView; readonly seen: SeenFlow; readonly nodeAddresses: readonly IpAddress[] }

function endpointOf(view: PolicyView, id: string | undefined, holders: readonly Holder[]): Endpoint | undefined {
  const given = id === undefined ? undefined : view.holder(id)
  const [first] = (given === undefined ? holders : [given]).filter(isEndpoint).toSorted((a, b) => rank(view, a, b))
  return first
}

function rank({ nodeName }: PolicyView, a: Endpoint, b: Endpoint): number {
  const [here, there] = [a, b].map(({ resource }) => (resource.spec.node === nodeName ? 0 : 1))
  return (here ?? 0) - (there ?? 0) || compareText(a.id, b.id)
}

function endVerdict(context: Context, direction: Direction, endpoint: Endpoint, other: Endpoint | undefined, reached: boolean): EndVerdict {
  const { nodeName } = context.view
  const local = endpoint.resource.spec.node === nodeName
  const away = direction === 'ingress' ? context.seen.flow.source : context.seen.flow.destination
  const isHost = local && other === undefined && context.nodeAddresses.includes(away)
  const decided = (tiers: readonly TierPolicies[]): Pending => {
    const steps: Step[] = []
    const allowed = endAllows(context, direction, endpoint, { tiers, isHost }, steps)
    return { verdict: verdictOf(allowed), steps }
  }
  const pendingTiers = context.view.pendingTiersOf(endpoint, direction)
  return {
    direction,
    endpoint: endpoint.resource,
    local,
    reached,
    ...decided(context.view.tiersOf(endpoint, direction)),
    ...(pendingTiers !== undefined && { pending: decided(pendingTiers) }),
  }
}

/** @property isHost this node itself is the other end */
type Asked = { readonly tiers: readonly TierPolicies[]; readonly isHost: boolean }

function endAllows({ view, seen }: Context, direction: Direction, endpoint: Endpoint, { tiers, isHost }: Asked, steps: Step[]): boolean {
  if (isHost && direction === 'ingress') {
    steps.push({ direction, subject: `Node ${view.nodeName}`, outcome: 'Allow' })
    return true
  }
  const allowed = policiesAllow(view, seen, direction, endpoint, tiers, steps)
  const step = isHost && allowed ? hostStep(view.toHost) : undefined
  if (step !== undefined) steps.push(step)
  return allowed && step?.outcome !== 'Deny'
}

function policiesAllow(
  view: PolicyView,
  seen: SeenFlow,
  direction: Direction,
  endpoint: Endpoint,
  tiers: readonly TierPolicies[],
  steps: Step[],
): boolean {
  for (const { tier, policies } of tiers) {
    const outcome = firstDecision(policies, direction, seen, steps)
    if (outcome === undefined) steps.push({ direction, subject: `Tier ${tier.name}`, tier: tier.name, outcome: tier.defaultAction })
    const decided = outcome ?? tier.defaultAction
    if (decided !== 'Pass') return decided === 'Allow'
  }
  return profilesAllow(view, seen, direction, endpoint, steps)
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
  return { direction, subject, tier, isKubernetes, rules: policy[direction] ?? [] }
}

function profilesAllow(view: PolicyView, seen: SeenFlow, direction: Direction, { resource }: Endpoint, steps: Step[]): boolean {
  const { namespace = '', name: endpointName } = resource.metadata
  for (const name of profileNames(resource.spec.profiles, namespace)) {
    const subject = `Profile ${name}`
    const profile = view.profileOf(name)
    if (profile === undefined) {
      steps.push({ direction, subject, outcome: 'Deny' })
      return false
    }
    const outcome = rulesDecide({ direction, subject, isKubernetes: false, rules: profile[direction] }, seen, steps)
    if (outcome !== undefined) return outcome === 'Allow'
  }
  steps.push({ direction, subject: `WorkloadEndpoint ${namespace}/${endpointName}`, outcome: 'Deny' })
  return false
}

function isEndpoint(holder: Holder): holder is Endpoint {
  return holder.resource.kind === 'WorkloadEndpoint'
}

function verdictOf(allowed: boolean): Verdict {
  return allowed ? 'Allow' : 'Deny'
}
