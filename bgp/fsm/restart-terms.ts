/** What both sides say in their OPENs of restarts: RFC 4724 §3, RFC 8538 §2, RFC 9494 §3.1. */
import type { AddressFamily, Capability } from '../wire/message.ts'
import type { LongLived, PeerRestart, Terms } from './terms.ts'

/** What we say of ours. */
export type RestartOffer = {
  readonly families: readonly AddressFamily[]
  /** R bit: our routes of the life before are still in the kernel and we have not decided yet. */
  readonly restarting: boolean
  /** F bits: the kernel forwards by our routes, as it did before this OPEN. */
  readonly forwardingPreserved: boolean
  /** 0..4095 */
  readonly restartTimeSec: number
  /** Long-lived stale time, 0..16777215; absent or 0: that capability is not sent. */
  readonly longLivedStaleSec?: number
}

/** N bit: we follow RFC 8538 with every peer that does. */
export function restartCapabilities(offer: RestartOffer): readonly Capability[] {
  const { restarting, forwardingPreserved, restartTimeSec, longLivedStaleSec = 0 } = offer
  const families = offer.families.map((family) => ({ family, forwardingPreserved }))
  const graceful = { type: 'graceful-restart', restarting, notification: true, restartTimeSec, families } as const
  if (longLivedStaleSec === 0) return [graceful]
  const longLived = families.map((entry) => ({ ...entry, staleSec: longLivedStaleSec }))
  return [graceful, { type: 'long-lived-graceful-restart', families: longLived }]
}

/** @param agreed the families of the session */
export function restartTerms(
  offer: RestartOffer,
  capabilities: readonly Capability[],
  agreed: readonly AddressFamily[],
): Pick<Terms, 'gracefulRestart' | 'longLived'> {
  const gracefulRestart = peerRestart(capabilities, agreed)
  if (gracefulRestart === undefined) return {} // RFC 9494 §3.1: the other is ignored without it
  const longLived = longLivedTerms(offer, capabilities, agreed)
  return longLived === undefined ? { gracefulRestart } : { gracefulRestart, longLived }
}

function peerRestart(capabilities: readonly Capability[], agreed: readonly AddressFamily[]): PeerRestart | undefined {
  const capability = capabilities.findLast((capability) => capability.type === 'graceful-restart')
  if (capability === undefined) return undefined
  const { restarting, notification, restartTimeSec } = capability
  const families = agreed.flatMap((family) => {
    const entry = capability.families.findLast((entry) => entry.family === family)
    return entry === undefined ? [] : [{ family, forwardingPreserved: entry.forwardingPreserved }]
  })
  return { restarting, notification, restartTimeSec, families }
}

function longLivedTerms(
  { longLivedStaleSec = 0 }: RestartOffer,
  capabilities: readonly Capability[],
  agreed: readonly AddressFamily[],
): readonly LongLived[] | undefined {
  const capability = capabilities.findLast((capability) => capability.type === 'long-lived-graceful-restart')
  if (capability === undefined || longLivedStaleSec === 0) return undefined
  return agreed.flatMap((family) => {
    const entry = capability.families.findLast((entry) => entry.family === family)
    if (entry === undefined) return []
    return [{ family, forwardingPreserved: entry.forwardingPreserved, staleSec: Math.min(entry.staleSec, longLivedStaleSec) }]
  })
}
