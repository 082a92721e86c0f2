/** Who is meant by "NS/NAME" or an address in a question about a flow: pure, from what is stored. */
import { compareText } from '../../policy/resource-key.ts'
import { hint } from '../model/did-you-mean.ts'
import type { Resource } from '../model/resource.ts'
import type { WorkloadEndpoint } from '../model/workload-endpoint.ts'
import { type Family, familyOf, type IpAddress, parseAddress } from '../net/address.ts'

/** @property addresses all of an endpoint that was named, or the one that was given */
export type FlowEnd = { readonly addresses: readonly IpAddress[]; readonly endpoint?: WorkloadEndpoint }

/** `unknown`: nothing has that name. `unclear`: several have it, or it says nothing. Each reason is the rest of "query.from …". */
export type FoundEnd = { readonly type: 'found'; readonly end: FlowEnd } | { readonly type: 'unknown' | 'unclear'; readonly reason: string }

/** @property endpoints all of them; asked for only where a name is looked for */
export type KnownEnds = { readonly endpoints: () => readonly WorkloadEndpoint[]; holdersOf(address: IpAddress): readonly Resource[] }

/** @param asked an address, or "NS/NAME" where NAME is the endpoint's `metadata.name`, `spec.pod` or `spec.workload` (INTERFACE §4) */
export function findEnd(known: KnownEnds, asked: string): FoundEnd {
  const address = parseAddress(asked)
  if (address !== undefined) return endOfAddress(known.holdersOf(address).filter(isEndpoint), address)
  const endpoints = known.endpoints()
  const [namespace = '', name = '', ...more] = asked.split('/')
  if (namespace === '' || name === '' || more.length > 0) return unclear(`must be an address or NAMESPACE/NAME${likely(endpoints, asked)}`)
  return endOfName(endpoints, namespace, name)
}

/** The first address of each end in a family that both have, IPv4 before IPv6; undefined if they share none. */
export function commonAddresses(from: FlowEnd, to: FlowEnd): { readonly source: IpAddress; readonly destination: IpAddress } | undefined {
  for (const family of [4, 6] satisfies Family[]) {
    const [source, destination] = [from, to].map(({ addresses }) => addresses.find((address) => familyOf(address) === family))
    if (source !== undefined && destination !== undefined) return { source, destination }
  }
  return undefined
}

/** "GlobalNetworkSet office", "NetworkSet shop/office": the sets that have the address. */
export function networkSetsOf({ holdersOf }: Pick<KnownEnds, 'holdersOf'>, address: IpAddress): readonly string[] {
  const sets = holdersOf(address).filter(({ kind }) => kind.endsWith('NetworkSet'))
  return sets
    .map(({ kind, metadata: { namespace, name } }) => `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`)
    .toSorted()
}

function endOfAddress(holders: readonly WorkloadEndpoint[], address: IpAddress): FoundEnd {
  const owners = holders.toSorted((a, b) => compareText(nameOf(a), nameOf(b)))
  if (owners.length > 1) return unclear(`is the address of ${listed(owners)}: name one of them`)
  const [endpoint] = owners
  return { type: 'found', end: { addresses: [address], ...(endpoint !== undefined && { endpoint }) } }
}

function endOfName(endpoints: readonly WorkloadEndpoint[], namespace: string, name: string): FoundEnd {
  const neighbours = endpoints.filter(({ metadata }) => metadata.namespace === namespace)
  const found = [
    neighbours.filter(({ metadata }) => metadata.name === name),
    neighbours.filter(({ spec }) => spec.pod === name),
    neighbours.filter(({ spec }) => spec.workload === name),
  ].find((some) => some.length > 0)
  if (found === undefined) return { type: 'unknown', reason: unknownReason(endpoints, neighbours, namespace, name) }
  if (found.length > 1) return unclear(`stands for ${listed(found)}: use one of these names`)
  const [endpoint] = found
  const addresses = (endpoint?.spec.ipNetworks ?? []).flatMap((net) => parseAddress(net.split('/')[0] ?? '') ?? [])
  if (endpoint === undefined || addresses.length === 0) return unclear('has no address: its spec.ipNetworks is empty')
  return { type: 'found', end: { addresses, endpoint } }
}

/** So many names are compared with a mistyped one. */
const maxCandidates = 200

function unknownReason(
  endpoints: readonly WorkloadEndpoint[],
  neighbours: readonly WorkloadEndpoint[],
  namespace: string,
  name: string,
): string {
  if (neighbours.length === 0) {
    const namespaces = [...new Set(endpoints.map(({ metadata }) => metadata.namespace ?? ''))].slice(0, maxCandidates)
    return `is in a namespace without endpoints${hint(namespace, namespaces)}`
  }
  const names = neighbours.flatMap(({ metadata, spec }) => [metadata.name, spec.pod ?? [], spec.workload ?? []].flat())
  return `is no endpoint's metadata.name, spec.pod or spec.workload${hint(name, [...new Set(names)].slice(0, maxCandidates))}`
}

/** A name whose namespace was left out. */
function likely(endpoints: readonly WorkloadEndpoint[], name: string): string {
  const found = endpoints.find(({ metadata, spec }) => [metadata.name, spec.pod, spec.workload].includes(name))
  return found === undefined ? '' : `, did you mean "${found.metadata.namespace}/${name}"?`
}

const shown = 5

function listed(endpoints: readonly WorkloadEndpoint[]): string {
  const names = endpoints.slice(0, shown).map(nameOf)
  return [...names, ...(endpoints.length > shown ? [`${endpoints.length - shown} more`] : [])].join(', ')
}

function nameOf({ metadata }: WorkloadEndpoint): string {
  return `${metadata.namespace}/${metadata.name}`
}

function unclear(reason: string): FoundEnd {
  return { type: 'unclear', reason }
}

function isEndpoint(resource: Resource): resource is WorkloadEndpoint {
  return resource.kind === 'WorkloadEndpoint'
}
