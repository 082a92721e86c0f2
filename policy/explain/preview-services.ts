/** What services add to a preview: who is concerned by a slice that changes, their addresses that are no endpoint's, and their ports. */
import { isEndpointSlice } from '../../src/model/endpoint-slice.ts'
import type { Resource } from '../../src/model/resource.ts'
import { familyOf, type IpAddress } from '../../src/net/address.ts'
import type { Rule } from '../policy.ts'
import { sliceOf } from '../sets/service-slices.ts'
import type { ChangedView } from './changed-view.ts'
import type { PolicyView } from './explain-ends.ts'
import type { portsOfRule } from './flow-probes.ts'
import type { GraphParts } from './graph-view.ts'
import type { PreviewEnd } from './preview-end.ts'

/** Whether it is one of `serviceEnds`; no resource has such an id. */
export function isServiceEnd(id: string): boolean {
  return id.startsWith('service ')
}

/** Ids of those that have an address of a slice which comes, goes or changes: of endpoints and network sets, and of ends that are neither. */
export function servedIds(view: ChangedView, parts: GraphParts): ReadonlySet<string> {
  return new Set(changedAddresses(view, parts).flatMap((address) => idsAt(address, view)))
}

/** Addresses of services that changed rules name, and of changed slices, that nobody else has. @param limit of them */
export function serviceEnds(view: ChangedView, parts: GraphParts, limit: number): readonly PreviewEnd[] {
  const rules = view.changedPolicies.flat().flatMap((policy) => [...(policy?.ingress ?? []), ...(policy?.egress ?? [])])
  const services = new Set(rules.flatMap(({ source, destination }) => [source.service ?? [], destination.service ?? []].flat()))
  const named = [...services].flatMap((service) => view.slicesOf(service).flatMap(({ addresses }) => [...addresses]))
  const addresses = new Set([...named, ...changedAddresses(view, parts)])
  const unknown = [...addresses].filter((address) => idsAt(address, view).includes(endId(address)))
  return unknown.slice(0, limit).map((address) => ({ name: address, id: endId(address), addresses: { [familyOf(address)]: address } }))
}

/** Which destination ports a rule that names a service tells apart, before and after. */
export function portsOfService({ destination }: Rule, views: readonly PolicyView[]): ReturnType<typeof portsOfRule> {
  const { service } = destination
  if (service === undefined) return []
  const ports = views.flatMap((view) => view.slicesOf(service).flatMap((slice) => slice.ports))
  return ports.map(({ protocol, port }) => ({ protocol, range: { from: port, to: port } }))
}

function changedAddresses({ changedResources }: ChangedView, { resources }: GraphParts): readonly IpAddress[] {
  const addresses = (resource: Resource | undefined) =>
    resource !== undefined && isEndpointSlice(resource) ? [...(sliceOf(resource)?.addresses ?? [])] : []
  return [...changedResources].flatMap(([key, after]) => [...addresses(resources.get(key)), ...addresses(after)])
}

function idsAt(address: IpAddress, view: ChangedView): readonly string[] {
  const holders = view.holdersOf(address).filter(({ resource }) => compared.test(resource.kind))
  return holders.length === 0 ? [endId(address)] : holders.map(({ id }) => id)
}

const compared = /^WorkloadEndpoint$|NetworkSet$/
const endId = (address: IpAddress) => `service ${address}`
