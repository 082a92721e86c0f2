/** What is known of another node as a BGP peer; pure. */
import type { Config } from '../config.ts'
import type { BgpConfiguration } from '../model/bgp-configuration.ts'
import { type Family, familyOf, type IpAddress } from '../net/address.ts'
import { type Asn, asn } from '../net/asn.ts'
import { parseInterfaceAddress } from '../net/prefix.ts'
import { applicableBgp } from './applicable.ts'
import { bgpPort, configuredAsNumber, configuredPort, defaultAsNumber } from './effective-bgp.ts'
import type { NodeResource } from './resources.ts'

export type Cluster = { readonly bgp: Config['bgp']; readonly bgpConfigurations: readonly BgpConfiguration[] }

/** Its BGP address of a family. */
export function addressOf({ spec }: NodeResource, family: Family): IpAddress | undefined {
  const text = family === 4 ? spec.bgp?.ipv4Address : spec.bgp?.ipv6Address
  return text === undefined ? undefined : parseInterfaceAddress(text)?.address
}

/** Where nothing stored says it, the nodes of a cluster are taken to be configured alike. */
export function asNumberOf({ metadata, spec }: NodeResource, { bgp, bgpConfigurations }: Cluster): Asn {
  const stored = spec.bgp?.asNumber ?? configuredAsNumber(applicableBgp(bgpConfigurations, metadata.name))
  return asn(stored ?? bgp.asNumber ?? defaultAsNumber)
}

export function portOf({ metadata }: NodeResource, { bgp, bgpConfigurations }: Cluster): number {
  return configuredPort(applicableBgp(bgpConfigurations, metadata.name)) ?? bgp.listenPort ?? bgpPort
}

export function nodeAt(nodes: readonly NodeResource[], address: IpAddress): NodeResource | undefined {
  return nodes.find((node) => addressOf(node, familyOf(address)) === address)
}
