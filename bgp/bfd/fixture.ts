/** For tests: packets and sessions with what a test does not name at plain values. */
import { type BfdSession, type Moment, newSession, type Remote, type SessionTerms, unheard } from './bfd-session.ts'
import type { ControlPacket } from './control-packet.ts'

/** 300 ms x 3 both ways. */
export const terms: SessionTerms = { minTxUs: 300_000, minRxUs: 300_000, detectMult: 3 }

/** From discriminator 9 to 1: Up, 300 ms x 3. */
export function packet(changes: Partial<ControlPacket> = {}): ControlPacket {
  return {
    diagnostic: 0,
    state: 'Up',
    poll: false,
    final: false,
    controlPlaneIndependent: false,
    demand: false,
    detectMult: 3,
    myDiscriminator: 9,
    yourDiscriminator: 1,
    desiredMinTxUs: 300_000,
    requiredMinRxUs: 300_000,
    requiredMinEchoRxUs: 0,
    ...changes,
  }
}

/** Discriminator 1, Down, never heard the peer, last packet sent at 0 without jitter. */
export function down(changes: Partial<BfdSession> = {}): BfdSession {
  return { ...newSession(terms, 1), sentAtMs: 0, jitter: 1, ...changes }
}

/** The peer of `packet`, heard at 0. */
export function heard(changes: Partial<Remote> = {}): Remote {
  const said = { discriminator: 9, state: 'Up', detectMult: 3, desiredMinTxUs: 300_000, requiredMinRxUs: 300_000, heardAtMs: 0 } as const
  return { ...unheard, ...said, ...changes }
}

/** Up at 300 ms x 3 on both sides, no poll sequence, last packets both ways at 0. */
export function up(changes: Partial<BfdSession> = {}): BfdSession {
  return down({ state: 'Up', remote: heard(), desiredMinTxUs: 300_000, txInForceUs: 300_000, ...changes })
}

/** No jitter. */
export const at = (nowMs: number): Moment => ({ nowMs, random: 0 })
