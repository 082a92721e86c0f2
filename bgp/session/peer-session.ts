import type { Socket } from 'node:net'
import type { IpAddress } from '../../src/net/address.ts'
import { type Asn, asn } from '../../src/net/asn.ts'
import { cease } from '../fsm/cease.ts'
import type { Event } from '../fsm/event.ts'
import { asNumberOf, negotiate, type Offer, openOf } from '../fsm/negotiate.ts'
import type { Active, Idle, State } from '../fsm/state.ts'
import type { Terms } from '../fsm/terms.ts'
import { needsRoutesAgain } from '../knobs.ts'
import type { PeerConfig, PeerStatus } from '../peer.ts'
import type { RibFace } from '../rib/rib-face.ts'
import type { PeerId } from '../rib/session-terms.ts'
import { familyOfAfiSafi } from '../wire/address-family.ts'
import { BgpError } from '../wire/bgp-error.ts'
import { errorCode } from '../wire/error-code.ts'
import type { AddressFamily, Open, RouteRefresh } from '../wire/message.ts'
import { refreshRequest, refreshSubtype } from '../wire/route-refresh.ts'
import type { ClosingSockets } from './closing-sockets.ts'
import { Connection, type ConnectionOwner } from './connection.ts'
import type { Log } from './log.ts'
import { offerOf } from './offer.ts'
import { Output } from './output.ts'
import { verdictOn } from './party.ts'
import { PeerConnections } from './peer-connections.ts'
import type { PeerCondition } from './peer-problems.ts'
import { isAmong } from './peer-ranges.ts'
import { PeerRecord } from './peer-record.ts'
import { PeerTransport } from './peer-transport.ts'
import { confirmed, isOverLimit, PrefixLimit } from './prefix-limit.ts'
import type { Reading } from './reading.ts'
import { localAddress } from './remote-address.ts'
import { withRestarts } from './restart-status.ts'
import { ribTerms } from './rib-terms.ts'
import { type SessionEnd, type SessionFacts, sessionEnd, sessionFacts } from './session-facts.ts'
import { logMove } from './session-log.ts'
import type { Sockets } from './sockets.ts'
import { StaleRoutes } from './stale-routes.ts'
import type { Turn } from './turn.ts'

export type PeerSessionOptions = {
  readonly localAs: number
  /** The range that the peer came from. */
  readonly range: string | undefined
  readonly routerId: number
  readonly hostName: string | undefined
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
  /** The families that this peer has still to finish before that decision (RFC 4724 §4.1). */
  readonly owed: (session: PeerSession) => readonly AddressFamily[]
  /** Perhaps nothing is left of it: look at `isQuiet`. */
  readonly onQuiet: (session: PeerSession) => void
  readonly onUp: (session: PeerSession, terms: Terms) => void
  readonly onDown: (session: PeerSession, end: SessionEnd) => void
  readonly onChange: () => void
  /** Our bug, counted. */
  readonly onFault: () => void
}

