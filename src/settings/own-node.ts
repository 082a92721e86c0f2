import type { Config } from '../config.ts'
import { type InterfaceAddress, parseInterfaceAddress } from '../net/prefix.ts'
import type { NodeResource } from './resources.ts'

export function ownNode(nodes: readonly NodeResource[], nodeName: string): NodeResource | undefined {
  return nodes.find(({ metadata }) => metadata.name === nodeName)
}

export type StatedAddresses = { readonly ipv4?: InterfaceAddress; readonly ipv6?: InterfaceAddress }

/** The node's addresses as far as somebody said them: the configuration file, then the Node resource (INTERFACE §4). */
export function statedAddresses({ ipv4, ipv6 }: Config['node'], node: NodeResource | undefined): StatedAddresses {
  const stated4 = ipv4 ?? read(node?.spec.bgp?.ipv4Address)
  const stated6 = ipv6 ?? read(node?.spec.bgp?.ipv6Address)
  return { ...(stated4 !== undefined && { ipv4: stated4 }), ...(stated6 !== undefined && { ipv6: stated6 }) }
}

function read(text: string | undefined): InterfaceAddress | undefined {
  return text === undefined ? undefined : parseInterfaceAddress(text)
}
