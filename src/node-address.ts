import type { ConnectedSubnet } from './net/connected-subnet.ts'
import type { InterfaceAddress } from './net/prefix.ts'

/** The underlay address of this node and why it is this one: shown in /v1/status, so that a wrong choice is seen. */
export type NodeAddress = { readonly address: InterfaceAddress; readonly reason: string }

/** Interfaces that belong to containers, bridges and tunnels: never the underlay (resource reference §6.10, `first-found`). */
const notUnderlay = /^(docker|cbr|dummy|virbr|lxcbr|veth|lo|cali|tunl|flannel|kube-ipvs|cni|podman|br-|wg|vxlan)/

/** The configured address, else the first IPv4 address of the first interface that can be an underlay; undefined if there is none. */
export function nodeAddress(
  configured: InterfaceAddress | undefined,
  connected: readonly ConnectedSubnet[],
  interfacePrefix: string,
): NodeAddress | undefined {
  if (configured !== undefined) return { address: configured, reason: 'configured as node.ipv4' }
  const found = connected.find(
    ({ subnet, device }) => subnet.family === 4 && !notUnderlay.test(device) && !device.startsWith(interfacePrefix),
  )
  if (found === undefined) return undefined
  const { address, subnet, device } = found
  return {
    address: { address, subnet: `${subnet.bytes.join('.')}/${subnet.length}` as InterfaceAddress['subnet'], length: subnet.length },
    reason: `first IPv4 address found, on ${device}; set node.ipv4 to choose another`,
  }
}
