/** Between whom flows are compared: endpoints that are there before and after, and addresses that network sets and rules name. */
import type { WorkloadEndpoint } from '../src/model/workload-endpoint.ts'
import { type Family, familyOf, type IpAddress, parseAddress } from '../src/net/address.ts'
import type { ChangedView } from './changed-view.ts'
import type { Holder } from './explain-ends.ts'
import type { GraphParts } from './graph-view.ts'
import { namespaceParent, profileParent } from './inherited-labels.ts'
import type { Policy } from './policy.ts'
import { compareText } from './resource-key.ts'

/** @property name "shop/web-1", "GlobalNetworkSet office (192.0.2.0)", "192.0.2.0/24" @property holder of an endpoint */
export type PreviewEnd = {
  readonly name: string
  readonly id: string
  readonly addresses: Readonly<Partial<Record<Family, IpAddress>>>
  readonly holder?: Holder
}

/** Ids of all endpoints and network sets that a change may concern. */
export function affectedIds(view: ChangedView, { locals, sets, labels }: GraphParts): ReadonlySet<string> {
  const ids = new Set(view.changedHolders)
  const subjects: (Policy | undefined)[] = view.changedPolicies.flat()
  for (const [key, resource] of view.changedResources) {
    const [group = '', kind = '', , name = ''] = key.split(' ')
    if (group !== 'projectcalico.org') continue
    if (kind === 'Tier') subjects.push(...locals.policiesIn(name))
    if (kind !== 'Profile') continue
    for (const id of labels.childrenOf(profileParent(name))) ids.add(id)
    // Endpoints that list no profile have their namespace's.
    if (resource !== undefined || name.startsWith('kns.')) for (const id of labels.childrenOf(namespaceParent(name.slice(4)))) ids.add(id)
  }
  const terms = new Map(subjects.flatMap((policy) => (policy === undefined ? [] : [[policy.subject.text, policy.subject] as const])))
  for (const term of terms.values()) for (const id of sets.idsMatching(term)) ids.add(id)
  return ids
}

/** Endpoints and network sets that are known before and after, in the order of their names. */
export function knownEnds(view: ChangedView, { resources }: GraphParts): readonly PreviewEnd[] {
  const ends: PreviewEnd[] = []
  for (const [id, before] of resources) {
    const after = view.changedResources.has(id) ? view.changedResources.get(id) : before
    if (after === undefined) continue
    const { namespace, name } = after.metadata
    if (isEndpoint(after)) {
      const addresses = firstAddresses(after.spec.ipNetworks ?? [])
      ends.push({ name: `${namespace ?? ''}/${name}`, id, addresses, holder: { id, resource: after } })
    } else if (after.kind.endsWith('NetworkSet')) {
      const addresses = firstAddresses((after.spec as { readonly nets?: readonly string[] }).nets ?? [])
      ends.push({ name: `${after.kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`, id, addresses })
    }
  }
  return ends.filter(({ addresses }) => Object.keys(addresses).length > 0).toSorted((a, b) => compareText(a.name, b.name))
}

/** The nets that rules of changed policies name, each by an address in it. @param limit of them */
export function netEnds(view: ChangedView, limit: number): readonly PreviewEnd[] {
  const rules = view.changedPolicies.flat().flatMap((policy) => [...(policy?.ingress ?? []), ...(policy?.egress ?? [])])
  const nets = rules.flatMap(({ source, destination }) =>
    [source, destination].flatMap(({ nets = [], notNets = [] }) => [...nets, ...notNets]),
  )
  return [...new Set(nets)].slice(0, limit).map((net) => ({ name: net, id: `net ${net}`, addresses: firstAddresses([net]) }))
}

function firstAddresses(nets: readonly string[]): PreviewEnd['addresses'] {
  const addresses = nets.flatMap((net) => parseAddress(net.split('/')[0] ?? '') ?? []).toReversed()
  return Object.fromEntries(addresses.map((address) => [familyOf(address), address]))
}

function isEndpoint(resource: Holder['resource']): resource is WorkloadEndpoint {
  return resource.kind === 'WorkloadEndpoint'
}
