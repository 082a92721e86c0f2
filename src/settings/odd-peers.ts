/** What is written of a peer in the configuration file and cannot have the effect it was written for; pure. */
import type { PeerConfig } from '../../bgp/peer.ts'
import type { EffectiveBgp } from './effective-bgp.ts'
import type { NodeAddresses } from './node-addresses.ts'
import type { SettingsProblem } from './settings-problem.ts'

/** Whether it leads to this very speaker. Another one may well listen on another port of this node. */
export function isOwnEnd({ address, port }: PeerConfig, { listenPort }: EffectiveBgp, { ipv4, ipv6 }: NodeAddresses): boolean {
  return port === listenPort && (address === ipv4.address || address === ipv6?.address)
}

/** Of a peer that is not tried. */
export function ownEndProblem({ name, address }: PeerConfig): SettingsProblem {
  const message = `is not used: ${address} is an address of this node`
  return { severity: 'error', subject: `bgp/peer/${name}`, message }
}

/** What is on the wrong side of internal and external (RFC 7705 §4: as seen by `localAs`). */
export function oddSettings(
  { name, asNumber, localAs, role, routeReflectorClient }: PeerConfig,
  ownAs: number,
): readonly SettingsProblem[] {
  const isInternal = asNumber === (localAs ?? ownAs)
  const odd = [
    ...(role !== undefined && isInternal ? ['role has no effect: the peer is internal, and roles are for eBGP (RFC 9234 §4)'] : []),
    ...(routeReflectorClient && !isInternal
      ? ['routeReflectorClient has no effect: the peer is external, and reflection is for iBGP (RFC 4456)']
      : []),
    ...(localAs === ownAs ? [`localAs has no effect: ${localAs} is the AS of this node`] : []),
  ]
  return odd.map((message) => ({ severity: 'warning', subject: `bgp/peer/${name}`, message }))
}
