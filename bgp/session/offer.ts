import { familyOf } from '../../src/net/address.ts'
import type { Offer } from '../fsm/negotiate.ts'
import type { PeerConfig } from '../peer.ts'

/** What of us all peers are told, but for what their own settings say. */
export type OwnTerms = {
  readonly localAs: number
  readonly routerId: number
  /** Offered to peers that have none of their own. */
  readonly restartTimeSec: number
  /** R and F bits (RFC 4724 §3). */
  readonly restarting: boolean
  readonly forwardingPreserved: boolean
  readonly hostName?: string | undefined
}

/** What we bring to the OPENs with this peer. */
export function offerOf(config: PeerConfig, own: OwnTerms): Offer {
  const { asNumber: peerAs, families, holdTimeSec, role, addPath, longLivedStaleSec = 0 } = config
  const { extendedNextHop = familyOf(config.address) === 6 } = config
  const { localAs, routerId, restarting, forwardingPreserved, hostName } = own
  return {
    localAs,
    peerAs,
    routerId,
    holdTimeSec,
    families,
    ...(extendedNextHop && families.includes('ipv4-unicast') ? { extendedNextHop } : {}),
    addPath: { receive: addPath?.receive ?? false, send: (addPath?.send ?? 0) > 0 },
    ...(role !== undefined && peerAs !== localAs ? { role } : {}),
    restarting,
    forwardingPreserved,
    restartTimeSec: config.restartTimeSec ?? own.restartTimeSec,
    longLivedStaleSec,
    ...(hostName === undefined ? {} : { hostName }),
  }
}
