import type { IpAddress } from '../../src/net/address.ts'
import type { Tunnel } from '../kernel.ts'
import type { KernelAddress } from './netlink-address.ts'
import type { KernelLink } from './netlink-link.ts'

/** The label that says which address of the device is ours: it outlives the agent, and a user sees it in `ip address`. */
export const TUNNEL_LABEL = 'tunl0:tortie'

/** The device as the kernel has it. @property addresses its IPv4 addresses */
export type ActualTunnel = { readonly link: KernelLink; readonly addresses: readonly KernelAddress[] }

export type TunnelStep =
  | { readonly type: 'set-mtu'; readonly mtu: number }
  | { readonly type: 'add-address'; readonly address: IpAddress }
  | { readonly type: 'set-up' | 'set-down' }
  | { readonly type: 'remove-address'; readonly address: KernelAddress }

/**
 * What makes the device as wanted, in order: the new address before the old one goes, because with the last address of a device the
 * kernel takes all routes over it. The same address put there by somebody else serves too, and stays his.
 *
 * @param prune whether addresses of ours that are not wanted may go
 */
export function planTunnel(wanted: Tunnel, { link, addresses }: ActualTunnel, prune: boolean): TunnelStep[] {
  const isThere = addresses.some(({ address, length }) => address === wanted.address && length === 32)
  const old = addresses.filter((address) => isOurs(address) && address.address !== wanted.address)
  return [
    ...(link.mtu === wanted.mtu ? [] : [{ type: 'set-mtu', mtu: wanted.mtu } as const]),
    ...(isThere ? [] : [{ type: 'add-address', address: wanted.address } as const]),
    ...(link.up ? [] : [{ type: 'set-up' } as const]),
    ...(prune ? old.map((address) => ({ type: 'remove-address', address }) as const) : []),
  ]
}

/**
 * What takes ours away. A device without an address of ours is somebody else's and stays as it is; with an address of his beside ours
 * it stays up. Down comes first: as long as our label is there, whoever comes after us knows that the device was ours.
 */
export function planRemoval({ link, addresses }: ActualTunnel): TunnelStep[] {
  const ours = addresses.filter(isOurs)
  if (ours.length === 0) return []
  const isShared = ours.length < addresses.length
  return [
    ...(link.up && !isShared ? [{ type: 'set-down' } as const] : []),
    ...ours.map((address) => ({ type: 'remove-address', address }) as const),
  ]
}

export function isOurs({ label }: KernelAddress): boolean {
  return label === TUNNEL_LABEL
}
