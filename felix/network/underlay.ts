import type { Family, IpAddress } from '../../src/net/address.ts'
import type { NetworkKernel } from './network-kernel.ts'

/** An address of this node and the link it is on; `length` is that of its subnet. */
export type UnderlayAddress = {
  readonly link: string
  readonly index: number
  readonly family: Family
  readonly address: IpAddress
  readonly length: number
  readonly up: boolean
}

/** Every address of this node, in the kernel's order. @throws when the kernel cannot be read */
export async function readAddresses(kernel: Pick<NetworkKernel, 'links' | 'addresses'>): Promise<readonly UnderlayAddress[]> {
  const links = new Map((await kernel.links()).map((link) => [link.index, link]))
  return (await kernel.addresses()).flatMap((address) => {
    const link = links.get(address.index)
    return link === undefined ? [] : [{ ...address, link: link.name, up: link.up }]
  })
}
