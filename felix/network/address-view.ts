import type { LinkView } from './link-view.ts'
import type { AddressMessage, KernelAddress } from './netlink-address.ts'
import type { NetworkKernel } from './network-kernel.ts'

/** What a machine says to itself is no network. */
const loopback = 'lo'

/** The addresses of this node as last told by the kernel, also of links that are down or have no carrier: packets may come by them any moment. */
export class AddressView {
  #addresses: Map<string, KernelAddress> | undefined
  /** Told while all of them are being read, which may have been before. */
  #heard: AddressMessage[] = []

  /** The whole truth. Gives whether it is another one. @throws when it cannot be read */
  async read(kernel: Pick<NetworkKernel, 'addresses'>): Promise<boolean> {
    this.#heard = []
    const addresses = new Map((await kernel.addresses()).map((address) => [keyOf(address), address]))
    for (const message of this.#heard) take(addresses, message)
    const before = this.#addresses
    this.#addresses = addresses
    return before?.size !== addresses.size || [...addresses.keys()].some((key) => !before.has(key))
  }

  observe(message: AddressMessage): void {
    this.#heard.push(message)
    if (this.#addresses !== undefined) take(this.#addresses, message)
  }

  /** Those of the links that exist, loopback left out, by the name of the link; undefined before they were read. */
  byLink(links: Pick<LinkView, 'byIndex'>): ReadonlyMap<string, ReadonlySet<string>> | undefined {
    if (this.#addresses === undefined) return undefined
    const byIndex = Map.groupBy(this.#addresses.values(), ({ index }) => index)
    return new Map(
      [...byIndex].flatMap(([index, own]): [string, ReadonlySet<string>][] => {
        const name = links.byIndex(index)?.name
        return name === undefined || name === loopback ? [] : [[name, new Set(own.map(({ address }) => address))]]
      }),
    )
  }
}

function take(addresses: Map<string, KernelAddress>, { address, gone }: AddressMessage): void {
  if (gone) addresses.delete(keyOf(address))
  else addresses.set(keyOf(address), address)
}

/** A link may have one address in several subnets. */
function keyOf({ index, address, length }: KernelAddress): string {
  return `${index} ${address}/${length}`
}
