import { familyOf } from '../../src/net/address.ts'
import { zoned } from '../../src/net/zone.ts'
import { Deadline } from '../session/deadline.ts'
import { type BfdSession, dueMs, newSession, type SessionTerms, transmitIntervalUs } from './bfd-session.ts'
import { type ControlPacket, type Discard, encodeControlPacket } from './control-packet.ts'
import { diagnostic } from './diagnostic.ts'
import type { Report, SessionCounts, SessionPlace } from './message.ts'
import { looksAlike, viewOf } from './session-view.ts'
import { closedByPeer, configure, disable, elapse, receive, type Transition } from './transition.ts'
import { dropAll } from './ttl-filter.ts'
import type { OpenUdpSocket, UdpSocket } from './udp-socket.ts'

export const SINGLE_HOP_PORT = 3784 // RFC 5881 §4
export const MULTIHOP_PORT = 4784 // RFC 5883 §5
/** RFC 5881 §4: one source port for the life of a session, unique among ours. */
const FIRST_SOURCE_PORT = 49_152
const SOURCE_PORTS = 16_384
const MOST_PORT_TRIES = 100
/** A session that flaps at the pace of packets is told of no faster. */
const REPORT_PAUSE_MS = 100

export type RunnerOptions = {
  readonly id: number
  readonly place: SessionPlace
  readonly terms: SessionTerms
  readonly discriminator: number
}

/** @property random uniform in [0, 1) */
export type RunnerDependencies = {
  readonly openSocket: OpenUdpSocket
  readonly report: (report: Report) => void
  readonly random: () => number
}

/** One session with its clock and the socket it sends from. */
export class SessionRunner {
  readonly id: number
  readonly place: SessionPlace
  readonly discriminator: number
  /** The peer's address as sockets tell it: with the interface of a link-local one. */
  readonly host: string
  readonly #deps: RunnerDependencies
  readonly #timer = new Deadline(() => this.#step(elapse(this.#session, this.#moment())))
  #session: BfdSession
  #socket: UdpSocket | undefined
  #sendProblem: string | undefined
  #receiveProblem: string | undefined
  #problem: string | undefined
  readonly #discards = new Set<Discard>()
  #counts: SessionCounts = { ups: 0, downs: 0, downDiagnostic: diagnostic.none }
  #reportPause: NodeJS.Timeout | undefined
  #isReportDue = false
  #untilMs = Number.POSITIVE_INFINITY
  #onClosed: (() => void) | undefined

  constructor({ id, place, terms, discriminator }: RunnerOptions, dependencies: RunnerDependencies) {
    this.id = id
    this.place = place
    this.discriminator = discriminator
    this.host = hostOf(place)
    this.#deps = dependencies
    this.#session = newSession(terms, discriminator)
  }

  start(): void {
    this.#report()
    this.#step(elapse(this.#session, this.#moment()))
  }

  receive(packet: ControlPacket): void {
    this.#step(receive(this.#session, packet, this.#moment()))
  }

  configure(terms: SessionTerms): void {
    this.#step(configure(this.#session, terms, this.#moment()))
  }

  /** The peer is told now and for the Detection Time it has of us (RFC 5880 §6.8.16); then the socket goes. */
  remove(onClosed: () => void): void {
    const { remote, terms } = this.#session
    this.#onClosed = onClosed
    this.#step(disable(this.#session, this.#moment()))
    if (remote.discriminator === 0) this.close()
    else this.#untilMs = performance.now() + (terms.detectMult * transmitIntervalUs(this.#session)) / 1000
  }

  /** The peer is told once; then the socket goes. */
  end(): void {
    this.#step(disable(this.#session, this.#moment()))
    this.close()
  }

  close(): void {
    this.#timer.stop()
    clearTimeout(this.#reportPause)
    this.#untilMs = 0
    this.#socket?.socket.close()
    this.#socket = undefined
    this.#onClosed?.()
  }

  /** Why nothing is received; undefined: it is. */
  receiving(problem: string | undefined): void {
    this.#receiveProblem = problem
    this.#tellProblem()
  }

  /** A packet of the peer was discarded. */
  discarded(reason: Discard): void {
    if (this.#discards.has(reason)) return
    this.#discards.add(reason)
    this.#deps.report({ type: 'discarded', id: this.id, reason })
  }

  #step([after, ...packets]: Transition): void {
    const before = this.#session
    this.#session = after
    for (const packet of packets) this.#send(packet)
    this.#counts = counted(this.#counts, before, after)
    if (!looksAlike(before, after)) this.#reportSoon()
    if (performance.now() >= this.#untilMs) this.close()
    else this.#timer.start(Math.max(0, Math.min(dueMs(after), this.#untilMs) - performance.now()) / 1000)
  }

  /** At once, if nothing was told just before; what comes in the pause after it is told in one. */
  #reportSoon(): void {
    if (this.#reportPause === undefined) this.#report()
    else this.#isReportDue = true
  }

  #report(): void {
    this.#isReportDue = false
    this.#deps.report({ type: 'changed', id: this.id, view: viewOf(this.#session), counts: this.#counts })
    this.#reportPause = setTimeout(() => {
      this.#reportPause = undefined
      if (this.#isReportDue) this.#report()
    }, REPORT_PAUSE_MS)
  }

  #send(packet: ControlPacket): void {
    try {
      this.#socket ??= this.#openSocket()
      this.#socket.socket.send(encodeControlPacket(packet), this.place.multihop ? MULTIHOP_PORT : SINGLE_HOP_PORT, this.host, this.#sent)
    } catch (error) {
      this.#sent(error)
    }
  }

  /** What the kernel refuses is tried again with the next packet. */
  readonly #sent = (error: unknown): void => {
    this.#sendProblem = error instanceof Error ? `cannot send: ${error.message}` : undefined
    this.#tellProblem()
  }

  #tellProblem(): void {
    const problem = this.#receiveProblem ?? this.#sendProblem
    if (problem === this.#problem) return
    this.#problem = problem
    this.#deps.report({ type: 'problem', id: this.id, problem })
  }

  #openSocket(): UdpSocket {
    const { remote, local, interface: device } = this.place
    const options = {
      family: familyOf(remote),
      filter: dropAll(),
      ...(local && { local }),
      ...(device !== undefined && { interface: device }),
    }
    for (let tries = 1; ; tries++) {
      try {
        const opened = this.#deps.openSocket({ ...options, port: FIRST_SOURCE_PORT + Math.floor(this.#deps.random() * SOURCE_PORTS) })
        opened.socket.on('error', (error) => this.#lost(opened, error))
        return opened
      } catch (error) {
        const taken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
        if (!taken || tries === MOST_PORT_TRIES) throw error
      }
    }
  }

  /** Another is opened for the next packet. */
  #lost({ socket }: UdpSocket, error: Error): void {
    if (this.#socket?.socket === socket) this.#socket = undefined
    socket.close()
    this.#sent(error)
  }

  #moment() {
    return { nowMs: performance.now(), random: this.#deps.random() }
  }
}

/** As `node:dgram` writes the sender of a packet. */
export function hostOf({ remote, interface: link }: SessionPlace): string {
  return zoned({ address: remote, ...(link !== undefined && { interface: link }) })
}

function counted(counts: SessionCounts, before: BfdSession, after: BfdSession): SessionCounts {
  if (before.state === after.state) return counts
  if (after.state === 'Up') return { ...counts, ups: counts.ups + 1 }
  const isFailure = before.state === 'Up' && after.state === 'Down' && !closedByPeer(after)
  return isFailure ? { ...counts, downs: counts.downs + 1, downDiagnostic: after.diagnostic } : counts
}
