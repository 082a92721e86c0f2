/** Which peers of the speaker are watched by BFD, and where; pure. */
import { familyOf, type IpAddress } from '../../src/net/address.ts'
import { isLinkLocal } from '../../src/net/zone.ts'
import type { PeerConfig } from '../peer-config.ts'
import type { BfdPeer } from './bfd.ts'

/** @param own this node's address of each family */
export function bfdPeers(peers: readonly PeerConfig[], own: { readonly ipv4: IpAddress; readonly ipv6?: IpAddress }): readonly BfdPeer[] {
  return peers.flatMap((peer) => {
    const { name, address, bfd, shutdown, ttlSecurity } = peer
    if (bfd === undefined || shutdown !== undefined) return []
    const { multihop = isMultihop(peer), ...terms } = bfd
    const link = isLinkLocal(address) ? peer.interface : undefined
    const local = link === undefined ? localOf(peer, own) : undefined
    const place = {
      remote: address,
      ...(local !== undefined && { local }),
      ...(link !== undefined && { interface: link }),
      multihop,
      ...(multihop && ttlSecurity !== undefined && { minTtl: 256 - ttlSecurity }),
    }
    return [{ peer: name, place, terms }]
  })
}

function isMultihop({ multihop = 1, ttlSecurity = 1 }: PeerConfig): boolean {
  return multihop > 1 || ttlSecurity > 1
}

/** The end of the BGP session, so that BFD watches the same path. */
function localOf(
  { address, sourceAddress }: PeerConfig,
  own: { readonly ipv4: IpAddress; readonly ipv6?: IpAddress },
): IpAddress | undefined {
  if (sourceAddress === 'any') return undefined
  return sourceAddress ?? (familyOf(address) === 4 ? own.ipv4 : own.ipv6)
}
