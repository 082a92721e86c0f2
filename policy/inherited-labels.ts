import type { HostEndpointSpec } from '../src/model/host-endpoint.ts'
import { groupOf, type Resource } from '../src/model/resource.ts'
import type { WorkloadEndpointSpec } from '../src/model/workload-endpoint.ts'
import { namespaceLabel, nodeMark, orchestratorLabel, serviceAccountLabel } from './effective-selector.ts'
import type { Labels } from './label-index.ts'
import { SetMap } from './set-map.ts'

type LabelRecord = Readonly<Record<string, string>>

/**
 * The labels of endpoints and network sets, own and inherited: `pcns.` from the namespace, `pcsa.` from the service account,
 * a profile's `labelsToApply` from the profile. Own labels win, but whose they are nobody can claim: the names of namespace and service
 * account are those of the resource alone. Namespaces and service accounts need not exist: then only their name is inherited.
 */
export class InheritedLabels {
  /** What is read of them is read again when it is asked for: labels are many, and seldom looked at. */
  readonly #bearers = new Map<string, Resource>()
  readonly #parents = new Map<string, Labels>()
  readonly #children = new SetMap()

  putBearer(id: string, resource: Resource): void {
    const old = this.#bearers.get(id)
    this.#bearers.set(id, resource)
    const [before, now] = [old === undefined ? [] : parentsOf(old), parentsOf(resource)]
    if (before.join() === now.join()) return
    for (const parent of before) this.#children.delete(parent, id)
    for (const parent of now) this.#children.add(parent, id)
  }

  deleteBearer(id: string): void {
    const resource = this.#bearers.get(id)
    if (resource === undefined) return
    for (const parent of parentsOf(resource)) this.#children.delete(parent, id)
    this.#bearers.delete(id)
  }

  /** @returns the bearers whose labels may have changed */
  putParent(parent: string, labels: Labels): Iterable<string> {
    this.#parents.set(parent, labels)
    return this.#children.get(parent)
  }

  /** @returns as `putParent` */
  deleteParent(parent: string): Iterable<string> {
    this.#parents.delete(parent)
    return this.#children.get(parent)
  }

  /** Everything selectors see of a bearer; empty if it is not known. */
  labelsOf(id: string): Labels {
    const resource = this.#bearers.get(id)
    return resource === undefined ? new Map<string, string>() : this.#labelsOf(resource, (parent) => this.#parents.get(parent))
  }

  /** What selectors would see of a bearer, known or not. @param changed labels that some parents would hand down instead of theirs */
  labelsIf(resource: Resource, changed: ReadonlyMap<string, Labels>): Labels {
    return this.#labelsOf(resource, (parent) => changed.get(parent) ?? this.#parents.get(parent))
  }

  childrenOf(parent: string): ReadonlySet<string> {
    return this.#children.get(parent)
  }

  #labelsOf(resource: Resource, labelsOf: (parent: string) => Labels | undefined): Labels {
    const labels = new Map<string, string>()
    const parents = parentsOf(resource)
    for (const parent of parents.toReversed()) {
      for (const [label, value] of labelsOf(parent) ?? []) labels.set(label, value)
    }
    for (const [label, value] of ownLabels(resource)) labels.set(label, value)
    for (const label of identityLabels) labels.delete(label)
    for (const [label, value] of parents.flatMap(impliedLabels)) labels.set(label, value)
    return labels
  }
}

export const namespaceParent = (name: string) => `namespace ${name}`
export const serviceAccountParent = (namespace: string, name: string) => `serviceaccount ${namespace} ${name}`
export const profileParent = (name: string) => `profile ${name}`

/** What a Namespace, ServiceAccount or Profile hands down. undefined: the resource is none of them. */
export function inheritanceOf(resource: Resource): { readonly parent: string; readonly labels: Labels } | undefined {
  const { kind, metadata, spec } = resource
  const group = groupOf(resource.apiVersion)
  if (group === '' && kind === 'Namespace') return { parent: namespaceParent(metadata.name), labels: prefixed('pcns.', metadata.labels) }
  if (group === '' && kind === 'ServiceAccount')
    return { parent: serviceAccountParent(metadata.namespace ?? '', metadata.name), labels: prefixed('pcsa.', metadata.labels) }
  if (group !== 'projectcalico.org' || kind !== 'Profile') return undefined
  const { labelsToApply } = spec as { readonly labelsToApply?: LabelRecord }
  return { parent: profileParent(metadata.name), labels: prefixed('', labelsToApply) }
}

function ownLabels({ kind, metadata, spec }: Resource): Labels {
  if (kind === 'Node') return new Map([[nodeMark, ''], ...prefixed(nodeMark, metadata.labels)])
  const own = new Map(Object.entries(metadata.labels ?? {}))
  if (kind !== 'WorkloadEndpoint') return own
  const { orchestrator } = spec as WorkloadEndpointSpec
  if (orchestrator !== undefined) own.set(orchestratorLabel, orchestrator)
  // An endpoint whose maker names no orchestrator is a pod to Kubernetes policies: unselected it would be open.
  else if (!own.has(orchestratorLabel)) own.set(orchestratorLabel, 'k8s')
  return own
}

/** Those it inherits from, strongest first. */
function parentsOf({ kind, metadata, spec }: Resource): readonly string[] {
  const { namespace = '' } = metadata
  if (kind === 'Node') return []
  // A host is in no namespace: policies of a namespace never select it.
  if (kind === 'HostEndpoint') return ((spec as HostEndpointSpec).profiles ?? []).map(profileParent)
  const parents = namespace === '' ? [] : [namespaceParent(namespace)]
  if (kind !== 'WorkloadEndpoint') return parents
  const { serviceAccountName, profiles = [] } = spec as WorkloadEndpointSpec
  if (serviceAccountName !== undefined) parents.push(serviceAccountParent(namespace, serviceAccountName))
  return [...parents, ...profiles.map(profileParent)]
}

const accountName = 'pcsa.projectcalico.org/name'
const namespaceNames = ['pcns.projectcalico.org/name', 'pcns.kubernetes.io/metadata.name'] as const

/** They say whose the bearer is, and policies trust them: a pod's labels are written by whoever may make pods. */
const identityLabels: readonly string[] = [namespaceLabel, serviceAccountLabel, accountName, ...namespaceNames]

/** The names, which no label of the bearer, its parents or its profiles can forge. */
function impliedLabels(parent: string): readonly (readonly [string, string])[] {
  const [type = '', ...names] = parent.split(' ')
  const name = names.at(-1) ?? ''
  if (type === 'serviceaccount') return [serviceAccountLabel, accountName].map((label) => [label, name] as const)
  return type === 'namespace' ? [namespaceLabel, ...namespaceNames].map((label) => [label, name] as const) : []
}

function prefixed(prefix: string, labels: LabelRecord = {}): Labels {
  return new Map(Object.entries(labels).map(([label, value]) => [prefix + label, value]))
}
