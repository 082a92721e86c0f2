/** The BFD state machine (RFC 5880 §6.8): a session and what happens to it -> the session after it and the packets to send, in order. It cannot fail. */
import {
  type BfdSession,
  desiredTxUs,
  detectDueMs,
  type Moment,
  packetOf,
  type Remote,
  type SessionTerms,
  transmitDueMs,
  unheard,
} from './bfd-session.ts'
import type { BfdState, ControlPacket } from './control-packet.ts'
import { diagnostic } from './diagnostic.ts'

export type Transition = readonly [BfdSession, ...ControlPacket[]]

/** A packet that was found to be this session's (§6.8.6). */
export function receive(before: BfdSession, packet: ControlPacket, moment: Moment): Transition {
  const heard = { ...before, remote: remoteOf(packet, moment.nowMs) }
  const polled = advertise(afterState(afterFinal(heard, packet), packet))
  return transmit(before, polled, packet.poll && polled.state !== 'AdminDown', moment)
}

/** Time has passed, best until `dueMs`: the peer may be gone (§6.8.4), a periodic packet may be due. */
export function elapse(before: BfdSession, moment: Moment): Transition {
  const { nowMs } = moment
  const session = nowMs >= detectDueMs(before) ? advertise(forget(before)) : before
  if (nowMs < transmitDueMs(session)) return transmit(before, session, false, moment)
  return [sent(session, moment), packetOf(session, false)]
}

/** Other terms; a session that is Up stays so and tells the peer in a poll sequence (§6.8.3). */
export function configure(before: BfdSession, terms: SessionTerms, moment: Moment): Transition {
  return transmit(before, advertise({ ...before, terms }), false, moment)
}

/** §6.8.16: AdminDown, and the peer is told. It should be told for a Detection Time: the caller goes on with `elapse` so long. */
export function disable(before: BfdSession, moment: Moment): Transition {
  return transmit(before, advertise(enter(before, 'AdminDown', diagnostic.administrativelyDown)), false, moment)
}

/** The peer said AdminDown: no failure of the path, and whoever relies on the session must not act on it (RFC 5882 §3.2). */
export function closedByPeer({ state, remote }: BfdSession): boolean {
  return state === 'Down' && remote.state === 'AdminDown'
}

function remoteOf(packet: ControlPacket, heardAtMs: number): Remote {
  const { state, detectMult, demand, desiredMinTxUs, requiredMinRxUs, controlPlaneIndependent } = packet
  const said = { state, detectMult, demand, desiredMinTxUs, requiredMinRxUs, controlPlaneIndependent }
  return { ...said, discriminator: packet.myDiscriminator, diagnostic: packet.diagnostic, heardAtMs }
}

/** §6.5: F ends our poll sequence, what was announced in it holds; the next may begin after a packet without F. */
function afterFinal(session: BfdSession, { final }: ControlPacket): BfdSession {
  if (final && session.poll === 'sent') {
    return { ...session, poll: 'over', txInForceUs: session.desiredMinTxUs, rxInForceUs: session.requiredMinRxUs }
  }
  return !final && session.poll === 'over' ? { ...session, poll: 'idle' } : session
}

/** The three-way handshake of §6.2 as §6.8.6 writes it. */
function afterState(session: BfdSession, packet: ControlPacket): BfdSession {
  const { state } = session
  if (state === 'AdminDown') return session
  if (packet.state === 'AdminDown') return state === 'Down' ? session : enter(session, 'Down', diagnostic.neighborSignaledDown)
  switch (state) {
    case 'Down':
      if (packet.state === 'Down') return enter(session, 'Init', diagnostic.none)
      return packet.state === 'Init' ? enter(session, 'Up', diagnostic.none) : session
    case 'Init':
      return packet.state === 'Down' ? session : enter(session, 'Up', diagnostic.none)
    case 'Up':
      return packet.state === 'Down' ? enter(session, 'Down', diagnostic.neighborSignaledDown) : session
  }
}

/** A Detection Time without a packet (§6.8.1, §6.8.4). The pace it asked for still holds, but one that wanted nothing is looked for again. */
function forget(session: BfdSession): BfdSession {
  const lost = session.state === 'Init' || session.state === 'Up'
  const after = lost ? enter(session, 'Down', diagnostic.detectionTimeExpired) : session
  const requiredMinRxUs = session.remote.requiredMinRxUs || unheard.requiredMinRxUs
  return { ...after, remote: { ...unheard, requiredMinRxUs }, poll: 'idle' }
}

/** Leaving Up ends a poll sequence: outside Up what we announce holds at once (§6.8.3). */
function enter(session: BfdSession, state: BfdState, reason: number): BfdSession {
  const after = { ...session, state, diagnostic: reason }
  if (session.state !== 'Up') return after
  return { ...after, poll: 'idle', txInForceUs: session.desiredMinTxUs, rxInForceUs: session.requiredMinRxUs }
}

/**
 * §6.8.3: new intervals are announced in a poll sequence, and one sequence carries one change. While Up, our slower sending and the peer's
 * faster sending count from its end; all else counts at once. A peer that is not heard is not polled.
 */
function advertise(session: BfdSession): BfdSession {
  const { terms, state, desiredMinTxUs, requiredMinRxUs, poll, remote } = session
  const wantedTxUs = desiredTxUs(terms, state)
  const same = wantedTxUs === desiredMinTxUs && terms.minRxUs === requiredMinRxUs
  const isUp = state === 'Up'
  if (same || (isUp && poll !== 'idle')) return session
  return {
    ...session,
    desiredMinTxUs: wantedTxUs,
    requiredMinRxUs: terms.minRxUs,
    txInForceUs: isUp ? Math.min(session.txInForceUs, wantedTxUs) : wantedTxUs,
    rxInForceUs: isUp ? Math.max(session.rxInForceUs, terms.minRxUs) : terms.minRxUs,
    poll: remote.discriminator === 0 ? 'idle' : 'sent',
  }
}

/** §6.8.7: P is answered with F at once, and what is new is told without waiting for the next periodic packet. */
function transmit(before: BfdSession, after: BfdSession, final: boolean, moment: Moment): Transition {
  const polls = after.poll === 'sent' && before.poll !== 'sent'
  const news = polls || !sameContents(before, after)
  if (final && polls) return [sent(after, moment), packetOf(after, true), packetOf(after, false)]
  if (final || news) return [sent(after, moment), packetOf(after, final)]
  return [after]
}

function sameContents(a: BfdSession, b: BfdSession): boolean {
  return (
    a.state === b.state &&
    a.diagnostic === b.diagnostic &&
    a.terms.detectMult === b.terms.detectMult &&
    a.desiredMinTxUs === b.desiredMinTxUs &&
    a.requiredMinRxUs === b.requiredMinRxUs
  )
}

/** The next interval is 75 to 100 % of the agreed one, with a multiplier of 1 at most 90 % (§6.8.7). */
function sent(session: BfdSession, { nowMs, random }: Moment): BfdSession {
  return { ...session, sentAtMs: nowMs, jitter: session.terms.detectMult === 1 ? 0.9 - 0.15 * random : 1 - 0.25 * random }
}
