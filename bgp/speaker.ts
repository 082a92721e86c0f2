/** The BGP speaker: peers and originated prefixes in, best routes and peer states out. Opens its sockets itself; touches no kernel table. */
import type { Socket } from 'node:net'
import { familyOf, type IpAddress } from '../src/net/address.ts'
import type { Cidr } from '../src/net/prefix.ts'
import { Bfd } from './bfd/bfd.ts'
import { bfdPeers } from './bfd/bfd-peers.ts'
import { cease } from './fsm/cease.ts'
import { Monitoring } from './monitor/monitoring.ts'
import { watchRoutes } from './monitor/route-watch.ts'
import type {
  AddressFamily,
  BestRouteBatch,
  DrainState,
  MonitorSettings,
  MonitorStatus,
  PeerConfig,
  PeerRange,
  PeerStatus,
  RouteEvent,
  RouteExplanation,
  RoutePage,
  RouteQuery,
  RouteWatchQuery,
  SpeakerOptions,
  SpeakerPolicy,
} from './peer.ts'
import { Rib } from './rib/rib.ts'
import { ClosingSockets } from './session/closing-sockets.ts'
import { Deviations } from './session/deviations.ts'
import { Listeners } from './session/listeners.ts'
import type { Log } from './session/log.ts'
import { openSockets } from './session/open-sockets.ts'
import { peerProblems } from './session/peer-problems.ts'
import { PeerSession, type PeerSessionDependencies } from './session/peer-session.ts'
import { Peers } from './session/peers.ts'
import { Reading } from './session/reading.ts'
import { remoteEndpoint } from './session/remote-address.ts'
import { RestartGate } from './session/restart-gate.ts'
import { heldSentence } from './session/restart-status.ts'
import type { Sockets } from './session/sockets.ts'
import { Strangers } from './session/strangers.ts'
import { Turn } from './session/turn.ts'
import { BgpError } from './wire/bgp-error.ts'
import { encodeNotification } from './wire/notification.ts'

export type SpeakerDependencies = {
  readonly log: Log
  /** IGP metric to a next hop; undefined: unreachable (RFC 4271 §9.1.2.1). Asked again after `nextHopsChanged`. */
  readonly nextHopMetric: (nextHop: IpAddress) => number | undefined
  /** Whether it is on a subnet of this node; absent: whatever has a metric is. Asked with `nextHopMetric`. */
  readonly isConnected?: (nextHop: IpAddress) => boolean
  /** The interface that packets to a next hop leave by, for filters; absent: it is not known of any. Asked again as `nextHopMetric` is. */
  readonly nextHopInterface?: (nextHop: IpAddress) => string | undefined
  /** Learned best routes that changed, at most once per family and turn of the event loop; valid only during the call. */
  readonly onBest: (batch: BestRouteBatch) => void
  /** A peer's state, the listeners or a problem changed: look at `peers()`, `problems()`, `listening`. */
  readonly onChange: () => void
  /** Default: those of the kernel, where there are any. */
  readonly sockets?: Sockets
  /** Uniform in [0, 1), for jitter; default Math.random. */
  readonly random?: () => number
  /** Milliseconds since 1970; default Date.now. */
  readonly now?: () => number
}

/** @property severity absent: 'error' */
export type SpeakerProblem = { readonly severity?: 'warning' | 'error'; readonly subject: string; readonly message: string }

/** What parts of a speaker are given alike. */
type Common = Required<Pick<SpeakerDependencies, 'log' | 'now' | 'random'>>

export type StopOptions = {
  /** The Cease to send (RFC 4486). Without it TCP just ends, so that peers keep our routes while we restart (RFC 4724). */
  readonly cease?: 'shutdown'
}

export class Speaker {
  /**
   * Resolves once everything that can be known is decided and handed over: at once, or, when restarting, when each peer has sent its
   * End-of-RIB or had its time (RFC 4724 §4.1). From then on what is not among the best routes is not wanted.
   */
  readonly converged: Promise<void>
  readonly #options: SpeakerOptions
  readonly #onChange: () => void
  readonly #rib: Rib
  readonly #turn: Turn
  readonly #closing = new ClosingSockets()
  readonly #gate: RestartGate
  readonly #strangers: Strangers
  readonly #crowd: Strangers
  readonly #deviations: Deviations
  readonly #listeners: Listeners
  readonly #sessionDependencies: PeerSessionDependencies
  readonly #peers: Peers
  readonly #monitoring: Monitoring
  readonly #bfd: Bfd
  #sockets: Sockets | undefined
  readonly #ended = Promise.withResolvers<void>()
  readonly #closed = new AbortController()
  #stopped = false
  #faults = 0

