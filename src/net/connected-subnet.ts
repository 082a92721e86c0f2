import type { IpAddress } from './address.ts'
import { containsPrefix, type Prefix, parsePrefix } from './prefix.ts'

/** A subnet this node is attached to: whatever lies inside is reached over `device` without a gateway. `address` is our own in it. */
export type ConnectedSubnet = { readonly address: IpAddress; readonly subnet: Prefix; readonly device: string }

/** The addresses of each interface. */
export function addressesByInterface(subnets: readonly ConnectedSubnet[]): ReadonlyMap<string, ReadonlySet<string>> {
  const devices = [...Map.groupBy(subnets, ({ device }) => device)]
  return new Map(devices.map(([device, own]) => [device, new Set(own.map(({ address }) => address))]))
}

/**
 * The devices by which an address of another machine may be reached, as far as subnets tell: that of the narrowest which holds it; where none
 * does, all of them, since any may lead to a gateway.
 */
export function devicesTo(subnets: readonly ConnectedSubnet[], address: IpAddress): readonly string[] {
  const prefix = parsePrefix(address)
  const around = prefix === undefined ? [] : subnets.filter(({ subnet }) => containsPrefix(subnet, prefix))
  const longest = Math.max(...around.map(({ subnet }) => subnet.length))
  const near = around.filter(({ subnet }) => subnet.length === longest)
  return [...new Set((near.length > 0 ? near : subnets).map(({ device }) => device))]
}
