/** From the configuration to what the speaker takes: defaults that depend on the node filled in; pure. */
import type { AddressFamily, PeerConfig, PeerRange, SpeakerOptions, SpeakerPolicy } from '../bgp/peer.ts'
import { defaultAddPath } from './config/add-path-options.ts'
import type { Config, ConfigPeer, ConfigRange } from './config.ts'
import { parseIpv4 } from './net/ipv4.ts'
import { parseZoned } from './net/zone.ts'
import type { EffectiveBgp } from './settings/effective-bgp.ts'
import type { NodeAddresses } from './settings/node-addresses.ts'
import { writtenRoutes } from './settings/peer-routes.ts'

/** Offered to peers (RFC 4724 §3): how long they keep our routes while we are away. */
const restartTimeSec = 120

/** @param hostName by what name peers show this node; absent: none */
export function speakerOptions(bgp: EffectiveBgp, { ipv4, ipv6 }: NodeAddresses, hostName?: string): Omit<SpeakerOptions, 'restarting'> {
  const addresses = { ipv4: ipv4.address, ...(ipv6 !== undefined && { ipv6: ipv6.address }) }
  return {
    asNumber: bgp.asNumber,
    routerId: identifier(bgp.routerId),
    ...(bgp.clusterId !== undefined && { clusterId: identifier(bgp.clusterId) }),
    listenAddresses: bgp.listenAddresses,
    listenPort: bgp.listenPort,
    localAddress: addresses,
    restartTimeSec,
    ...(hostName !== undefined && { hostName }),
  }
}

/** How the best path is found, and how many share the traffic. */
export function decisionPolicy({ bgp }: Config): Pick<SpeakerPolicy, 'multipath' | 'preferExisting' | 'resolveViaDefault'> {
  const { multipath, preferExisting, resolveViaDefault } = bgp
  return { multipath, preferExisting, resolveViaDefault }
}

/**
 * @param passwords what was read from `passwordFile`, by peer name
 * @param ownAs this node's
 */
export function peerConfigs(
  { bgp }: Config,
  { ipv6 }: NodeAddresses,
  passwords: ReadonlyMap<string, string>,
  ownAs: number,
): readonly PeerConfig[] {
  const families: readonly AddressFamily[] = ipv6 === undefined ? ['ipv4-unicast'] : ['ipv4-unicast', 'ipv6-unicast']
  return bgp.peers.map((peer) => ({
    ...peerConfig(peer, families, passwords.get(peer.name) ?? peer.password),
    ...writtenRoutes(peer, { external: peer.asNumber !== (peer.localAs ?? ownAs), requirePolicy: bgp.requireEbgpPolicy }),
  }))
}

/** @param passwords as for peers, by the range's name */
export function peerRanges(
  { bgp }: Config,
  { ipv6 }: NodeAddresses,
  passwords: ReadonlyMap<string, string>,
  ownAs: number,
): readonly PeerRange[] {
  const families: readonly AddressFamily[] = ipv6 === undefined ? ['ipv4-unicast'] : ['ipv4-unicast', 'ipv6-unicast']
  return bgp.listenRanges.map((range) => {
    const { name, prefix, asNumbers, limit } = range
    const external = asNumbers.some((entry) => entry !== 'internal' && entry !== (range.localAs ?? ownAs))
    const session = sessionSettings(range, families, passwords.get(name) ?? range.password)
    const routes = writtenRoutes(range, { external, requirePolicy: bgp.requireEbgpPolicy })
    return { name, prefix, asNumbers, limit, template: { ...session, ...routes } }
  })
}

function peerConfig(
  peer: ConfigPeer,
  families: readonly AddressFamily[],
  password: string | undefined,
): Omit<PeerConfig, 'import' | 'export'> {
  const { name, address, asNumber, port, passive, sourceAddress, shutdown } = peer
  const end = parseZoned(address)
  if (end === undefined) throw new Error(`"${address}" was taken for a checked address`)
  return {
    name,
    ...end,
    asNumber,
    port,
    passive,
    ...(sourceAddress !== undefined && { sourceAddress }),
    ...(shutdown !== undefined && { shutdown }),
    ...sessionSettings(peer, families, password),
  }
}

/** What can be said of every session, whoever begins it. */
function sessionSettings(session: ConfigPeer | ConfigRange, families: readonly AddressFamily[], password: string | undefined) {
  const { multihop, ttlSecurity, extendedNextHop, maxPrefixesWarnPercent, maxPrefixesRestartSec } = session
  const { restartTimeSec, longLivedStaleSec } = session
  return {
    families: session.families ?? families,
    ...(multihop !== undefined && { multihop }),
    ...(ttlSecurity !== undefined && { ttlSecurity }),
    ...(extendedNextHop !== undefined && { extendedNextHop }),
    routeReflectorClient: session.routeReflectorClient,
    holdTimeSec: session.holdTimeSec,
    addPath: session.addPath ?? defaultAddPath,
    ...(restartTimeSec !== undefined && { restartTimeSec }),
    ...(longLivedStaleSec > 0 && { longLivedStaleSec }),
    maxPrefixes: session.maxPrefixes,
    ...(maxPrefixesWarnPercent !== undefined && { maxPrefixesWarnPercent }),
    ...(maxPrefixesRestartSec !== undefined && { maxPrefixesRestartSec }),
    ...(password !== undefined && { password }),
  }
}

/** The configuration's check has seen to it that this is an IPv4 address. */
function identifier(address: string): number {
  const value = parseIpv4(address)
  if (value === undefined) throw new Error(`"${address}" was taken for a checked BGP identifier`)
  return value
}
