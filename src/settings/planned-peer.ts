import type { AddressFamily, PeerConfig } from '../../bgp/peer.ts'
import { defaultAddPath } from '../config/add-path-options.ts'
import type { Config } from '../config.ts'
import type { Family, IpAddress } from '../net/address.ts'
import type { Asn } from '../net/asn.ts'
import type { EffectiveBgp } from './effective-bgp.ts'
import type { NodeAddresses } from './node-addresses.ts'
import { addressOf, type Cluster } from './remote-node.ts'
import type { NodeResource, SettingsResources } from './resources.ts'

/** Where and as whom peers are planned. */
export type PeerContext = Cluster & {
  readonly bgp: Config['bgp']
  readonly nodeName: string
  readonly own: EffectiveBgp
  readonly addresses: NodeAddresses
  readonly resources: SettingsResources
  /** By "SECRET/KEY". */
  readonly secrets: ReadonlyMap<string, string>
}

/**
 * A peer that is asked for. @property subject by which problems name it: "bgppeer/tor1"
 * @property implied nobody wrote it down: that a written one has its address is no news
 * @property blocked why there must be no session; it keeps its address from less weighty peers all the same
 * @property note what is worth knowing of the session
 */
export type PlannedPeer = {
  readonly config: PeerConfig
  readonly subject: string
  readonly implied?: true
  readonly blocked?: string
  readonly note?: string
}

type Party = {
  readonly name: string
  readonly address: IpAddress
  readonly interface?: string
  readonly asNumber: Asn
  readonly port: number
  readonly node?: NodeResource | undefined
}

/** Resources say nothing of how far a peer is: the TTL keeps none of them away, as in Calico's mesh and peers. */
export const anyDistance = 255

/** With every default. A route reflector tells all it knows, every other node only what it originates (INTERFACE §2). */
export function plainPeer(
  { name, address, interface: link, asNumber, port, node }: Party,
  families: readonly AddressFamily[],
  { own }: PeerContext,
): PeerConfig {
  const internal = asNumber === own.asNumber
  return {
    name,
    address,
    ...(link !== undefined && { interface: link }),
    asNumber,
    port,
    passive: false,
    ...(!internal && { multihop: anyDistance }),
    families,
    routeReflectorClient: internal && own.clusterId !== undefined && node?.spec.bgp?.routeReflectorClusterID !== own.clusterId,
    holdTimeSec: 90,
    addPath: defaultAddPath,
    maxPrefixes: 0,
    import: 'all',
    export: own.clusterId === undefined ? 'local' : 'all',
  }
}

/** The families in which this node and another can have a session, with the other's address. */
export function commonFamilies(
  node: NodeResource,
  { ipv6 }: NodeAddresses,
): readonly { readonly family: Family; readonly address: IpAddress }[] {
  return ([4, 6] as const).flatMap((family) => {
    const address = family === 4 || ipv6 !== undefined ? addressOf(node, family) : undefined
    return address === undefined ? [] : [{ family, address }]
  })
}

export function addressFamily(family: Family): AddressFamily {
  return family === 4 ? 'ipv4-unicast' : 'ipv6-unicast'
}
