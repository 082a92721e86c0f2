/** All peers of this node, one for an address: configuration file, then BGPPeer, then the mesh (INTERFACE §4); pure. */
import type { PeerConfig } from '../../bgp/peer.ts'
import type { IpAddress } from '../net/address.ts'
import { bgpPeers } from './bgp-peers.ts'
import { meshPeers } from './mesh.ts'
import { isOwnEnd, oddSettings, ownEndProblem } from './odd-peers.ts'
import { peerBfd } from './peer-bfd.ts'
import type { PeerContext } from './planned-peer.ts'
import type { SettingsProblem } from './settings-problem.ts'

export type EffectivePeers = { readonly peers: readonly PeerConfig[]; readonly problems: readonly SettingsProblem[] }

/** @param configured the peers of the configuration file */
export function effectivePeers(configured: readonly PeerConfig[], context: PeerContext): EffectivePeers {
  const { own } = context
  const { ipv4, ipv6 } = context.addresses
  const written = configured.filter((peer) => !isOwnEnd(peer, own, context.addresses))
  const byAddress = new Map<IpAddress, string>(written.map(({ address, name }) => [address, name]))
  const names = new Set(configured.map(({ name }) => name))
  const peers = [...written]
  const problems: SettingsProblem[] = [
    ...configured.filter((peer) => !written.includes(peer)).map(ownEndProblem),
    ...written.flatMap((peer) => oddSettings(peer, own.asNumber)),
  ]
  const losses = new Map<string, Loss>()
  for (const { config, subject, implied, blocked, note } of [...bgpPeers(context), ...meshPeers(context)]) {
    if (config.address === ipv4.address || config.address === ipv6?.address) continue // what is for all nodes is also for the one it leads to
    const holder = byAddress.get(config.address)
    if (holder !== undefined && implied) continue
    if (holder !== undefined) {
      const { reason = `peer ${holder} has the address ${config.address} already`, addresses = 0 } = losses.get(subject) ?? {}
      losses.set(subject, { reason, addresses: addresses + 1 })
    } else if (names.has(config.name)) {
      problems.push({ severity: 'error', subject, message: `is not used: another peer is called ${config.name}` })
    } else {
      byAddress.set(config.address, config.name)
      names.add(config.name)
      if (blocked === undefined) peers.push(config)
      else problems.push({ severity: 'error', subject, message: blocked })
      if (note !== undefined) problems.push({ severity: 'warning', subject, message: note })
    }
  }
  return { peers: peers.map(peerBfd(context)), problems: [...problems, ...[...losses].map(lost)] }
}

/** One that selects nodes may lose a thousand addresses to another. @property reason why it lost the first */
type Loss = { readonly reason: string; readonly addresses: number }

function lost([subject, { reason, addresses }]: readonly [subject: string, loss: Loss]): SettingsProblem {
  const more = addresses === 1 ? '' : `, and so with ${addresses - 1} more of its addresses`
  return { severity: 'warning', subject, message: `is not used: ${reason}${more}` }
}
