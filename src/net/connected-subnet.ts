import type { IpAddress } from './address.ts'
import type { Prefix } from './prefix.ts'

/** A subnet this node is attached to: whatever lies inside is reached over `device` without a gateway. `address` is our own in it. */
export type ConnectedSubnet = { readonly address: IpAddress; readonly subnet: Prefix; readonly device: string }

/** The addresses of each interface. */
export function addressesByInterface(subnets: readonly ConnectedSubnet[]): ReadonlyMap<string, ReadonlySet<string>> {
  const devices = [...Map.groupBy(subnets, ({ device }) => device)]
  return new Map(devices.map(([device, own]) => [device, new Set(own.map(({ address }) => address))]))
}
