import type { InterfaceAddress } from '../net/prefix.ts'

/** The underlay addresses of this node. */
export type NodeAddresses = { readonly ipv4: InterfaceAddress; readonly ipv6?: InterfaceAddress }
