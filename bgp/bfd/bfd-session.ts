/** The variables of one BFD session (RFC 5880 §6.8.1) and what follows from them. Pure: time is an argument. */
import type { BfdState, ControlPacket } from './control-packet.ts'
import { diagnostic } from './diagnostic.ts'

/** What the operator asks for. @property detectMult 1..255 */
export type SessionTerms = { readonly minTxUs: number; readonly minRxUs: number; readonly detectMult: number }

/** @property nowMs of any clock that only runs forward @property random uniform in [0, 1), for jitter */
export type Moment = { readonly nowMs: number; readonly random: number }

export type BfdSession = {
  readonly terms: SessionTerms
  readonly state: BfdState
  readonly diagnostic: number
  /** 1..4294967295, unique among this system's sessions. */
  readonly localDiscriminator: number
  /** bfd.DesiredMinTxInterval and bfd.RequiredMinRxInterval as we announce them now. */
  readonly desiredMinTxUs: number
  readonly requiredMinRxUs: number
  /** What of them holds already: during a poll sequence that slows us down, or speeds the peer up, still the value before (§6.8.3). */
  readonly txInForceUs: number
  readonly rxInForceUs: number
  /** sent: packets carry P until F comes. over: F came; a packet without F must come before the next sequence (§6.8.3). */
  readonly poll: 'idle' | 'sent' | 'over'
  readonly remote: Remote
  /** When the last packet was sent, and the jitter drawn for the next. */
  readonly sentAtMs: number
  readonly jitter: number
}

/** What the peer's last packet said; without one for a Detection Time, `unheard`. */
export type Remote = {
  /** 0: unknown (§6.8.1). */
  readonly discriminator: number
  readonly state: BfdState
  readonly diagnostic: number
  readonly detectMult: number
  readonly desiredMinTxUs: number
  readonly requiredMinRxUs: number
  readonly demand: boolean
  readonly controlPlaneIndependent: boolean
  readonly heardAtMs: number
}

/** The initial values of §6.8.1. */
export const unheard: Remote = {
  discriminator: 0,
  state: 'Down',
  diagnostic: diagnostic.none,
  detectMult: 0,
  desiredMinTxUs: 0,
  requiredMinRxUs: 1,
  demand: false,
  controlPlaneIndependent: false,
  heardAtMs: Number.NEGATIVE_INFINITY,
}

/** §6.8.3: a session that is not Up sends no faster. */
export const SLOW_TX_US = 1_000_000

/** A session in Down whose first packet is due at once. @param localDiscriminator not 0 */
export function newSession(terms: SessionTerms, localDiscriminator: number): BfdSession {
  const desiredMinTxUs = desiredTxUs(terms, 'Down')
  return {
    terms,
    state: 'Down',
    diagnostic: diagnostic.none,
    localDiscriminator,
    desiredMinTxUs,
    requiredMinRxUs: terms.minRxUs,
    txInForceUs: desiredMinTxUs,
    rxInForceUs: terms.minRxUs,
    poll: 'idle',
    remote: unheard,
    sentAtMs: Number.NEGATIVE_INFINITY,
    jitter: 0,
  }
}

/** What bfd.DesiredMinTxInterval has to be in a state. */
export function desiredTxUs(terms: SessionTerms, state: BfdState): number {
  return state === 'Up' ? terms.minTxUs : Math.max(terms.minTxUs, SLOW_TX_US)
}

/** The agreed interval between our packets before jitter (§6.8.2). */
export function transmitIntervalUs({ txInForceUs, remote }: BfdSession): number {
  return Math.max(txInForceUs, remote.requiredMinRxUs)
}

/** §6.8.4, asynchronous mode: after so long without a packet the peer counts as gone; 0 while it is unheard. */
export function detectionTimeUs({ rxInForceUs, remote }: BfdSession): number {
  return remote.detectMult * Math.max(rxInForceUs, remote.desiredMinTxUs)
}

/** When `elapse` is to be called again, in ms; Infinity: only after the next packet. */
export function dueMs(session: BfdSession): number {
  return Math.min(transmitDueMs(session), detectDueMs(session))
}

/** When the next periodic packet is to go (§6.8.7); Infinity: the peer wants none. */
export function transmitDueMs(session: BfdSession): number {
  const { remote, state, poll, sentAtMs, jitter } = session
  if (remote.requiredMinRxUs === 0) return Number.POSITIVE_INFINITY
  const demanded = remote.demand && state === 'Up' && remote.state === 'Up'
  if (demanded && poll !== 'sent') return Number.POSITIVE_INFINITY
  return sentAtMs + (transmitIntervalUs(session) / 1000) * jitter
}

/** When the peer counts as gone; Infinity while it is unheard. */
export function detectDueMs(session: BfdSession): number {
  const { remote } = session
  return remote.discriminator === 0 ? Number.POSITIVE_INFINITY : remote.heardAtMs + detectionTimeUs(session) / 1000
}

/** The packet this session sends now (§6.8.7). Our BFD shares the fate of the process (C clear), takes no echo and never asks for demand mode. */
export function packetOf(session: BfdSession, final: boolean): ControlPacket {
  return {
    diagnostic: session.diagnostic,
    state: session.state,
    poll: session.poll === 'sent' && !final,
    final,
    controlPlaneIndependent: false,
    demand: false,
    detectMult: session.terms.detectMult,
    myDiscriminator: session.localDiscriminator,
    yourDiscriminator: session.remote.discriminator,
    desiredMinTxUs: session.desiredMinTxUs,
    requiredMinRxUs: session.requiredMinRxUs,
    requiredMinEchoRxUs: 0,
  }
}
