/** Who stands behind an address, for `explain`: the resources themselves, looked through one by one, no index and no IP set. */
import type { Resource } from '../../src/model/resource.ts'
import type { EndpointPort, WorkloadEndpointSpec } from '../../src/model/workload-endpoint.ts'
import type { IpAddress } from '../../src/net/address.ts'
import { containsPrefix, parsePrefix } from '../../src/net/prefix.ts'

type LabelRecord = Readonly<Record<string, string>>

/** An endpoint or network set with the labels that selectors see (§6.1.2). @property namespace '' for a GlobalNetworkSet */
export type Bearer = {
  readonly namespace: string
  readonly labels: LabelRecord
  readonly ports: readonly EndpointPort[]
}

export type World = {
  readonly resources: readonly Resource[]
  /** What `bearersOf` found before: every rule asks for the same two addresses. */
  readonly known: Map<IpAddress, readonly Bearer[]>
}

export function worldOf(resources: readonly Resource[]): World {
  return { resources, known: new Map() }
}

const bearingKinds: ReadonlySet<string> = new Set(['WorkloadEndpoint', 'NetworkSet', 'GlobalNetworkSet'])

/** The endpoints and network sets that have the address. */
export function bearersOf({ resources, known }: World, address: IpAddress): readonly Bearer[] {
  const found =
    known.get(address) ??
    resources
      .filter((resource) => bearingKinds.has(resource.kind) && netsOf(resource).some((net) => covers(net, address)))
      .map((resource) => bearerOf(resources, resource))
  known.set(address, found)
  return found
}

/** `ipNetworks` of an endpoint, `nets` of a network set. */
export function netsOf({ kind, spec }: Resource): readonly string[] {
  const { ipNetworks = [], nets = [] } = (spec ?? {}) as { readonly ipNetworks?: readonly string[]; readonly nets?: readonly string[] }
  return kind === 'WorkloadEndpoint' ? ipNetworks : nets
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
    Object.assign(labels, prefixed('pcsa.', account?.metadata.labels ?? {}))
  }
  if (namespace !== '') Object.assign(labels, prefixed('pcns.', find('Namespace', namespace)?.metadata.labels ?? {}))
  Object.assign(labels, ownLabels(resource, endpoint))
  return { namespace, labels: { ...withoutNames(labels), ...names(namespace, serviceAccountName) }, ports }
}

/** Whose it is, its own labels cannot say. */
function names(namespace: string, account: string | undefined): LabelRecord {
  const ofNamespace = {
    'projectcalico.org/namespace': namespace,
    'pcns.projectcalico.org/name': namespace,
    'pcns.kubernetes.io/metadata.name': namespace,
  }
  return {
    ...(namespace !== '' && ofNamespace),
    ...(account !== undefined && { 'projectcalico.org/serviceaccount': account, 'pcsa.projectcalico.org/name': account }),
  }
}

function withoutNames(labels: LabelRecord): LabelRecord {
  const forged = new Set(Object.keys(names('any', 'any')))
  return Object.fromEntries(Object.entries(labels).filter(([label]) => !forged.has(label)))
}

function ownLabels({ kind, metadata }: Resource, { orchestrator }: Partial<WorkloadEndpointSpec>): LabelRecord {
  const own: Record<string, string> = kind === 'WorkloadEndpoint' ? { 'projectcalico.org/orchestrator': 'k8s' } : {}
  Object.assign(own, metadata.labels)
  if (orchestrator !== undefined) own['projectcalico.org/orchestrator'] = orchestrator
  return own
}

function prefixed(prefix: string, labels: LabelRecord): LabelRecord {
  return Object.fromEntries(Object.entries(labels).map(([label, value]) => [prefix + label, value]))
}
