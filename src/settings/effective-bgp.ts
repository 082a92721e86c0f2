/** What the speaker goes by: the configuration file, then the Node resource, then BGPConfiguration, then the default (INTERFACE §4); pure. */
import type { Config } from '../config.ts'
import type { BgpConfigurationSpec } from '../model/bgp-configuration.ts'
import type { IpAddress } from '../net/address.ts'
import { type Asn, asn } from '../net/asn.ts'
import type { NodeAddresses } from './node-addresses.ts'
import type { NodeResource } from './resources.ts'

export type EffectiveBgp = {
  readonly asNumber: Asn
  readonly routerId: IpAddress
  /** This node is a route reflector of this cluster (RFC 4456). */
  readonly clusterId?: IpAddress
  readonly listenAddresses: readonly IpAddress[]
  readonly listenPort: number
}

export const defaultAsNumber = 64_512
export const bgpPort = 179
const anyAddress = ['0.0.0.0' as IpAddress, '::' as IpAddress] as const

/** @param specs the configurations that apply to this node, the one with the most weight first */
export function effectiveBgp(
  { bgp }: Pick<Config, 'bgp'>,
  node: NodeResource | undefined,
  specs: readonly BgpConfigurationSpec[],
  addresses: NodeAddresses,
): EffectiveBgp {
  const clusterId = bgp.clusterId ?? node?.spec.bgp?.routeReflectorClusterID
  return {
    asNumber: asn(bgp.asNumber ?? node?.spec.bgp?.asNumber ?? configuredAsNumber(specs) ?? defaultAsNumber),
    routerId: bgp.routerId ?? addresses.ipv4.address,
    ...(clusterId !== undefined && { clusterId: clusterId as IpAddress }),
    listenAddresses: bgp.listenAddresses ?? bindAddresses(specs, addresses),
    listenPort: bgp.listenPort ?? configuredPort(specs) ?? bgpPort,
  }
}

/** The schema gives a number, as which it declares what was written. */
export function configuredAsNumber(specs: readonly BgpConfigurationSpec[]): number | undefined {
  return specs.find(({ asNumber }) => asNumber !== undefined)?.asNumber
}

export function configuredPort(specs: readonly BgpConfigurationSpec[]): number | undefined {
  return specs.find(({ listenPort }) => listenPort !== undefined)?.listenPort
}

/** Without a word on it the node's own addresses: nobody else has business with the port. */
function bindAddresses(specs: readonly BgpConfigurationSpec[], { ipv4, ipv6 }: NodeAddresses): readonly IpAddress[] {
  const bindMode = specs.find((spec) => spec.bindMode !== undefined)?.bindMode
  const [v4, v6] = bindMode === 'None' ? anyAddress : [ipv4.address, ipv6?.address]
  return v6 === undefined || ipv6 === undefined ? [v4] : [v4, v6]
}
