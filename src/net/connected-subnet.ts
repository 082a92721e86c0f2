import type { IpAddress } from './address.ts'
import type { Prefix } from './prefix.ts'

/** A subnet this node is attached to: whatever lies inside is reached over `device` without a gateway. `address` is our own in it. */
export type ConnectedSubnet = { readonly address: IpAddress; readonly subnet: Prefix; readonly device: string }
