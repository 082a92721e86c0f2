import type { Socket } from 'node:net'
import type { IpAddress } from '../../src/net/address.ts'
import { isLinkLocal } from '../../src/net/zone.ts'
import { cease } from '../fsm/cease.ts'
import { resolveCollision, type Verdict } from '../fsm/collision.ts'
import type { Event } from '../fsm/event.ts'
import { negotiate, type Offer, openOf } from '../fsm/negotiate.ts'
import { type Active, type Idle, initialState, listeningState, type State } from '../fsm/state.ts'
import type { Terms } from '../fsm/terms.ts'
import { unreachable } from '../fsm/unreachable.ts'
import type { PeerConfig, PeerStatus } from '../peer.ts'
import type { PeerId, RibFace } from '../rib/rib-face.ts'
import { familyOfAfiSafi } from '../wire/address-family.ts'
import { BgpError } from '../wire/bgp-error.ts'
import { errorCode } from '../wire/error-code.ts'
import type { AddressFamily, Open, RouteRefresh } from '../wire/message.ts'
import type { ClosingSockets } from './closing-sockets.ts'
import { Connection, type ConnectionOwner } from './connection.ts'
import type { Log } from './log.ts'
import { Output } from './output.ts'
import { partyOf } from './party.ts'
import { PeerRecord } from './peer-record.ts'
import type { Reading } from './reading.ts'
import { localAddress } from './remote-address.ts'
import { type SocketTerms, socketTerms } from './socket-terms.ts'
import type { Sockets } from './sockets.ts'
import { StaleRoutes } from './stale-routes.ts'
import type { Turn } from './turn.ts'

export type PeerSessionOptions = {
  readonly localAs: number
  readonly routerId: number
  /** The node's address of the peer's family: we dial from it, and where the system does not tell ours, it is our next hop. */
  readonly localAddress: IpAddress | undefined
  /** F bit: the kernel still forwards by routes of a life before (RFC 4724 §3). */
  readonly forwardingPreserved: boolean
  /** Offered to peers that have none of their own. */
  readonly restartTimeSec: number
}

export type PeerSessionDependencies = {
  /** undefined: not open yet. */
  readonly sockets: () => Sockets | undefined
  readonly rib: RibFace
  readonly turn: Turn
  readonly closing: ClosingSockets
  readonly reading: Reading
  readonly log: Log
  readonly random: () => number
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** R bit: the first decision of this life is still to come (RFC 4724 §4.1). */
  readonly restarting: () => boolean
  readonly onUp: (session: PeerSession, terms: Terms) => void
  readonly onDown: (session: PeerSession) => void
  readonly onChange: () => void
  /** Our bug, counted. */
  readonly onFault: () => void
}

/** How far a state is on the way; what speaks for a peer with two connections. */
const progress: Readonly<Record<State['name'], number>> = { Idle: 0, Connect: 1, Active: 1, OpenSent: 2, OpenConfirm: 3, Established: 4 }

/** One configured peer: its RIB slot, its one or two connections (two while they collide), its help in restarts. */
export class PeerSession implements ConnectionOwner {
  readonly id: PeerId
  #config: PeerConfig
  readonly #options: PeerSessionOptions
  readonly #deps: PeerSessionDependencies
  readonly #record: PeerRecord
  readonly #stale: StaleRoutes
  readonly #output: Output
  readonly #pump: () => void
  /** The one that dials and comes back after failures. */
  #primary: Connection
  /** A second one begun by the peer, until it wins or goes. */
  #secondary: Connection | undefined
  #stopped = true
  /** From the first session on the kernel forwards by what we learned, also while no session is up. */
  #forwards: boolean

  constructor(config: PeerConfig, options: PeerSessionOptions, dependencies: PeerSessionDependencies) {
    const { rib, turn, now } = dependencies
    this.#config = config
    this.#options = options
    this.#forwards = options.forwardingPreserved
    this.#deps = dependencies
    this.id = rib.addPeer(config)
    this.#record = new PeerRecord(config, now)
    this.#stale = new StaleRoutes(rib, this.id, () => turn.schedule())
    this.#output = new Output(rib, this.id, this.#record.counts)
    this.#primary = this.#connection(initialState(config.passive))
    this.#pump = () => this.#guardedPump()
  }

  get config(): PeerConfig {
    return this.#config
  }

  /** Why this peer is not even tried; undefined: it is. */
  get problem(): string | undefined {
    return this.#deps.sockets()?.refusal(this.#socketTerms)
  }

  get status(): PeerStatus {
    return this.#record.status(this.#speaking, this.#deps.rib, this.id)
  }

  start(): void {
    const { problem } = this
    if (problem !== undefined) {
      this.#record.fail({ name: 'Not supported', direction: 'local', message: problem })
      return
    }
    this.#stopped = false
    this.#primary.dispatch({ type: this.#config.passive ? 'AutomaticStart_with_PassiveTcpEstablishment' : 'AutomaticStart' })
  }

