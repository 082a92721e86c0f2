import type { ClusterNetworkPolicySpec } from '../src/model/cluster-network-policy.ts'
import type { KubernetesNetworkPolicySpec } from '../src/model/kubernetes-network-policy.ts'
import type { GlobalPolicySpec, PolicySpec, PortSpec, RuleAction } from '../src/model/policy-rule.ts'
import { groupOf, type Resource, refOf } from '../src/model/resource.ts'
import type { StagedAction } from '../src/model/staged-policy.ts'
import type { Family } from '../src/net/address.ts'
import { policyFromCluster } from './cluster-network-policy.ts'
import { type DraftRule, resolveRules } from './draft-rule.ts'
import { type SelectorTerm, subjectSelector } from './effective-selector.ts'
import { policyFromK8s } from './k8s-network-policy.ts'
import { compareText, resourceKey } from './resource-key.ts'
import type { ServiceName } from './sets/service-slices.ts'

/** One end of a rule with its selectors made whole (§6.1.2). Absent fields demand nothing. */
export type Peer = {
  readonly nets?: readonly string[]
  readonly notNets?: readonly string[]
  readonly selector?: SelectorTerm
  readonly notSelector?: SelectorTerm
  /** As a destination with its ports, as a source without. */
  readonly service?: ServiceName
  readonly ports?: readonly PortSpec[]
  readonly notPorts?: readonly PortSpec[]
}

type Icmp = { readonly type?: number; readonly code?: number }

/** @property index in the user's list of that direction, from 0; what the user wrote as one rule may be several here, with one index */
export type Rule = {
  readonly index: number
  readonly action: RuleAction
  readonly ipVersion?: Family
  readonly protocol?: string | number
  readonly notProtocol?: string | number
  readonly icmp?: Icmp
  readonly notICMP?: Icmp
  readonly source: Peer
  readonly destination: Peer
  /** Made of the rule's annotations. */
  readonly comment?: string
}

/**
 * A policy of any kind in the one form that is rendered.
 * @property id names it in chain names: kinds never clash ("gnp/web", "np/shop/web", "knp/shop/web")
 * @property order Infinity when the user gave none: last
 * @property stage where it is asked when not in its usual place: only of host endpoints, and before routing
 * @property applyOnForward of host endpoints, it is also about what is forwarded through them
 * @property ingress undefined when the policy does not apply in that direction; [] when it applies and nothing matches
 * @property staged only tried: never rendered, and no reason for its tier to deny what nobody allows (§6.7)
 * @property replaces of a staged policy: the key of the enforced one in whose place it would stand
 */
export type Policy = {
  readonly key: string
  readonly id: string
  readonly kind: string
  readonly namespace: string
  readonly name: string
  readonly tier: string
  readonly order: number
  readonly subject: SelectorTerm
  readonly stage?: 'doNotTrack' | 'preDNAT'
  readonly applyOnForward?: true
  readonly ingress?: readonly Rule[]
  readonly egress?: readonly Rule[]
  readonly staged?: true
  readonly replaces?: string
}

type StagedSpec = { readonly stagedAction?: StagedAction; readonly tier?: string }

/** What the kinds have in common once each is in Calico's terms. */
export type PolicyDraft = Pick<GlobalPolicySpec, 'tier' | 'order' | 'selector' | 'namespaceSelector' | 'serviceAccountSelector' | 'types'> &
  Pick<Policy, 'stage' | 'applyOnForward'> & {
    readonly ingress?: readonly DraftRule[]
    readonly egress?: readonly DraftRule[]
  }

/** @property prefix of the policy's `id` */
type Reader = {
  readonly prefix: string
  readonly namespaced: boolean
  readonly read: (spec: unknown) => PolicyDraft
}

const calico = 'projectcalico.org'
const kubernetes = 'networking.k8s.io'

