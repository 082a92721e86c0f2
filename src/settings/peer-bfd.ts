/** BFD beside peers: what the configuration file says of one, else what it says of all (`bgp.bfd`); pure. */
import type { BfdTerms, PeerConfig } from '../../bgp/peer.ts'
import type { Config } from '../config.ts'
import { containsPrefix, parsePrefix } from '../net/prefix.ts'
import type { NodeAddresses } from './node-addresses.ts'
import type { PeerContext } from './planned-peer.ts'

/** For the peers of the file, of resources and of the mesh alike. */
export function peerBfd({ bgp, own, addresses }: Pick<PeerContext, 'bgp' | 'own' | 'addresses'>): (peer: PeerConfig) => PeerConfig {
  const byName = new Map(bgp.peers.map(({ name, bfd }) => [name, bfd]))
  return (peer) => {
    const options = byName.get(peer.name) ?? bgp.bfd
    if (options?.enabled !== true) return peer
    const isInternal = peer.asNumber === (peer.localAs ?? own.asNumber)
    return { ...peer, bfd: terms(options, isInternal && !isConnected(peer, addresses)) }
  }
}

/** @param isFar how far it is says neither `multihop` nor `ttlSecurity` of an iBGP peer */
function terms({ minTxMs, minRxMs, multiplier, multihop }: NonNullable<Config['bgp']['bfd']>, isFar: boolean): BfdTerms {
  return { minTxMs, minRxMs, multiplier, ...(multihop === undefined ? isFar && { multihop: true } : { multihop }) }
}

function isConnected({ address, interface: link }: PeerConfig, { ipv4, ipv6 }: NodeAddresses): boolean {
  const peer = parsePrefix(address)
  if (link !== undefined || peer === undefined) return true
  return [ipv4, ipv6].some((own) => {
    const subnet = own && parsePrefix(own.subnet)
    return subnet !== undefined && containsPrefix(subnet, peer)
  })
}
