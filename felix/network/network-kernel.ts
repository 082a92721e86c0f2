import type { Family } from '../../src/net/address.ts'
import type { KernelRoute, Refusal, RouteChange } from './kernel-route.ts'
import type { KernelAddress } from './netlink-address.ts'
import type { KernelLink, LinkChange } from './netlink-link.ts'

/** The kernel's routes, links and addresses: netlink, or the program `ip` where netlink cannot be reached. Calls of `change` and `flush` have one owner. */
export interface NetworkKernel {
  readonly way: 'netlink' | 'ip'
  /** How many changes one `flush` takes at most. */
  readonly batchSize: number
  /** nlmsg_pid of the events that our own changes cause; 0 where it cannot be known. */
  readonly port: number
  /** Every route of the main table that has this protocol. @throws when it cannot be read */
  routes(family: Family, protocol: number, visit: (route: KernelRoute) => void): Promise<void>
  links(): Promise<readonly KernelLink[]>
  /** All addresses of this node, or those of one link. @throws when they cannot be read */
  addresses(link?: KernelLink): Promise<readonly KernelAddress[]>
  /** Puts a change into the batch; `change` and its octets belong to the caller again afterwards. */
  change(change: RouteChange): void
  /** Has the kernel make the changes of the batch in their order. Those not refused are made. @throws when the outcome is unknown */
  flush(): Promise<readonly Refusal[]>
  changeLink(link: KernelLink, change: LinkChange): Promise<Refusal | undefined>
  /** Makes an IP-in-IP device, for which the kernel loads its module. ENOTSUP: it has none. EEXIST: the device is there. */
  makeIpip(name: string): Promise<Refusal | undefined>
  changeAddress(operation: 'create' | 'delete', address: KernelAddress): Promise<Refusal | undefined>
  close(): void
}