const readers: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  [`${calico} NetworkPolicy`, { prefix: 'np', namespaced: true, read: (spec) => spec as PolicySpec }],
  [`${calico} GlobalNetworkPolicy`, { prefix: 'gnp', namespaced: false, read: globalDraft }],
  [`${kubernetes} NetworkPolicy`, { prefix: 'knp', namespaced: true, read: (spec) => policyFromK8s(spec as KubernetesNetworkPolicySpec) }],
  [
    'policy.networking.k8s.io ClusterNetworkPolicy',
    { prefix: 'cnp', namespaced: false, read: (spec) => policyFromCluster(spec as ClusterNetworkPolicySpec) },
  ],
])

/** Each staged kind with the kind that it is tried for. */
const stagedKinds: ReadonlyMap<string, readonly [group: string, kind: string]> = new Map([
  [`${calico} StagedNetworkPolicy`, [calico, 'NetworkPolicy']],
  [`${calico} StagedGlobalNetworkPolicy`, [calico, 'GlobalNetworkPolicy']],
  [`${calico} StagedKubernetesNetworkPolicy`, [kubernetes, 'NetworkPolicy']],
])

/**
 * The policy a resource stands for. undefined: no policy, or a staged one that is to be ignored.
 * @throws Error on a selector that does not parse: resources were checked when they were stored
 */
export function policyOf(resource: Resource): Policy | undefined {
  const kind = `${groupOf(resource.apiVersion)} ${resource.kind}`
  const enforced = stagedKinds.get(kind)
  if (enforced !== undefined) return stagedPolicy(resource, ...enforced)
  const reader = readers.get(kind)
  return reader && build(resource, reader, reader.read(resource.spec))
}

/** Order of policies in a tier (§6.2.1): order, name, then namespace and kind. */
export function comparePolicies(a: Policy, b: Policy): number {
  if (a.order !== b.order) return a.order < b.order ? -1 : 1
  return compareText(a.name, b.name) || compareText(a.namespace, b.namespace) || compareText(a.id, b.id)
}

/** To delete is to try nothing in the place of the enforced policy: no direction, and nobody selected. */
function stagedPolicy(resource: Resource, group: string, kind: string): Policy | undefined {
  const reader = readers.get(`${group} ${kind}`)
  const { stagedAction, tier = 'default' } = resource.spec as StagedSpec
  if (reader === undefined || stagedAction === 'Ignore') return undefined
  const draft: PolicyDraft = stagedAction === 'Delete' ? { tier, types: [], selector: '!all()' } : reader.read(resource.spec)
  const policy = build(resource, { ...reader, prefix: `s${reader.prefix}` }, draft)
  return { ...policy, staged: true, replaces: resourceKey({ group, kind, namespace: policy.namespace, name: policy.name }) }
}

/** What the flags of a GlobalNetworkPolicy say of host endpoints (resource reference §6.3). */
function globalDraft(spec: unknown): PolicyDraft {
  const { doNotTrack, preDNAT, applyOnForward, ...draft } = spec as GlobalPolicySpec
  const stage = doNotTrack === true ? 'doNotTrack' : preDNAT === true ? 'preDNAT' : undefined
  return { ...draft, ...(stage !== undefined && { stage }), ...(applyOnForward === true && { applyOnForward }) }
}

function build(resource: Resource, { prefix, namespaced }: Reader, draft: PolicyDraft): Policy {
  const { name } = resource.metadata
  const namespace = namespaced ? (resource.metadata.namespace ?? '') : ''
  try {
    return {
      key: resourceKey({ ...refOf(resource), namespace }),
      id: [prefix, ...(namespace === '' ? [] : [namespace]), name].join('/'),
      kind: resource.kind,
      namespace,
      name,
      tier: draft.tier,
      order: draft.order ?? Number.POSITIVE_INFINITY,
      subject: subjectSelector(draft, namespace),
      ...(draft.stage !== undefined && { stage: draft.stage }),
      ...(draft.applyOnForward && { applyOnForward: draft.applyOnForward }),
      ...(draft.types.includes('Ingress') && { ingress: resolveRules(draft.ingress, namespace) }),
      ...(draft.types.includes('Egress') && { egress: resolveRules(draft.egress, namespace) }),
    }
  } catch (cause) {
    throw new Error(`${resource.kind} ${namespace}/${name} cannot be compiled`, { cause })
  }
}
