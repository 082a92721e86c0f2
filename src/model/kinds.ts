import { bgpConfiguration } from './bgp-configuration.ts'
import { bgpFilter } from './bgp-filter.ts'
import { bgpPeer } from './bgp-peer.ts'
import { calicoNodeStatus } from './calico-node-status.ts'
import { clusterNetworkPolicy } from './cluster-network-policy.ts'
import { hint } from './did-you-mean.ts'
import { endpointSlice } from './endpoint-slice.ts'
import { felixConfiguration } from './felix-configuration.ts'
import { globalNetworkPolicy } from './global-network-policy.ts'
import { hostEndpoint } from './host-endpoint.ts'
import { ipPool } from './ip-pool.ts'
import { ipamConfiguration, ipReservation } from './ipam-kinds.ts'
import { apiVersionOf, type CheckContext, type CheckResult, type Kind } from './kind.ts'
import { kubernetesNetworkPolicy } from './kubernetes-network-policy.ts'
import { namespace } from './namespace.ts'
import { networkPolicy } from './network-policy.ts'
import { globalNetworkSet, networkSet } from './network-set.ts'
import { node } from './node.ts'
import { valueAt } from './path.ts'
import { profile } from './profile.ts'
import type { Problem } from './resource.ts'
import { shown } from './schema-check.ts'
import { serviceAccount } from './service-account.ts'
import { stagedGlobalNetworkPolicy, stagedKubernetesNetworkPolicy, stagedNetworkPolicy } from './staged-policy.ts'
import { tier } from './tier.ts'
import { workloadEndpoint } from './workload-endpoint.ts'

/** Every kind of resource the agent takes. */
export const kinds: readonly Kind[] = [
  networkPolicy,
  globalNetworkPolicy,
  kubernetesNetworkPolicy,
  tier,
  profile,
  networkSet,
  globalNetworkSet,
  workloadEndpoint,
  ipPool,
  node,
  bgpConfiguration,
  bgpPeer,
  bgpFilter,
  felixConfiguration,
  hostEndpoint,
  ipReservation,
  ipamConfiguration,
  stagedNetworkPolicy,
  stagedGlobalNetworkPolicy,
  stagedKubernetesNetworkPolicy,
  clusterNetworkPolicy,
  calicoNodeStatus,
  namespace,
  serviceAccount,
  endpointSlice,
]

/** @param apiVersion "projectcalico.org/v3", "v1" … */
export function kindOf(apiVersion: string, kind: string): Kind | undefined {
  return kinds.find((candidate) => candidate.kind === kind && apiVersionOf(candidate) === apiVersion)
}

/** The kind a URL names. @param group '' for the core group */
export function kindOfPlural(group: string, version: string, plural: string): Kind | undefined {
  return kinds.find((candidate) => candidate.plural === plural && candidate.group === group && candidate.version === version)
}

/** The kind a document says it is of, or why it says none. */
export function kindOfDocument(document: unknown): { readonly kind: Kind } | { readonly problems: readonly Problem[] } {
  if (typeof document !== 'object' || document === null || Array.isArray(document))
    return { problems: [{ path: '', reason: 'must be an object' }] }
  const apiVersion = valueAt(document, ['apiVersion'])
  const kind = valueAt(document, ['kind'])
  if (typeof apiVersion !== 'string' || typeof kind !== 'string')
    return { problems: [...textProblems('apiVersion', apiVersion), ...textProblems('kind', kind)] }
  const found = kindOf(apiVersion, kind)
  return found === undefined ? { problems: [unknownKind(apiVersion, kind)] } : { kind: found }
}

/** A document of any kind, checked as its kind says. */
export function checkResource(document: unknown, context: CheckContext): CheckResult {
  const found = kindOfDocument(document)
  return 'problems' in found ? found : found.kind.check(document, context)
}

function textProblems(path: string, value: unknown): readonly Problem[] {
  if (typeof value === 'string') return []
  return [{ path, reason: value === undefined ? 'is required' : 'must be a string', ...shown(value) }]
}

function unknownKind(apiVersion: string, kind: string): Problem {
  const versions = kinds.filter((candidate) => candidate.kind === kind).map(apiVersionOf)
  if (versions.length > 0)
    return {
      path: 'apiVersion',
      reason: `${kind} is of ${versions.join(' or ')}${versionHint(apiVersion, versions)}`,
      ...shown(apiVersion),
    }
  const names = kinds.map((candidate) => candidate.kind)
  return { path: 'kind', reason: `unknown or unsupported kind${insteadOf(kind) ?? hint(kind, names)}`, ...shown(kind) }
}

/** Of kinds whose work another one does here. */
function insteadOf(kind: string): string | undefined {
  if (/^(?:Baseline)?AdminNetworkPolicy$/.test(kind))
    return `: write a ClusterNetworkPolicy (${apiVersionOf(clusterNetworkPolicy)}), which has taken its place`
  if (/^(?:Service|Endpoints)$/.test(kind)) return `: what is behind a service, its EndpointSlices (${apiVersionOf(endpointSlice)}) say`
  return undefined
}

/** Calico keeps its resources in Kubernetes under another version than users write. */
function versionHint(apiVersion: string, versions: readonly string[]): string {
  if (versions.length === 1) return ''
  const group = apiVersion.split('/')[0]?.replace(/^crd\./, '')
  const meant = versions.find((version) => version.split('/')[0] === group)
  return meant === undefined ? hint(apiVersion, versions) : `, did you mean "${meant}"?`
}
