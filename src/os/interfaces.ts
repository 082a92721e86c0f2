import os from 'node:os'
import { type IpAddress, parseAddress } from '../net/address.ts'
import type { ConnectedSubnet } from '../net/connected-subnet.ts'
import { parsePrefix } from '../net/prefix.ts'

/** The subnets of this machine's interfaces that are up, as the kernel says now; loopback and link-local left out. */
export function connectedSubnets(): readonly ConnectedSubnet[] {
  return subnetsOf(os.networkInterfaces())
}

/** @param interfaces by name, or by a label of their addresses ("eth0:vip"): no interface has a colon in its name */
export function subnetsOf(interfaces: ReturnType<typeof os.networkInterfaces>): readonly ConnectedSubnet[] {
  return Object.entries(interfaces).flatMap(([label, addresses = []]) => {
    const [device = label] = label.split(':')
    return addresses.flatMap(({ address: text, cidr, internal }) => {
      const address = parseAddress(text)
      const subnet = parsePrefix(cidr ?? text)
      return address === undefined || subnet === undefined || internal || isLinkLocal(address) ? [] : [{ device, address, subnet }]
    })
  })
}

function isLinkLocal(address: IpAddress): boolean {
  return address.startsWith('fe80:') || address.startsWith('169.254.')
}
