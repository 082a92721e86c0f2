import { type BfdSession, detectionTimeUs, transmitIntervalUs } from './bfd-session.ts'
import type { SessionView } from './message.ts'

export function viewOf(session: BfdSession): SessionView {
  const { state, diagnostic, localDiscriminator, remote } = session
  const { desiredMinTxUs, requiredMinRxUs, detectMult, heardAtMs: _, ...said } = remote
  const own = {
    state,
    diagnostic,
    localDiscriminator,
    transmitIntervalUs: transmitIntervalUs(session),
    detectionTimeUs: detectionTimeUs(session),
  }
  if (remote.discriminator === 0) return own
  return { ...own, remote: { ...said, minTxUs: desiredMinTxUs, minRxUs: requiredMinRxUs, multiplier: detectMult } }
}

/** Whether two moments of a session look alike; made for every packet, so without making views. */
export function looksAlike(a: BfdSession, b: BfdSession): boolean {
  return (
    a.state === b.state &&
    a.diagnostic === b.diagnostic &&
    a.txInForceUs === b.txInForceUs &&
    a.rxInForceUs === b.rxInForceUs &&
    a.remote.discriminator === b.remote.discriminator &&
    a.remote.state === b.remote.state &&
    a.remote.diagnostic === b.remote.diagnostic &&
    a.remote.detectMult === b.remote.detectMult &&
    a.remote.desiredMinTxUs === b.remote.desiredMinTxUs &&
    a.remote.requiredMinRxUs === b.remote.requiredMinRxUs &&
    a.remote.demand === b.remote.demand &&
    a.remote.controlPlaneIndependent === b.remote.controlPlaneIndependent
  )
}
