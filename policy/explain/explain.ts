/** The verdict on one flow with every step on the way, from what the chains are rendered from (resource reference §6.2.1). */
import type { WorkloadEndpoint } from '../../src/model/workload-endpoint.ts'
import type { IpAddress } from '../../src/net/address.ts'
import type { Direction } from '../names.ts'
import { profileNames } from '../profiles.ts'
import { compareText } from '../resource-key.ts'
import type { Holder, PolicyView, TierPolicies } from './explain-ends.ts'
import { hostAllows, hostStep, transitAllowed, transitStages, tunnelStep } from './explain-host.ts'
import { type SeenFlow, seenFlow } from './explain-rule.ts'
import { profilesAllow, tiersDecide, type Walk } from './explain-tiers.ts'
import type { EndVerdict, Explanation, Pending, Step, Verdict } from './explanation.ts'
import type { Flow } from './flow.ts'

/** Who is meant where several endpoints have one address, by resource key; otherwise the one of this node, the first by name. */
export type Ends = { readonly from?: string; readonly to?: string }

/**
 * @property nodeAddresses of this node itself
 * @property interfaceTo the interface of this node by which an address is reached that is neither its own nor a workload's of it;
 * undefined: not known, so no host endpoint is asked there
 */
export type Where = Ends & {
  readonly nodeAddresses?: readonly IpAddress[]
  readonly interfaceTo?: (address: IpAddress) => string | undefined
}

/**
 * The sender's egress, then the receiver's ingress; both must allow. Between a node and its own workloads it is otherwise: the node always
 * reaches them, and what they send to it meets `toHost` once their egress has allowed it. What this node forwards from or to its workloads
 * meets the host endpoint of the interface by which it comes in before, and that of the one by which it leaves last.
 */
export function explainFlow(view: PolicyView, flow: Flow, where: Where = {}): Explanation {
  const { from, to, nodeAddresses = [] } = where
  const seen = seenFlow(view, flow)
  const sender = endpointOf(view, from, seen.source.holders)
  const receiver = endpointOf(view, to, seen.destination.holders)
  const context: Context = { view, seen, nodeAddresses, interfaceTo: where.interfaceTo }
  const way = wayOf(context, sender, receiver)
  const before = transitVerdict(context, 'ingress', way.in, !nodeAddresses.includes(seen.flow.destination), true)
  const isIn = before.every(isAllowed)
  const sent =
    sender === undefined ? hostVerdict(context, 'egress', receiver, true) : [endVerdict(context, 'egress', sender, receiver, isIn)]
  const isSent = isIn && sent.every(isAllowed)
  const received =
    receiver === undefined ? hostVerdict(context, 'ingress', sender, isSent) : [endVerdict(context, 'ingress', receiver, sender, isSent)]
  const after = transitVerdict(context, 'egress', way.out, true, isSent && received.every(isAllowed))
  const ends = [...before, ...sent, ...received, ...after]
  return { verdict: verdictOf(ends.every(isAllowed)), ends }
}

type Endpoint = Holder & { readonly resource: WorkloadEndpoint }
type Context = {
  readonly view: PolicyView
  readonly seen: SeenFlow
  readonly nodeAddresses: readonly IpAddress[]
  readonly interfaceTo: Where['interfaceTo']
}

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
  const local = isLocal(context.view, endpoint)
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
  const tunnel = direction === 'egress' && isLocal(view, endpoint) ? tunnelStep(view.tunnels, seen.flow) : undefined
  if (tunnel !== undefined) {
    steps.push(tunnel)
    return false
  }
  const allowed = workloadAllows({ view, seen, direction, steps }, endpoint.resource, tiers)
  const step = isHost && allowed ? hostStep(view.toHost) : undefined
  if (step !== undefined) steps.push(step)
  return allowed && step?.outcome !== 'Deny'
}

function workloadAllows(walk: Walk, { metadata, spec }: WorkloadEndpoint, tiers: readonly TierPolicies[]): boolean {
  const { namespace = '', name } = metadata
  const decided = tiersDecide(walk, tiers)
  return decided === undefined
    ? profilesAllow(walk, profileNames(spec.profiles, namespace), `WorkloadEndpoint ${namespace}/${name}`)
    : decided === 'Allow'
}

/**
 * The node itself at an end, where a host endpoint governs the interface towards the other one, or if that is not known the one which has the
 * address; between the node and its own workloads none does, nor to itself.
 */
function hostVerdict(
  { view, seen, nodeAddresses, interfaceTo }: Context,
  direction: Direction,
  other: Endpoint | undefined,
  reached: boolean,
): readonly EndVerdict[] {
  const { source, destination } = seen.flow
  const [own, away] = direction === 'ingress' ? [destination, source] : [source, destination]
  if (!nodeAddresses.includes(own) || nodeAddresses.includes(away) || (other !== undefined && isLocal(view, other))) return []
  const interfaceName = interfaceTo?.(away)
  const found = interfaceName === undefined ? view.hostAt(own) : view.hostOn(interfaceName)
  if (found === undefined) return []
  const steps: Step[] = []
  const allowed = hostAllows({ view, seen, direction, steps }, found)
  return [{ direction, endpoint: found.resource, local: true, reached, verdict: verdictOf(allowed), steps }]
}

/** By which interfaces of this node the flow comes in and leaves, as far as it goes through. */
type Way = { readonly in?: string; readonly out?: string }

function wayOf({ view, seen, nodeAddresses, interfaceTo }: Context, sender?: Endpoint, receiver?: Endpoint): Way {
  const { source, destination } = seen.flow
  const [isFrom, isTo] = [sender, receiver].map((end) => end !== undefined && isLocal(view, end))
  if ((!isFrom && !isTo) || nodeAddresses.includes(source)) return {}
  const inside = isFrom ? sender?.resource.spec.interfaceName : interfaceTo?.(source)
  const outside = isTo
    ? receiver?.resource.spec.interfaceName
    : nodeAddresses.includes(destination)
      ? undefined
      : interfaceTo?.(destination)
  return { ...(inside !== undefined && { in: inside }), ...(outside !== undefined && { out: outside }) }
}

/** What the host endpoint of an interface says to what only passes through it. */
function transitVerdict(
  { view, seen }: Context,
  direction: Direction,
  interfaceName: string | undefined,
  isForwarded: boolean,
  reached: boolean,
): readonly EndVerdict[] {
  const found = interfaceName === undefined ? undefined : view.hostOn(interfaceName)
  if (found === undefined || transitStages(direction, { found, isForwarded }).length === 0) return []
  const steps: Step[] = []
  const allowed = transitAllowed({ view, seen, direction, steps }, { found, isForwarded })
  return [{ direction, endpoint: found.resource, local: true, reached, verdict: verdictOf(allowed), steps, transit: true }]
}

function isLocal({ nodeName }: PolicyView, { resource }: Endpoint): boolean {
  return resource.spec.node === nodeName
}

function isEndpoint(holder: Holder): holder is Endpoint {
  return holder.resource.kind === 'WorkloadEndpoint'
}

function isAllowed({ verdict }: EndVerdict): boolean {
  return verdict === 'Allow'
}

function verdictOf(allowed: boolean): Verdict {
  return allowed ? 'Allow' : 'Deny'
}