  constructor(options: SpeakerOptions, dependencies: SpeakerDependencies) {
    const { log, onChange, random = Math.random, now = Date.now } = dependencies
    this.#options = options
    this.#onChange = onChange
    this.#deviations = new Deviations(log, now)
    this.#rib = this.#newRib(options, dependencies)
    this.#turn = new Turn(this.#rib)
    this.#monitoring = this.#newMonitoring(options, { log, now, random })
    this.#gate = new RestartGate(options, this.#rib, (family, reason) => {
      log.info({ family, reason }, 'route decisions released')
      this.#turn.schedule()
      onChange()
    })
    this.converged = this.#gate.released.then(() => this.#turn.settled())
    this.#strangers = new Strangers(log, now, 'connection from an address that is no configured peer refused')
    this.#crowd = new Strangers(log, now, 'connection from a listen range refused: its limit of peers is reached')
    const { listenAddresses, listenPort } = options
    this.#listeners = new Listeners(listenAddresses, listenPort, { log, onConnection: (socket) => this.#accept(socket), onChange })
    this.#peers = new Peers({
      localAs: options.asNumber,
      create: (config, range) => this.#session(config, range),
      gate: this.#gate,
      log,
      onRemoved: (name) => this.#deviations.forget(name),
    })
    // our BFD ends with this process, so C is clear on our side, and the sides must both set it
    const onDown = (peer: string) => this.bfdDown(peer, { controlPlaneIndependent: false })
    this.#bfd = new Bfd({ log, onDown, onChange, now })
    this.#sockets = dependencies.sockets
    this.#sessionDependencies = this.#forSessions({ log, now, random })
  }

  /** Every listen address accepts connections. */
  get listening(): boolean {
    return this.#listeners.listening
  }

  /** Times our own code threw while handling a peer's bytes; each closed one session. */
  get faults(): number {
    return this.#faults
  }

  /**
   * Starts dialling and listening, in this order: who connects finds its session waiting. Resolves when each address was tried once; what
   * was refused is in `problems` and retried.
   */
  async start(): Promise<void> {
    this.#sockets ??= await openSockets()
    if (this.#stopped) return
    this.#monitoring.start()
    this.#peers.start()
    this.#watch()
    await this.#listeners.start(this.#sockets)
  }

  /**
   * The whole set of peers, and of ranges that others may come from. New peers start, missing ones are ceased (6/3), those whose change
   * needs it restart (6/6), others take it as they are (knobs.ts); who is not changed notices nothing.
   */
  setPeers(peers: readonly PeerConfig[], ranges: readonly PeerRange[] = []): void {
    this.#peers.set(peers, ranges)
    this.#listeners.setKeys(this.#peers.keys)
    this.#watch()
    this.#onChange()
  }

  /** What holds for all peers. Routes are looked at anew, and peers are told what comes out otherwise; sessions stay. */
  setPolicy(policy: SpeakerPolicy): void {
    this.#rib.setPolicy(policy)
    this.#turn.schedule()
  }

  /** The whole set of prefixes this node announces as its own. */
  originate(prefixes: readonly Cidr[]): void {
    this.#rib.originate(prefixes)
    this.#turn.schedule()
  }

  /** Leads traffic away from this node, or back (RFC 8326). Holds for all peers and prefixes until it is called again. */
  drain(state: DrainState): void {
    this.#rib.drain(state)
    this.#turn.schedule()
  }

  /** Who is told of sessions and routes from outside (RFC 7854, RFC 6396). */
  setMonitors(settings: MonitorSettings): void {
    this.#monitoring.configure(settings)
  }

  get monitors(): MonitorStatus {
    return this.#monitoring.status
  }

  /** All routes as they were received, as an MRT file in pieces (RFC 6396 §4.3). */
  dump(): Iterable<Buffer> {
    return this.#monitoring.dump()
  }

  /**
   * Next hops may be reached differently now, or not any more: `nextHopMetric` is asked anew, and every best learned route is handed to
   * `onBest` again. Resolves once that is done, or will not be: while decisions are held back (they will tell everything), or after `stop`.
   */
  nextHopsChanged(): Promise<void> {
    this.#rib.nextHopsChanged()
    return Promise.race([this.#turn.settled(), this.#ended.promise])
  }

  /** BFD beside the session of this peer went down. See `PeerSession.bfdDown`. */
  bfdDown(peer: string, { controlPlaneIndependent }: { readonly controlPlaneIndependent: boolean }): void {
    this.#peers.named(peer)?.bfdDown(controlPlaneIndependent)
  }

  /** Ends the session of this peer and begins it anew (RFC 4486 Cease/4). @returns whether there is such a peer */
  reset(peer: string): boolean {
    const session = this.#peers.named(peer)
    session?.reset()
    return session !== undefined
  }

  /** Asks this peer for all its routes again (RFC 2918). @returns whether there is such a peer, with a session, that can be asked */
  requestRefresh(peer: string): boolean {
    return this.#peers.named(peer)?.requestRefresh() ?? false
  }

  peers(): readonly PeerStatus[] {
    return this.#peers.all.map((session) => {
      const bfd = this.#bfd.status(session.config.name)
      return bfd === undefined ? session.status : { ...session.status, bfd }
    })
  }

  routes(query: RouteQuery): RoutePage {
    return this.#rib.query(query)
  }

  /** @param peer the only one whose verdict is asked for */
  explain(prefix: Cidr, peer?: string): RouteExplanation {
    return this.#rib.explain(prefix, peer)
  }

  /** The routes of a table as they change, until the signal aborts or this speaker ends (CLOSED). Reads at the pace of whoever asks. */
  async *watchRoutes(query: RouteWatchQuery, signal: AbortSignal): AsyncGenerator<readonly RouteEvent[]> {
    const parts = {
      reader: this.#rib.reader,
      entryOf: (query: RouteWatchQuery, family: AddressFamily, prefix: number) => this.#rib.entry(query, family, prefix),
    }
    yield* watchRoutes(parts, query, AbortSignal.any([signal, this.#closed.signal]))
    if (!signal.aborted) yield [{ type: 'CLOSED', reason: 'the speaker or the peer is another one now: watch again' }]
  }

  /** What a person should look at; empty when all is well. @param nowMs milliseconds since 1970, by which a peer is down for long */
  problems(nowMs = this.#sessionDependencies.now()): readonly SpeakerProblem[] {
    const refused = this.#listeners.problems.map((message) => ({ subject: 'bgp/listener', message }))
    const unusable = this.#peers.all.flatMap(({ config, problem }) =>
      problem === undefined ? [] : [{ subject: `bgp/peer/${config.name}`, message: problem }],
    )
    const unwatched = this.#bfd.problems.map(({ peer, problem }) => ({ subject: `bgp/peer/${peer}`, message: `BFD ${problem}` }))
    const untold = this.#monitoring.problems.map(({ collector, problem }) => ({ subject: `bgp/bmp/${collector}`, message: problem }))
    const conditions = this.#peers.all.flatMap(({ condition }) => condition ?? [])
    return [...refused, ...unusable, ...peerProblems(conditions, nowMs), ...unwatched, ...untold, ...this.#heldProblem()]
  }

  #newRib(options: SpeakerOptions, { nextHopMetric, isConnected, nextHopInterface, onBest }: SpeakerDependencies): Rib {
    const clusterId = options.clusterId ?? options.routerId // RFC 4456 §7: whom we reflect to is said of each peer, not by this
    return new Rib(
      { ...options, clusterId },
      {
        nextHopMetric,
        ...(isConnected !== undefined && { isConnected }),
        ...(nextHopInterface !== undefined && { interfaceOf: nextHopInterface }),
        onBest,
        onOutput: (id) => this.#peers.numbered(id)?.output(),
        onEndOfRib: (id, family) => {
          const session = this.#peers.numbered(id)
          session?.endOfRib(family)
          if (session !== undefined) this.#gate.handle({ type: 'end-of-rib', peer: session.config.name, family })
        },
        onNote: (id, note) => this.#deviations.note(this.#peers.numbered(id)?.config.name ?? '', note),
      },
    )
  }

  #newMonitoring({ asNumber, routerId, localAddress }: SpeakerOptions, common: Common): Monitoring {
    return new Monitoring(
      { asNumber, routerId, address: localAddress },
      {
        reader: this.#rib.reader,
        counts: (peer, family) => this.#rib.counts(peer, family),
        sessions: () => this.#peers.all.flatMap(({ facts }) => facts ?? []),
        ...common,
      },
    )
  }

  #forSessions(common: Common): PeerSessionDependencies {
    return {
      rib: this.#rib,
      turn: this.#turn,
      closing: this.#closing,
      reading: new Reading(),
      sockets: () => this.#sockets,
      ...common,
      restarting: () => this.#gate.restarting,
      onQuiet: (session) => this.#peers.quiet(session),
      owed: ({ config }) => this.#gate.owed(config.name),
      onUp: (session, terms) => {
        this.#gate.handle({ type: 'established', peer: session.config.name, terms })
        if (session.facts !== undefined) this.#monitoring.sessionUp(session.facts)
      },
      onDown: (session, end) => {
        this.#gate.handle({ type: 'lost', peer: session.config.name })
        this.#monitoring.sessionDown(session.id, end)
      },
      onChange: this.#onChange,
      onFault: () => {
        this.#faults++
      },
    }
  }

  #heldProblem(): readonly SpeakerProblem[] {
    const { held } = this.#gate
    if (held === undefined) return []
    return [{ severity: 'warning', subject: 'bgp/restart', message: heldSentence(held.families, [...held.waiting.keys()], held.leftSec) }]
  }

  /** Ends every session, takes back all that was learned (`onBest`) and resolves when both are done: another speaker is to follow. */
  async retire(): Promise<void> {
    this.#peers.clear()
    await this.#turn.settled()
    await this.stop()
  }

  /** Ends every session and resolves when TCP is done, within about a second. Routes are left as they are: no `onBest` comes any more. */
  async stop(options: StopOptions = {}): Promise<void> {
    this.#stopped = true
    this.#turn.stop()
    this.#ended.resolve()
    this.#closed.abort()
    this.#gate.stop()
    this.#listeners.stop()
    this.#peers.stop(options.cease === undefined ? undefined : cease('administrativeShutdown'))
    await Promise.all([this.#bfd.stop(), this.#monitoring.stop(), this.#closing.settled()])
  }

  /** BFD beside the peers that ask for it, from the start on. */
  #watch(): void {
    if (!this.#peers.running || this.#stopped) return
    this.#bfd.setPeers(bfdPeers(this.#peers.configs, this.#options.localAddress))
  }

  #session(config: PeerConfig, range: string | undefined): PeerSession {
    const { asNumber, routerId, hostName, restarting, restartTimeSec, localAddress } = this.#options
    const own = familyOf(config.address) === 4 ? localAddress.ipv4 : localAddress.ipv6
    const localAs = config.localAs ?? asNumber
    const options = { localAs, routerId, hostName, forwardingPreserved: restarting, restartTimeSec, localAddress: own, range }
    return new PeerSession(config, options, this.#sessionDependencies)
  }

  /** Only configured addresses, and those of ranges, get further than this; what a stranger costs is a closed socket. */
  #accept(socket: Socket): void {
    socket.on('error', passedOn)
    const end = remoteEndpoint(socket)
    const met = end === undefined || this.#stopped ? undefined : this.#peers.meet(end)
    if (met instanceof BgpError) {
      this.#crowd.note(end?.address)
      socket.write(encodeNotification(met.code, met.subcode, met.data))
      this.#closing.close(socket)
    } else if (met !== undefined) {
      met.accept(socket)
    } else {
      this.#strangers.note(end?.address)
      socket.resetAndDestroy()
    }
  }
}

/** A socket that fails is heard of by its 'close'; Node only insists that somebody listens. */
function passedOn(): void {}