  /** A TCP connection from the peer's address. Idle refuses it (RFC 4271 §8.2.2); beside one of ours it is a second connection. */
  accept(socket: Socket): void {
    const { state } = this.#primary
    if (this.#stopped || state.name === 'Idle' || !this.#conforms(socket)) {
      socket.resetAndDestroy()
    } else if (state.name === 'Active') {
      this.#primary.accept(socket)
    } else {
      const stalled = this.#secondary
      const newcomer = this.#connection(listeningState(state))
      this.#secondary = newcomer
      if (stalled !== undefined) discard(stalled, { type: 'OpenCollisionDump' })
      newcomer.accept(socket)
    }
  }

  /** @param reason the Cease to send; without, TCP just ends, so that a capable peer keeps our routes (RFC 4724) */
  stop(reason?: BgpError): void {
    this.#stopped = true
    const event: Event = { type: 'ManualStop', ...(reason === undefined ? {} : { cease: reason }) }
    this.#secondary?.dispatch(event)
    this.#primary.dispatch(event)
    this.#stale.stop()
  }

  /** Ends the session and comes back (RFC 4486 Cease/4). Where both sides set the N bit, routes stay meanwhile (RFC 8538 §4). */
  reset(): void {
    this.#end(cease('administrativeReset'))
  }

  /**
   * BFD says that the path to the peer is broken (RFC 5882 §4.3, RFC 9384): its session ends at once, its routes go, and it is tried again.
   * @param controlPlaneIndependent the C bit of both sides: then it is the forwarding that fails, and a restart is not waited for either;
   * without it BFD goes down with a peer that restarts, whose routes stay (RFC 5882 §4.3.2)
   */
  bfdDown(controlPlaneIndependent: boolean): void {
    this.#end(cease('bfdDown'))
    if (controlPlaneIndependent) this.#stale.handle({ type: 'abandon' })
  }

  /** After `stop`: its routes go. */
  remove(): void {
    this.#deps.rib.removePeer(this.id)
    this.#deps.turn.schedule()
  }

  /** The RIB has something for this peer. */
  output(): void {
    this.#deps.turn.output(this.#pump)
  }

  endOfRib(family: AddressFamily): void {
    this.#stale.handle({ type: 'end-of-rib', family })
  }

