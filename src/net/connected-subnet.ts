import { formatAddress, type IpAddress } from './address.ts'
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

/** So many addresses are looked at before a subnet counts as full. */
const TRIES = 64

/** An address of a subnet that is nobody's who is known, of those at its end; undefined: there is none, as in one of a single address. */
export function neighbourIn({ address, subnet }: ConnectedSubnet, isKnown: (address: IpAddress) => boolean): IpAddress | undefined {
  const room = subnet.bytes.length * 8 - subnet.length
  // the last is for all of them
  for (let n = 1; n < Math.min(TRIES, 2 ** Math.min(room, 30) - 1); n++) {
    const bytes = subnet.bytes.map((octet, i) => octet | (0xff >> Math.max(0, Math.min(8, subnet.length - i * 8))))
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) - n
    const found = formatAddress(bytes)
    if (found !== address && !isKnown(found)) return found
  }
  return undefined
}
