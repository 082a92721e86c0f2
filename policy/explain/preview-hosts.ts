/** What host endpoints add to a preview: this node itself at each interface they govern, and others who are reached by it. */
import { familyOf, type IpAddress, parseAddress } from '../../src/net/address.ts'
import { appliedOn, type HostScope } from '../host/host-scope.ts'
import { anyInterface, loopback } from '../names.ts'
import type { Policy } from '../policy.ts'
import type { Holder } from './explain-ends.ts'
import type { PreviewEnd } from './preview-end.ts'

/** Stands for whoever is reached by an interface and not known otherwise. */
export type Neighbour = { readonly interfaceName: string; readonly address: IpAddress }

/** The host endpoints before and after. */
export type HostScopes = readonly [before: HostScope, after: HostScope]

/** Interfaces of this node that a host endpoint governs, before or after. */
export function governedInterfaces(scopes: HostScopes): readonly string[] {
  const [{ addresses, interfacePrefix }] = scopes
  const own = [...addresses.keys()].filter((name) => name !== loopback && !name.startsWith(interfacePrefix))
  return own.filter((name) => scopes.some((scope) => appliedOn(scope, name) !== undefined))
}

/** "HostEndpoint eth0", the node itself, and "others by eth0", whose address is nobody's that is known. */
export function hostEnds(scopes: HostScopes, neighbours: readonly Neighbour[]): readonly PreviewEnd[] {
  return governedInterfaces(scopes).flatMap((interfaceName): PreviewEnd[] => {
    const [before, after] = scopes.map((scope) => appliedOn(scope, interfaceName)?.name)
    const own = [...(scopes[0].addresses.get(interfaceName) ?? [])].flatMap((address) => parseAddress(address) ?? [])
    const others = neighbours.filter((neighbour) => neighbour.interfaceName === interfaceName).map(({ address }) => address)
    const ends = [
      { name: `HostEndpoint ${after ?? before} at ${interfaceName}`, id: hostId(interfaceName), own },
      { name: `others by ${interfaceName}`, id: `others ${interfaceName}`, own: others },
    ]
    return ends.flatMap(({ name, id, own: all }) => {
      const addresses = Object.fromEntries(all.toReversed().map((address) => [familyOf(address), address]))
      return all.length === 0 ? [] : [{ name, id, addresses }]
    })
  })
}

/** Whether it is one of `hostEnds`; no resource has such an id. */
export function isHostEnd(id: string): boolean {
  return id.startsWith('interface ') || id.startsWith('others ')
}

/**
 * Ids of the ends that concerned host endpoints are asked about, of `ends`: the node itself at their interfaces; where they are also asked
 * about what is forwarded, whoever is reached by them, and with the wildcard everybody.
 */
export function idsAtHosts(
  scopes: HostScopes,
  concerned: readonly string[],
  ends: readonly PreviewEnd[],
  nodeName: string,
): ReadonlySet<string> {
  const ids = new Set<string>()
  for (const interfaceName of governedInterfaces(scopes)) {
    const found = scopes.flatMap((scope) => appliedOn(scope, interfaceName) ?? []).filter(({ name }) => concerned.includes(name))
    if (found.length === 0) continue
    ids.add(hostId(interfaceName))
    const isForwarding = found.some(({ tiers: { doNotTrack, preDNAT, forward } }) =>
      [doNotTrack, preDNAT, forward].some(({ ingress, egress }) => ingress.length + egress.length > 0),
    )
    if (!isForwarding) continue
    const isWildcard = scopes.some((scope) => scope.governs.has(anyInterface))
    for (const { id, holder } of ends) if (isWildcard || holder === undefined || nodeOf(holder) !== nodeName) ids.add(id)
  }
  return ids
}

/** All policies that are asked about traffic through interfaces, at whatever stage. */
export function hostPolicies(scopes: HostScopes): readonly Policy[] {
  return scopes.flatMap((scope) => [...scope.governs.values()].flatMap((key) => scope.policiesOf(key)))
}

function nodeOf({ resource }: Holder): string | undefined {
  return (resource.spec as { readonly node?: string }).node
}

const hostId = (interfaceName: string) => `interface ${interfaceName}`
