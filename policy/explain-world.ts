/** Who stands behind an address, for `explain`: the resources themselves, looked through one by one, no index and no IP set. */
import type { Resource } from '../src/model/resource.ts'
import type { EndpointPort, WorkloadEndpointSpec } from '../src/model/workload-endpoint.ts'
import type { IpAddress } from '../src/net/address.ts'
import { containsPrefix, parsePrefix } from '../src/net/prefix.ts'

type LabelRecord = Readonly<Record<string, string>>

/** An endpoint or network set with the labels that selectors see (§6.1.2). @property namespace '' for a GlobalNetworkSet */
export type Bearer = {
  readonly namespace: string
  readonly labels: LabelRecord
  readonly nets: readonly string[]
  readonly ports: readonly EndpointPort[]
}

export type World = { readonly resources: readonly Resource[]; readonly bearers: readonly Bearer[] }

export function worldOf(resources: readonly Resource[]): World {
  const kinds = new Set(['WorkloadEndpoint', 'NetworkSet', 'GlobalNetworkSet'])
  return { resources, bearers: resources.filter(({ kind }) => kinds.has(kind)).map((resource) => bearerOf(resources, resource)) }
}

export function bearersOf({ bearers }: World, address: IpAddress): readonly Bearer[] {
  return bearers.filter(({ nets }) => nets.some((net) => covers(net, address)))
}

/** Whether the address lies in the net; never across families. */
export function covers(net: string, address: IpAddress): boolean {
  const outer = parsePrefix(net)
  const inner = parsePrefix(address)
  return outer !== undefined && inner !== undefined && containsPrefix(outer, inner)
}

export function bearerOf(resources: readonly Resource[], resource: Resource): Bearer {
  const { kind, metadata, spec } = resource
  const namespace = metadata.namespace ?? ''
  const endpoint = (kind === 'WorkloadEndpoint' ? spec : {}) as Partial<WorkloadEndpointSpec>
  const { serviceAccountName, profiles = [], ports = [] } = endpoint
  const find = (wanted: string, name: string, where = '') =>
    resources.find((other) => other.kind === wanted && other.metadata.name === name && (other.metadata.namespace ?? '') === where)
  const fromProfiles = profiles.toReversed().map((name) => {
    const profile = find('Profile', name)
    return (profile?.spec as { readonly labelsToApply?: LabelRecord } | undefined)?.labelsToApply ?? {}
  })
  const labels: Record<string, string> = Object.assign({}, ...fromProfiles)
  if (serviceAccountName !== undefined) {
    const account = find('ServiceAccount', serviceAccountName, namespace)
    Object.assign(labels, prefixed('pcsa.', { ...account?.metadata.labels, 'projectcalico.org/name': serviceAccountName }))
  }
  if (namespace !== '') {
    const implied = { 'projectcalico.org/name': namespace, 'kubernetes.io/metadata.name': namespace }
    Object.assign(labels, prefixed('pcns.', { ...find('Namespace', namespace)?.metadata.labels, ...implied }))
  }
  Object.assign(labels, ownLabels(resource, endpoint))
  const nets = (kind === 'WorkloadEndpoint' ? endpoint.ipNetworks : (spec as { readonly nets?: readonly string[] }).nets) ?? []
  return { namespace, labels, nets, ports }
}

function ownLabels({ kind, metadata }: Resource, { orchestrator, serviceAccountName }: Partial<WorkloadEndpointSpec>): LabelRecord {
  const own: Record<string, string> = kind === 'WorkloadEndpoint' ? { 'projectcalico.org/orchestrator': 'k8s' } : {}
  Object.assign(own, metadata.labels)
  if (metadata.namespace !== undefined) own['projectcalico.org/namespace'] = metadata.namespace
  if (orchestrator !== undefined) own['projectcalico.org/orchestrator'] = orchestrator
  if (serviceAccountName !== undefined) own['projectcalico.org/serviceaccount'] = serviceAccountName
  return own
}

function prefixed(prefix: string, labels: LabelRecord): LabelRecord {
  return Object.fromEntries(Object.entries(labels).map(([label, value]) => [prefix + label, value]))
}
