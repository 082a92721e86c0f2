/** What the thread of BFD is told, and what it tells. */
import type { IpAddress } from '../../src/net/address.ts'
import type { SessionTerms } from './bfd-session.ts'
import type { BfdState, Discard } from './control-packet.ts'

/** Between whom, and how. A change of it is another session. */
export type SessionPlace = {
  readonly remote: IpAddress
  /** Absent: whatever address the system sends from. */
  readonly local?: IpAddress
  /** The link of a link-local `remote`. */
  readonly interface?: string
  /** RFC 5883, port 4784; otherwise RFC 5881, port 3784. */
  readonly multihop: boolean
  /** Multihop: packets with less TTL are dropped, 1..255; absent: none are. A single hop always takes 255. */
  readonly minTtl?: number
}

/** @property id never used twice */
export type Order =
  | { readonly type: 'start'; readonly id: number; readonly place: SessionPlace; readonly terms: SessionTerms }
  | { readonly type: 'configure'; readonly id: number; readonly terms: SessionTerms }
  /** The peer is told (RFC 5880 §6.8.16). */
  | { readonly type: 'remove'; readonly id: number }
  /** All peers are told, then the thread ends. */
  | { readonly type: 'end' }

export type Report =
  /** How the session is now. It may have been otherwise meanwhile: the counts tell. */
  | { readonly type: 'changed'; readonly id: number; readonly view: SessionView; readonly counts: SessionCounts }
  /** What keeps the session from working; undefined: nothing any more. */
  | { readonly type: 'problem'; readonly id: number; readonly problem: string | undefined }
  /** Packets of the peer are discarded; told once for each reason. */
  | { readonly type: 'discarded'; readonly id: number; readonly reason: Discard }

/** Since the session began. */
export type SessionCounts = {
  /** How often it came Up. */
  readonly ups: number
  /** How often it left Up because the path was broken, by nobody's will (RFC 5882 §3.2). */
  readonly downs: number
  /** The diagnostic of the last time it did. */
  readonly downDiagnostic: number
}

/** A session as people are shown it; intervals in microseconds. @property remote absent: unheard */
export type SessionView = {
  readonly state: BfdState
  readonly diagnostic: number
  readonly localDiscriminator: number
  readonly transmitIntervalUs: number
  readonly detectionTimeUs: number
  readonly remote?: {
    readonly state: BfdState
    readonly diagnostic: number
    readonly discriminator: number
    readonly minTxUs: number
    readonly minRxUs: number
    readonly multiplier: number
    readonly demand: boolean
    readonly controlPlaneIndependent: boolean
  }
}