/** One configured peer: its RIB slot, its one or two connections (two while they collide), its help in restarts. */
export class PeerSession implements ConnectionOwner {
  readonly id: PeerId
  #config: PeerConfig
  readonly #options: PeerSessionOptions
  readonly #deps: PeerSessionDependencies
  readonly #record: PeerRecord
  readonly #transport: PeerTransport
  readonly #limit: PrefixLimit
  readonly #stale: StaleRoutes
  readonly #output: Output
  readonly #pump: () => void
  readonly #connections: PeerConnections
  #stopped = true
  #facts: SessionFacts | undefined
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
    this.#transport = new PeerTransport(config, { ...options, sockets: dependencies.sockets })
    this.#limit = new PrefixLimit(config, {
      log: dependencies.log,
      received: (family) => confirmed(rib.counts(this.id, family)),
      onRestart: () => this.#begin(),
    })
    this.#stale = new StaleRoutes(rib, this.id, () => {
      turn.schedule()
      dependencies.onQuiet(this)
    })
    this.#output = new Output(rib, this.id, this.#record.counts)
    this.#connections = new PeerConnections(config.passive, (state) => this.#connection(state))
    this.#pump = () => this.#guardedPump()
  }

  get config(): PeerConfig {
    return this.#config
  }

  /** Why this peer is not even tried; undefined: it is. */
  get problem(): string | undefined {
    return this.#transport.refusal
  }

  /** For `peerProblems`; undefined: it need not have a session. */
  get condition(): PeerCondition | undefined {
    if (!this.isWanted || this.#options.range !== undefined) return undefined
    return { ...this.#record.condition, keptOut: this.#limit.keptOut }
  }

  /** Whether there is to be a session at all. */
  get isWanted(): boolean {
    return this.#config.shutdown === undefined && this.problem === undefined
  }

  /** Nobody is connected, and nothing is kept for when he is back. */
  get isQuiet(): boolean {
    const { all, speaking } = this.#connections
    if (all.length > 1 || speaking.state.name !== 'Active') return false
    return this.#config.families.every((family) => this.#deps.rib.counts(this.id, family).stale === 0)
  }

  get status(): PeerStatus {
    const { range } = this.#options
    const status = this.#record.status(this.#connections.speaking, this.#deps.rib, this.id)
    return { ...withRestarts(status, this.#stale.families, this.#deps.owed(this)), ...(range === undefined ? {} : { range }) }
  }

  /** Of the session that is up now. */
  get facts(): SessionFacts | undefined {
    return this.#facts
  }

  start(): void {
    const { problem } = this
    if (problem !== undefined) this.#record.fail({ name: 'Not supported', direction: 'local', message: problem })
    if (!this.isWanted) return
    this.#stopped = false
    this.#begin()
  }

  /**
   * Takes other settings, of which none needs a new session (knobs.ts). Connections in use get what concerns them.
   * @param refresh routes may come out otherwise
   */
  reconfigure(config: PeerConfig, refresh: boolean): void {
    const before = this.#config
    this.#configure(config)
    this.#conformAll()
    if (before.passive !== config.passive) for (const connection of this.#connections.all) connection.setPassive(config.passive)
    if (this.#limit.configure(config)) this.#begin()
    const over = this.#limit.watch()
    if (over !== undefined) this.#connections.end(over)
    if (!refresh) return
    this.#deps.rib.reconsider(this.id)
    if (needsRoutesAgain(before, config)) this.requestRefresh() // what was refused by the old settings is known to the peer alone
    this.#deps.turn.schedule()
  }

  /**
   * A TCP connection from the peer's address. Idle refuses it (RFC 4271 §8.2.2), but for a peer whose routes are kept for its return: it
   * may not come again in time. Beside one of ours it is a second connection.
   */
  accept(socket: Socket): void {
    if (!this.#stopped && this.#stale.helping) this.#connections.wake()
    if (this.#stopped || this.#connections.refuses || !this.#isSecure(() => this.#transport.admit(socket))) socket.resetAndDestroy()
    else this.#connections.accept(socket)
  }

  /** @param reason the Cease to send; without, TCP just ends, so that a capable peer keeps our routes (RFC 4724) */
  stop(reason?: BgpError): void {
    this.#stopped = true
    this.#connections.stop(reason)
    this.#stale.stop()
    this.#limit.lift()
  }

  /** Ends the session, or the wait for one, and comes back (RFC 4486 Cease/4). With the N bit of both, routes stay meanwhile (RFC 8538 §4). */
  reset(): void {
    if (this.#limit.lift()) this.#begin()
    else if (!this.#stopped) this.#connections.wake()
    this.#connections.end(cease('administrativeReset'))
  }

  /**
   * BFD says that the path to the peer is broken (RFC 5882 §4.3, RFC 9384): its session ends at once, its routes go, and it is tried again.
   * @param controlPlaneIndependent the C bit of both sides: then it is the forwarding that fails, and a restart is not waited for either;
   * without it BFD goes down with a peer that restarts, whose routes stay, also when it is back already (RFC 5882 §4.3.2)
   */
  bfdDown(controlPlaneIndependent: boolean): void {
    if (!controlPlaneIndependent && this.#stale.helping) return
    this.#connections.end(cease('bfdDown'))
    if (controlPlaneIndependent) this.#stale.abandon()
  }

  /** Asks the peer for all its routes again (RFC 2918 §3). @returns whether it can be asked */
  requestRefresh(): boolean {
    const { speaking } = this.#connections
    const { state } = speaking
    if (state.name !== 'Established' || !state.terms.routeRefresh) return false
    for (const family of state.terms.families) speaking.send(refreshRequest(family))
    return true
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
    this.#stale.endOfRib(family)
  }

  openToSend(): Open {
    return openOf(this.#offer)
  }

  negotiate(open: Open): Terms | BgpError {
    const { asNumbers } = this.#config
    const asNumber = asNumberOf(open)
    if (asNumbers !== undefined && isAmong(asNumber, asNumbers, this.#options.localAs)) this.#become(asn(asNumber))
    return negotiate(this.#offer, open)
  }

  admit(newcomer: Connection, terms: Terms): void {
    const existing = this.#connections.besides(newcomer)
    if (existing === undefined) return
    const { routerId: localRouterId, localAs } = this.#options
    const ends = { localRouterId, remoteRouterId: terms.remoteRouterId, localAs, remoteAs: this.#config.asNumber }
    const verdict = verdictOn(existing, newcomer, ends)
    this.#deps.log.debug({ peer: this.#config.name, verdict }, 'two connections with the same peer')
    if (verdict === 'existing-restarted') this.#record.fail({ name: 'The peer restarted (RFC 4724)', direction: 'local' })
    this.#connections.settle(newcomer, existing, verdict)
  }

  up(connection: Connection, terms: Terms): void {
    const { rib, turn, onUp } = this.#deps
    const nextHop = (connection.socket && localAddress(connection.socket)) ?? this.#options.localAddress
    if (nextHop === undefined) throw new Error(`the session with ${this.#config.address} has no local address`)
    rib.sessionUp(this.id, ribTerms(terms, nextHop))
    this.#forwards = true
    this.#stale.established(terms)
    turn.schedule()
    this.#facts = sessionFacts(this.id, this.#config, connection, terms, this.#deps.now())
    onUp(this, terms)
  }

  down(connection: Connection, graceful: boolean): void {
    this.#facts = undefined
    this.#output.reset()
    this.#stale.lost(graceful)
    this.#deps.onDown(this, sessionEnd(connection))
  }

  moved(connection: Connection, from: State, event: Event): void {
    const { failure, state } = connection
    if (!this.#connections.has(connection)) return
    const ended = state.name === 'Idle' || (state.name === 'Active' && from.name !== 'Idle')
    if (ended && failure !== undefined && event.type !== 'OpenCollisionDump') this.#record.fail(failure)
    if (ended) this.#connections.ended(connection)
    if (event.type === 'AutomaticStop' && isOverLimit(event.cease)) this.#keepOut()
    this.#note(failure)
    if (state.name === 'Active') this.#deps.onQuiet(this)
  }

  update(bytes: Uint8Array, start: number, end: number): BgpError | undefined {
    this.#deps.turn.schedule()
    const error = this.#deps.rib.receive(this.id, bytes, start, end)
    if (error === undefined) this.#limit.watch()
    return error
  }

  /** A family that was not agreed on is ignored (RFC 2918 §4), and so are unknown subtypes (RFC 7313 §5). */
  refresh({ afi, safi, subtype }: RouteRefresh): void {
    const family = familyOfAfiSafi(afi, safi)
    const { state } = this.#connections.speaking
    if (family === undefined || state.name !== 'Established' || !state.terms.families.includes(family)) return
    if (subtype === refreshSubtype.begin) this.#stale.beginOfRefresh(family)
    else if (subtype === refreshSubtype.end) this.#stale.endOfRefresh(family)
    else if (subtype === refreshSubtype.request) {
      this.#output.again(family)
      this.output()
    }
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
    return offerOf(this.#config, { ...this.#options, restarting: this.#deps.restarting(), forwardingPreserved: this.#forwards })
  }

  /** Of several AS numbers this is the one. What an earlier one taught is not kept for it. */
  #become(asNumber: Asn): void {
    if (asNumber === this.#config.asNumber) return
    this.#stale.abandon()
    this.#configure({ ...this.#config, asNumber })
    this.#conformAll()
  }

  #configure(config: PeerConfig): void {
    this.#config = config
    this.#record.configure(config)
    this.#transport.configure(config)
    this.#deps.rib.configure(this.id, config)
  }

  #note(failure: Connection['failure']): void {
    const { state } = this.#connections.speaking
    const before = this.#record.state
    if (!this.#record.enter(state.name)) return
    logMove(this.#deps.log, this.#config, before, state.name, failure)
    this.#deps.onChange()
  }

  #guardedPump(): void {
    const connection = this.#connections.speaking
    if (connection.state.name !== 'Established') return
    try {
      this.#output.pump(connection)
    } catch (error) {
      this.fault(connection, error)
    }
  }

  #connection(state: Idle | Active): Connection {
    const { closing, reading, random } = this.#deps
    return new Connection(state, { owner: this, dial: () => this.#transport.dial(), closing, reading, counts: this.#record.counts, random })
  }

  #begin(): void {
    if (!this.#stopped) this.#connections.start(this.#config.passive)
  }

  /** @param secure makes a connection like those we dial, or throws. @returns whether it can be used */
  #isSecure(secure: () => void): boolean {
    try {
      secure()
      return true
    } catch (error) {
      const { address, name: peer } = this.#config
      const message = error instanceof Error ? error.message : String(error)
      this.#record.fail({ name: 'The connection cannot be secured', direction: 'local', message })
      this.#deps.log.warn({ peer, address, err: error }, 'connection refused: it cannot be given what is configured')
      return false
    }
  }

  /** A connection that cannot have what is configured now must not go on. */
  #conformAll(): void {
    for (const connection of this.#connections.all)
      if (!this.#isSecure(() => connection.socket && this.#transport.conform(connection.socket)))
        connection.dispatch({ type: 'AutomaticStop', cease: cease('outOfResources') })
  }

  /** Idle without a timer: nothing starts by itself but by the limit's own. */
  #keepOut(): void {
    this.#limit.keepOut()
    this.#connections.stop()
  }
}
