/** Two sessions and a wire between them in simulated time: packets arrive after a delay, or not. */
import { type BfdSession, dueMs, newSession, type SessionTerms } from './bfd-session.ts'
import { type ControlPacket, decodeControlPacket, encodeControlPacket } from './control-packet.ts'
import { configure, elapse, receive, type Transition } from './transition.ts'

export type End = 0 | 1

/** @property before the sender as it was */
export type Sent = { readonly end: End; readonly atMs: number; readonly packet: ControlPacket; readonly before: BfdSession }
export type Move = { readonly end: End; readonly atMs: number; readonly before: BfdSession; readonly after: BfdSession }

type Flight = { readonly to: End; readonly atMs: number; readonly bytes: Uint8Array }

export class TwoEnds {
  readonly sent: Sent[] = []
  readonly moves: Move[] = []
  readonly sessions: [BfdSession, BfdSession]
  nowMs = 0
  /** The share of packets that is lost, by the end they are sent to. */
  loss: [number, number] = [0, 0]
  /** Packets take up to so long, each its own time. */
  delayMs: number
  readonly #random: () => number
  #flights: Flight[] = []

  /** @param random uniform in [0, 1): drawn for loss, delay and jitter */
  constructor(terms: readonly [SessionTerms, SessionTerms], random: () => number, delayMs: number) {
    this.sessions = [newSession(terms[0], 1), newSession(terms[1], 2)]
    this.#random = random
    this.delayMs = delayMs
  }

  configure(end: End, terms: SessionTerms): void {
    this.#take(end, configure(this.sessions[end], terms, this.#moment()))
  }

  run(forMs: number): void {
    const untilMs = this.nowMs + forMs
    for (let next = this.#next(); next.atMs <= untilMs; next = this.#next()) {
      this.nowMs = Math.max(this.nowMs, next.atMs)
      next.happen()
    }
    this.nowMs = untilMs
  }

  #next(): { readonly atMs: number; readonly happen: () => void } {
    const [a, b] = this.sessions
    const end: End = dueMs(a) <= dueMs(b) ? 0 : 1
    const dueAtMs = Math.max(this.nowMs, dueMs(this.sessions[end]))
    const flight = this.#flights.reduce<Flight | undefined>((first, each) => (first && first.atMs <= each.atMs ? first : each), undefined)
    if (flight === undefined || flight.atMs > dueAtMs) {
      return { atMs: dueAtMs, happen: () => this.#take(end, elapse(this.sessions[end], this.#moment())) }
    }
    return { atMs: flight.atMs, happen: () => this.#arrive(flight) }
  }

  #arrive(flight: Flight): void {
    this.#flights = this.#flights.filter((each) => each !== flight)
    const packet = decodeControlPacket(flight.bytes)
    if (typeof packet === 'string') throw new Error(`an end sent what the other discards: ${packet}`)
    this.#take(flight.to, receive(this.sessions[flight.to], packet, this.#moment()))
  }

  #take(end: End, [after, ...packets]: Transition): void {
    const before = this.sessions[end]
    this.sessions[end] = after
    if (before.state !== after.state) this.moves.push({ end, atMs: this.nowMs, before, after })
    const to: End = end === 0 ? 1 : 0
    for (const packet of packets) {
      this.sent.push({ end, atMs: this.nowMs, packet, before })
      if (this.#random() < this.loss[to]) continue
      this.#flights.push({ to, atMs: this.nowMs + this.delayMs * this.#random(), bytes: encodeControlPacket(packet) })
    }
  }

  #moment() {
    return { nowMs: this.nowMs, random: this.#random() }
  }
}