  openToSend(): Open {
    return openOf(this.#offer)
  }

  negotiate(open: Open): Terms | BgpError {
    return negotiate(this.#offer, open)
  }

  admit(newcomer: Connection, terms: Terms): void {
    const existing = newcomer === this.#primary ? this.#secondary : this.#primary
    if (existing === undefined) return
    const verdict = this.#verdict(existing, newcomer, terms)
    this.#deps.log.debug({ peer: this.#config.name, verdict }, 'two connections with the same peer')
    switch (verdict) {
      case 'dump-newcomer':
        this.#keep(existing, newcomer, { type: 'OpenCollisionDump' })
        break
      case 'dump-existing':
        this.#keep(newcomer, existing, { type: 'OpenCollisionDump' })
        break
      case 'existing-restarted':
        this.#record.fail({ name: 'The peer restarted (RFC 4724)', direction: 'local' })
        this.#keep(newcomer, existing, { type: 'TcpConnectionFails' })
        break
      default:
        unreachable(verdict)
    }
  }

  /** A connection that still waits for TCP has not collided yet: it is no longer needed. */
  #verdict(existing: Connection, newcomer: Connection, terms: Terms): Verdict {
    const party = partyOf(existing)
    if (party === undefined) return 'dump-existing'
    const ends = {
      localRouterId: this.#options.routerId,
      remoteRouterId: terms.remoteRouterId,
      localAs: this.#options.localAs,
      remoteAs: this.#config.asNumber,
    }
    return resolveCollision(ends, party, { initiator: newcomer.initiator, state: 'OpenSent', gracefulRestart: false, sinceSec: 0 })
  }

  up(connection: Connection, terms: Terms): void {
    const { rib, turn, onUp } = this.#deps
    const { families, fourOctetAs, maxMessageLength, remoteRouterId } = terms
    const ours = connection.socket === undefined ? undefined : localAddress(connection.socket)
    const nextHop = ours ?? this.#options.localAddress
    if (nextHop === undefined) throw new Error(`the session with ${this.#config.address} has no local address`)
    rib.sessionUp(this.id, { families, fourOctetAs, maxMessageLength, remoteRouterId, localAddress: nextHop })
    this.#forwards = true
    this.#stale.handle({ type: 'established', terms })
    turn.schedule()
    onUp(this, terms)
  }

  down(_connection: Connection, graceful: boolean): void {
    this.#output.reset()
    this.#stale.handle({ type: 'lost', graceful })
    this.#deps.onDown(this)
  }

  moved(connection: Connection, from: State, event: Event): void {
    const { failure, state } = connection
    if (connection !== this.#primary && connection !== this.#secondary) return
    const ended = state.name === 'Idle' || (state.name === 'Active' && from.name !== 'Idle')
    if (ended && failure !== undefined && event.type !== 'OpenCollisionDump') this.#record.fail(failure)
    if (ended && connection === this.#secondary) {
      this.#secondary = undefined
      discard(connection, { type: 'ManualStop' })
    }
    this.#note(failure)
  }

  update(bytes: Uint8Array, start: number, end: number): BgpError | undefined {
    this.#deps.turn.schedule()
    return this.#deps.rib.receive(this.id, bytes, start, end)
  }

  /** A family that was not agreed on is ignored (RFC 2918 §4), and so are the subtypes of RFC 7313, which we do not announce. */
  refresh({ afi, safi, subtype }: RouteRefresh): void {
    const family = familyOfAfiSafi(afi, safi)
    const { state } = this.#speaking
    if (subtype !== 0 || family === undefined || state.name !== 'Established' || !state.terms.families.includes(family)) return
    this.#output.again(family)
    this.output()
  }

  drained(): void {
    this.output()
  }

  fault(connection: Connection, error: unknown): void {
    this.#deps.onFault()
    this.#deps.log.error({ peer: this.#config.name, err: error }, 'bug: a session is closed because handling it threw')
    connection.dispatch({ type: 'AutomaticStop', cease: new BgpError(errorCode.cease, 0, 'internal error, see the log of the speaker') })
  }

  get #offer(): Offer {
    const { localAs, routerId } = this.#options
    const { asNumber: peerAs, families, holdTimeSec, restartTimeSec = this.#options.restartTimeSec } = this.#config
    const role = this.#config.role !== undefined && peerAs !== localAs ? { role: this.#config.role } : {}
    const restart = { restarting: this.#deps.restarting(), forwardingPreserved: this.#forwards, restartTimeSec }
    return { localAs, peerAs, routerId, holdTimeSec, families, ...role, ...restart }
  }

  /** What has come as far as TCP; a dial under way is let go on. */
  #end(reason: BgpError): void {
    for (const connection of [this.#secondary, this.#primary])
      if (connection !== undefined && progress[connection.state.name] >= progress.OpenSent)
        connection.dispatch({ type: 'AutomaticStop', cease: reason })
  }

  get #speaking(): Connection {
    const second = this.#secondary
    if (second === undefined) return this.#primary
    return progress[second.state.name] > progress[this.#primary.state.name] ? second : this.#primary
  }

  #keep(winner: Connection, loser: Connection, farewell: Event): void {
    this.#primary = winner
    this.#secondary = undefined
    discard(loser, farewell)
  }

  #note(failure: Connection['failure']): void {
    const { state } = this.#speaking
    const before = this.#record.state
    if (!this.#record.enter(state.name)) return
    const { name: peer, address } = this.#config
    const fields = { peer, address, from: before, to: state.name, reason: failure?.name, detail: failure?.message }
    if (state.name === 'Established') this.#deps.log.info(fields, 'session established')
    else if (before === 'Established') this.#deps.log.warn(fields, 'session lost')
    else if (failure?.code !== undefined) this.#deps.log.warn(fields, 'session refused')
    else this.#deps.log.debug(fields, 'session state changed')
    this.#deps.onChange()
  }

  #guardedPump(): void {
    const connection = this.#speaking
    if (connection.state.name !== 'Established') return
    try {
      this.#output.pump(connection)
    } catch (error) {
      this.fault(connection, error)
    }
  }

  #connection(state: Idle | Active): Connection {
    const { closing, reading, random } = this.#deps
    return new Connection(state, { owner: this, dial: () => this.#dial(), closing, reading, counts: this.#record.counts, random })
  }

  get #socketTerms(): SocketTerms {
    return socketTerms(this.#config, this.#config.asNumber === this.#options.localAs)
  }

  #dial(): Socket {
    const sockets = this.#deps.sockets()
    if (sockets === undefined) throw new Error('a session was started before there are sockets')
    return sockets.dial(this.#config, this.#source, this.#socketTerms)
  }

  /** undefined: the system chooses, as it must for a link-local peer, which the node's own address does not reach. */
  get #source(): IpAddress | undefined {
    const { address, sourceAddress } = this.#config
    if (sourceAddress === 'any' || (sourceAddress === undefined && isLinkLocal(address))) return undefined
    return sourceAddress ?? this.#options.localAddress
  }

  /** Makes a connection from the peer like those we dial; one that cannot be is not used. */
  #conforms(socket: Socket): boolean {
    const { address, name: peer } = this.#config
    try {
      this.#deps.sockets()?.apply(socket, address, this.#socketTerms)
      return true
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      this.#record.fail({ name: 'The connection cannot be secured', direction: 'local', message })
      this.#deps.log.warn({ peer, address, err: error }, 'connection refused: it cannot be given what is configured')
      return false
    }
  }
}

/** Ends a connection that is not the peer's any more: no timer of it may bring it back. */
function discard(connection: Connection, farewell: Event): void {
  connection.dispatch(farewell)
  connection.dispatch({ type: 'ManualStop' })
}
