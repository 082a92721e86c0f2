/** Policies of all kinds, read into the one form that is rendered. */
import type { ClusterNetworkPolicySpec } from '../src/model/cluster-network-policy.ts'
import type { KubernetesNetworkPolicySpec } from '../src/model/kubernetes-network-policy.ts'
import type { GlobalPolicySpec, PolicySpec } from '../src/model/policy-rule.ts'
import { groupOf, type Resource, refOf } from '../src/model/resource.ts'
import type { StagedAction } from '../src/model/staged-policy.ts'
import { policyFromCluster } from './cluster-network-policy.ts'
import { type PolicyDraft, resolveRules } from './draft-rule.ts'
import { subjectSelector } from './effective-selector.ts'
import { policyFromK8s } from './k8s-network-policy.ts'
import type { Policy } from './policy.ts'
import { resourceKey } from './resource-key.ts'

type StagedSpec = { readonly stagedAction?: StagedAction; readonly tier?: string }

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
