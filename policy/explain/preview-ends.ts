/** Between whom flows are compared: endpoints that are there before and after, and addresses that network sets and rules name. */
import type { Resource } from '../../src/model/resource.ts'
import { familyOf, parseAddress } from '../../src/net/address.ts'
import { namespaceParent, profileParent } from '../inherited-labels.ts'
import type { Policy } from '../policy.ts'
import { policyOf } from '../read-policy.ts'
import { compareText } from '../resource-key.ts'
import { matches } from '../selector/evaluate.ts'
import type { ChangedView } from './changed-view.ts'
import { type Holder, holderOf } from './explain-ends.ts'
import type { GraphParts } from './graph-view.ts'
import type { PreviewEnd } from './preview-end.ts'
import { servedIds } from './preview-services.ts'

/** Ids of all endpoints and network sets that a change may concern. */
export function affectedIds(view: ChangedView, parts: GraphParts): ReadonlySet<string> {
  const { locals, sets, labels } = parts
  const ids = new Set([...view.changedHolders, ...servedIds(view, parts)])
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

/**
 * Endpoints that are there before and after, and network sets, in the order of their names: of a set that changes apart what comes and what
 * goes, which were addresses before as well. It yields now and then: there may be very many.
 */
export function* knownEnds(view: ChangedView, { resources, labels }: GraphParts): Generator<void, readonly PreviewEnd[]> {
  const ends: PreviewEnd[] = []
  for (const [id, resource] of resources) {
    const end = view.changedResources.has(id) ? undefined : endOf(holderOf(id, resource, () => labels.labelsOf(id)))
    if (end === undefined) continue
    ends.push(end)
    yield
  }
  for (const [id, after] of view.changedResources) {
    const before = resources.get(id)
    const known = before ?? after
    if (known === undefined) continue
    if (isNetworkSet(known.kind)) ends.push(...endsOfChangedSet(id, before, after))
    else if (before !== undefined && after !== undefined)
      ends.push(...[endOf(holderOf(id, after, () => labels.labelsOf(id)))].flatMap((end) => end ?? []))
    yield
  }
  return ends.toSorted((a, b) => compareText(a.name, b.name))
}

/** Whether its addresses are there whether or not it is. */
export function isNetworkSet(kind: string): boolean {
  return kind.endsWith('NetworkSet')
}

/** undefined: of what has no address. */
function endOf(holder: Holder): PreviewEnd | undefined {
  const { id, resource } = holder
  const isEndpoint = resource.kind === 'WorkloadEndpoint'
  if (!isEndpoint && !isNetworkSet(resource.kind)) return undefined
  const { ipNetworks = [] } = resource.spec as { readonly ipNetworks?: readonly string[] }
  const addresses = firstAddresses(isEndpoint ? ipNetworks : netsOf(resource))
  if (Object.keys(addresses).length === 0) return undefined
  return { name: endName(resource), id, addresses, ...(isEndpoint && { holder }) }
}

function endsOfChangedSet(id: string, before: Resource | undefined, after: Resource | undefined): readonly PreviewEnd[] {
  const [old, now] = [new Set(netsOf(before)), new Set(netsOf(after))]
  const parts = [
    ['', [...old].filter((net) => now.has(net))],
    [before === undefined ? '' : ', nets that come', [...now].filter((net) => !old.has(net))],
    [after === undefined ? '' : ', nets that go', [...old].filter((net) => !now.has(net))],
  ] as const
  const known = after ?? before
  return parts.flatMap(([what, nets]) => {
    const addresses = firstAddresses(nets)
    return known === undefined || nets.length === 0 ? [] : [{ name: `${endName(known)}${what}`, id, addresses }]
  })
}

function netsOf(resource: Resource | undefined): readonly string[] {
  return (resource?.spec as { readonly nets?: readonly string[] } | undefined)?.nets ?? []
}

function endName({ kind, metadata }: Resource): string {
  const name = `${metadata.namespace === undefined ? '' : `${metadata.namespace}/`}${metadata.name}`
  return isNetworkSet(kind) ? `${kind} ${name}` : name
}

/** The names of this node's HostEndpoints that are other ones, or that a changed policy selects. */
export function concernedHosts(view: ChangedView, { resources, labels }: GraphParts): readonly string[] {
  const changed = [...view.changedResources].map(([key, after]) => [key, resources.get(key), after] as const)
  const selectors = changed.flatMap(([, before, after]) =>
    [before, after].flatMap((resource) => {
      const policy = resource?.kind === 'GlobalNetworkPolicy' ? policyOf(resource) : undefined
      return policy === undefined ? [] : [policy.subject.selector]
    }),
  )
  const isHere = ({ kind, spec }: Resource) => kind === 'HostEndpoint' && (spec as { readonly node?: string }).node === view.nodeName
  const own = [...resources.values()].filter(isHere)
  const others = changed.flatMap(([, before, after]) => [before ?? [], after ?? []].flat()).filter(isHere)
  // what comes when none of them decides, and who is asked before whom
  if (changed.some(([key]) => /^projectcalico\.org (Tier|Profile) /.test(key))) others.push(...own)
  const selected =
    selectors.length === 0
      ? []
      : own.filter((resource) => {
          const all = labels.labelsIf(resource, new Map())
          return selectors.some((selector) => matches(selector, all))
        })
  return [...new Set([...others, ...selected].map(({ metadata }) => metadata.name))].toSorted(compareText)
}

/** The nets that rules of changed policies name, each by an address in it. @param limit of them */
export function netEnds(view: ChangedView, limit: number): readonly PreviewEnd[] {
  const policies = [...view.changedPolicies.flat(), ...view.hosts.changedPolicies]
  const rules = policies.flatMap((policy) => [...(policy?.ingress ?? []), ...(policy?.egress ?? [])])
  const nets = rules.flatMap(({ source, destination }) =>
    [source, destination].flatMap(({ nets = [], notNets = [] }) => [...nets, ...notNets]),
  )
  return [...new Set(nets)].slice(0, limit).map((net) => ({ name: net, id: `net ${net}`, addresses: firstAddresses([net]) }))
}

function firstAddresses(nets: readonly string[]): PreviewEnd['addresses'] {
  const addresses = nets.flatMap((net) => parseAddress(net.split('/')[0] ?? '') ?? []).toReversed()
  return Object.fromEntries(addresses.map((address) => [familyOf(address), address]))
}
