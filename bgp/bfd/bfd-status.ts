import type { BfdState } from './control-packet.ts'
import { diagnosticName } from './diagnostic.ts'
import type { SessionCounts, SessionPlace, SessionView } from './message.ts'

/** The BFD session beside a BGP session, as the API shows it. */
export type BfdStatus = {
  readonly state: BfdState
  /** ISO 8601: of the state. */
  readonly since: string
  readonly multihop: boolean
  /** Why it left its last state, with the name of RFC 5880 §4.1. */
  readonly diagnostic: string
  readonly discriminator: number
  /** What is agreed on now: between our packets, before jitter; and after how long without one of the peer's it counts as down, 0 while it is not heard. */
  readonly intervalMs: number
  readonly detectionTimeMs: number
  /** What the peer says; absent while it is not heard. */
  readonly remote?: {
    readonly state: BfdState
    readonly diagnostic: string
    readonly discriminator: number
    readonly minTxMs: number
    readonly minRxMs: number
    readonly multiplier: number
    readonly demand: boolean
    readonly controlPlaneIndependent: boolean
  }
  /** How often it came Up, and left Up other than by an administrator's hand. */
  readonly ups: number
  readonly downs: number
  /** What keeps it from working. */
  readonly problem?: string
}

/** What is kept of a session. @property view absent: it has not begun @property sinceMs of its state, since 1970 */
export type BfdRecord = {
  readonly view?: SessionView
  readonly sinceMs: number
  readonly counts: SessionCounts
  readonly problem?: string | undefined
}

/** Undefined: it has not begun. */
export function statusOf({ multihop }: SessionPlace, { view, sinceMs, counts: { ups, downs }, problem }: BfdRecord): BfdStatus | undefined {
  if (view === undefined) return undefined
  const { state, diagnostic, localDiscriminator, transmitIntervalUs, detectionTimeUs, remote } = view
  return {
    state,
    since: new Date(sinceMs).toISOString(),
    multihop,
    diagnostic: diagnosticName(diagnostic),
    discriminator: localDiscriminator,
    intervalMs: transmitIntervalUs / 1000,
    detectionTimeMs: detectionTimeUs / 1000,
    ...(remote !== undefined && { remote: remoteOf(remote) }),
    ups,
    downs,
    ...(problem !== undefined && { problem }),
  }
}

function remoteOf({ minTxUs, minRxUs, diagnostic, ...said }: NonNullable<SessionView['remote']>): NonNullable<BfdStatus['remote']> {
  return { ...said, diagnostic: diagnosticName(diagnostic), minTxMs: minTxUs / 1000, minRxMs: minRxUs / 1000 }
}
