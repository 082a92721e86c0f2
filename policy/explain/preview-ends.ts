/** Between whom flows are compared: endpoints that are there before and after, and addresses that network sets and rules name. */
import { type Family, familyOf, type IpAddress, parseAddress } from '../../src/net/address.ts'
import { namespaceParent, profileParent } from '../inherited-labels.ts'
import type { Policy } from '../policy.ts'
import { compareText } from '../resource-key.ts'
import type { ChangedView } from './changed-view.ts'
import { type Holder, holderOf } from './explain-ends.ts'
import type { GraphParts } from './graph-view.ts'

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

/** Endpoints and network sets that are known before and after, in the order of their names. It yields now and then: there may be very many. */
export function* knownEnds(view: ChangedView, { resources, labels }: GraphParts): Generator<void, readonly PreviewEnd[]> {
  const ends: PreviewEnd[] = []
  for (const [id, before] of resources) {
    const after = view.changedResources.has(id) ? view.changedResources.get(id) : before
    const end = after && endOf(holderOf(id, after, () => labels.labelsOf(id)))
    if (end === undefined) continue
    ends.push(end)
    yield
  }
  return ends.toSorted((a, b) => compareText(a.name, b.name))
}

/** undefined: of what has no address. */
function endOf(holder: Holder): PreviewEnd | undefined {
  const { id, resource } = holder
  const { kind, metadata } = resource
  const name = `${metadata.namespace === undefined ? '' : `${metadata.namespace}/`}${metadata.name}`
  const { ipNetworks = [], nets = [] } = resource.spec as { readonly ipNetworks?: readonly string[]; readonly nets?: readonly string[] }
  if (kind !== 'WorkloadEndpoint' && !kind.endsWith('NetworkSet')) return undefined
  const isEndpoint = kind === 'WorkloadEndpoint'
  const addresses = firstAddresses(isEndpoint ? ipNetworks : nets)
  if (Object.keys(addresses).length === 0) return undefined
  return isEndpoint ? { name, id, addresses, holder } : { name: `${kind} ${name}`, id, addresses }
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
