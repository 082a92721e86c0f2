import Type, { type StaticDecode } from 'typebox'
import { parseInterfaceAddress } from '../net/prefix.ts'
import type { Frozen } from './frozen.ts'
import { defineKind } from './kind.ts'
import type { Problem } from './resource.ts'
import { address, asNumber, interfaceName, ipv4, ipv4WithLength, ipv6, ipv6WithLength, mac, name } from './scalars.ts'
import { closedObject, crossChecked, text } from './schema-check.ts'

const bgpFields = closedObject({
  asNumber: Type.Optional(asNumber),
  ipv4Address: Type.Optional(ipv4WithLength),
  ipv6Address: Type.Optional(ipv6WithLength),
  ipv4IPIPTunnelAddr: Type.Optional(ipv4),
  routeReflectorClusterID: Type.Optional(ipv4),
})

const interfaceAddress = text(
  (value) => (parseInterfaceAddress(value) === undefined ? undefined : value),
  'an address, with or without its prefix length',
)

const spec = closedObject({
  bgp: Type.Optional(crossChecked(bgpFields, emptyProblems)),
  ipv4VXLANTunnelAddr: Type.Optional(ipv4),
  ipv6VXLANTunnelAddr: Type.Optional(ipv6),
  vxlanTunnelMACAddr: Type.Optional(mac),
  vxlanTunnelMACAddrV6: Type.Optional(mac),
  wireguard: Type.Optional(closedObject({ interfaceIPv4Address: Type.Optional(ipv4), interfaceIPv6Address: Type.Optional(ipv6) })),
  orchRefs: Type.Optional(Type.Array(closedObject({ orchestrator: Type.String(), nodeName: Type.Optional(name) }))),
  addresses: Type.Optional(
    Type.Array(closedObject({ address: interfaceAddress, type: Type.Optional(Type.Enum(['CalicoNodeIP', 'InternalIP', 'ExternalIP'])) })),
  ),
  interfaces: Type.Optional(
    Type.Array(closedObject({ name: Type.Optional(interfaceName), addresses: Type.Optional(Type.Array(address)) })),
  ),
})

/** Addresses are canonical; `asNumber` is a plain number (declared as the schema sees it). */
export type NodeSpec = Frozen<StaticDecode<typeof spec>>

/** Resource reference §6.10. */
export const node = defineKind({
  group: 'projectcalico.org',
  version: 'v3',
  kind: 'Node',
  plural: 'nodes',
  namespaced: false,
  spec,
})

function emptyProblems(bgp: object): readonly Problem[] {
  return Object.keys(bgp).length > 0 ? [] : [{ path: '', reason: 'must not be empty: leave it out or give it a field' }]
}
