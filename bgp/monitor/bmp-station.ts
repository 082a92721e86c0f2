import { connect, type Socket } from 'node:net'
import type { MonitorSettings, MonitorStatus } from '../peer.ts'
import type { PeerCounts } from '../rib/rib-face.ts'
import type { RibReader } from '../rib/rib-reader.ts'
import type { Log } from '../session/log.ts'
import type { SessionFacts } from '../session/session-facts.ts'
import { endOfRib } from '../wire/end-of-rib.ts'
import type { AddressFamily } from '../wire/message.ts'
import { encodeOpen } from '../wire/open.ts'
import {
  type BmpAbout,
  type BmpPeerDown,
  type BmpStatistic,
  writeInitiation,
  writePeerDown,
  writePeerUp,
  writeRouteMonitoring,
  writeStatistics,
  writeTermination,
} from './bmp-message.ts'
import { ChangeQueues, type Piece, type View } from './change-queue.ts'
import type { MonitoredNode } from './monitored-node.ts'
import { OctetBuffer } from './octet-buffer.ts'
import { RouteTeller } from './route-teller.ts'

/** One collector (RFC 7854). */
export type BmpCollectorConfig = MonitorSettings['collectors'][number]

export type BmpStationDependencies = {
  readonly node: MonitoredNode
  readonly reader: RibReader
  readonly counts: (peer: number, family: AddressFamily) => PeerCounts
  /** Those that are Established now. */
  readonly sessions: () => readonly SessionFacts[]
  readonly log: Log
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Uniform in [0, 1), for jitter. */
  readonly random: () => number
}

export type BmpStationStatus = MonitorStatus['collectors'][number]

/** So much may wait in the process for a collector to read; routes beyond it stay where they are. */
const highWaterBytes = 256 * 1024
/** A collector that leaves this much unread is given up: what comes beside routes (sessions, statistics) is not held back. */
const giveUpBytes = 8 * 1024 * 1024
/** Prefixes looked at between two looks at the clock, and how long that goes on in a turn of the event loop, in milliseconds. */
const pieceLength = 512
const budgetMs = 2
const firstRetryMs = 1_000
const lastRetryMs = 60_000
/** A connection that lasted this long was a good one: the next attempt comes soon. */
const goodAfterMs = 10_000

const families = ['ipv4-unicast', 'ipv6-unicast'] as const

/** Tells one collector of the sessions and routes of this node, as fast as it reads, and comes back when it was away. */
export class BmpStation {
  readonly config: BmpCollectorConfig
  readonly #deps: BmpStationDependencies
  #teller: RouteTeller
  readonly #told = new Map<number, SessionFacts>()
  #socket: Socket | undefined
  #queues: ChangeQueues | undefined
  #buffer = new OctetBuffer(64 * 1024)
  #retry: NodeJS.Timeout | undefined
  #statistics: NodeJS.Timeout | undefined
  #connectedAtMs = 0
  #failures = 0
  /** Why the last connection, or attempt, ended. */
  #reason: string | undefined
  #isScheduled = false
  #isStopped = false
  #messages = 0
  #octets = 0
  #connects = 0

  constructor(config: BmpCollectorConfig, dependencies: BmpStationDependencies) {
    this.config = config
    this.#deps = dependencies
    this.#teller = new RouteTeller(dependencies.reader, dependencies.node.address)
  }

  get status(): BmpStationStatus {
    const { name, address, port } = this.config
    const connected = this.#queues !== undefined
    const unread = this.#socket?.writableLength ?? 0
    return { name, address, port, connected, messages: this.#messages, octets: this.#octets, unread, connects: this.#connects }
  }

  /** Why it is told nothing, and what to do; undefined: it is connected, or tried for the first time. */
  get problem(): string | undefined {
    if (this.#queues !== undefined || this.#reason === undefined) return undefined
    const { address, port } = this.config
    return `cannot be reached at ${address} port ${port}: ${this.#reason}; it is tried again. Check that the collector listens there`
  }

  start(): void {
    const { address, port, name } = this.config
    const socket = connect({ host: address, port, noDelay: true })
    this.#socket = socket
    let reason = 'the collector closed the connection'
    socket.on('error', (error) => (reason = error.message)) // 'close' follows
    socket.once('connect', () => this.#connected())
    socket.on('drain', () => this.#pump())
    socket.once('end', () => socket.destroy())
    socket.resume() // a collector says nothing (RFC 7854 §3.2)
    socket.once('close', () => {
      if (this.#socket !== socket) return
      const was = this.#queues !== undefined
      if (was || this.#failures === 0)
        this.#deps.log.warn({ collector: name, address, port, reason }, was ? 'BMP collector lost' : 'BMP collector cannot be reached')
      this.#reason = reason
      this.#lost()
    })
  }

  /** Says Termination, if anybody hears it. */
  stop(): void {
    this.#isStopped = true
    clearTimeout(this.#retry)
    const socket = this.#socket
    this.#socket = undefined
    if (this.#queues === undefined || socket === undefined) {
      socket?.destroy()
      return
    }
    this.#endTelling()
    writeTermination(this.#buffer, 'administrativelyClosed')
    socket.end(this.#buffer.take())
    socket.setTimeout(1_000, () => socket.destroy())
  }

  sessionUp(session: SessionFacts): void {
    if (this.#queues === undefined) return
    this.#sayUp(session)
    this.#flush()
  }

  sessionDown(peer: number, down: BmpPeerDown): void {
    const session = this.#told.get(peer)
    if (session === undefined) return
    this.#told.delete(peer)
    for (const view of ['received', 'accepted', 'advertised'] as const) {
      this.#queues?.close({ view, peer })
      this.#teller.forget({ view, peer })
    }
    writePeerDown(this.#buffer, this.#about('received', session), down)
    this.#messages++
    this.#flush()
  }

  #connected(): void {
    const { node, reader, sessions, log } = this.#deps
    const { name, address, port, routes, statisticsIntervalSec } = this.config
    this.#connects++
    this.#connectedAtMs = performance.now()
    log.info({ collector: name, address, port }, 'BMP collector connected')
    this.#queues = new ChangeQueues(reader, () => this.#schedule())
    this.#teller = new RouteTeller(reader, node.address)
    writeInitiation(this.#buffer, { name: node.name, description: `Tortie ${node.version}` })
    this.#messages++
    for (const session of sessions()) this.#sayUp(session)
    if (routes.includes('best')) this.#sayLocRib()
    if (statisticsIntervalSec > 0) this.#statistics = setInterval(() => this.#sayStatistics(), statisticsIntervalSec * 1000)
    this.#flush()
  }

  #lost(): void {
    const lasted = this.#queues === undefined ? 0 : performance.now() - this.#connectedAtMs
    this.#endTelling()
    this.#buffer = new OctetBuffer(64 * 1024)
    this.#socket = undefined
    if (this.#isStopped) return
    this.#failures = lasted >= goodAfterMs ? 1 : this.#failures + 1
    const most = Math.min(lastRetryMs, firstRetryMs * 2 ** (this.#failures - 1))
    this.#retry = setTimeout(() => this.start(), most * (0.75 + this.#deps.random() / 4))
  }

  #endTelling(): void {
    clearInterval(this.#statistics)
    this.#queues?.stop()
    this.#queues = undefined
    this.#told.clear()
  }

  /** One Peer Up for all tables of the peer (RFC 8671 §6.1); none if only the Loc-RIB is told of (RFC 9069 §4.1). */
  #sayUp(session: SessionFacts): void {
    const views = this.config.routes.filter((view) => view !== 'best')
    if (views.length === 0) return
    this.#told.set(session.peer, session)
    writePeerUp(this.#buffer, this.#about('received', session), session)
    this.#messages++
    for (const view of views) this.#queues?.open({ view, peer: session.peer })
  }

  #sayLocRib(): void {
    const { asNumber, routerId } = this.#deps.node
    const open = encodeOpen({
      type: 'open',
      version: 4,
      myAs: asNumber > 0xffff ? 23456 : asNumber,
      holdTimeSec: 0,
      routerId,
      capabilities: [
        { type: 'multiprotocol', afi: 1, safi: 1 },
        { type: 'multiprotocol', afi: 2, safi: 1 },
        { type: 'four-octet-as', asNumber },
      ],
    })
    writePeerUp(this.#buffer, this.#about('best'), { localPort: 0, remotePort: 0, sent: open, received: open })
    this.#messages++
    this.#queues?.open({ view: 'best', peer: 0 })
  }

  #sayStatistics(): void {
    for (const session of this.#told.values()) {
      writeStatistics(this.#buffer, this.#about('received', session), this.#statisticsOf(session.peer))
      this.#messages++
    }
    if (this.config.routes.includes('best')) {
      writeStatistics(this.#buffer, this.#about('best'), this.#locRibStatistics())
      this.#messages++
    }
    this.#flush()
  }

  /** RFC 7854 §4.8: 7 and 9, routes in Adj-RIBs-In. RFC 8671 §6.2: 15 and 17, in Adj-RIBs-Out after policy. */
  #statisticsOf(peer: number): readonly BmpStatistic[] {
    const counts = families.map((family) => ({ family, ...this.#deps.counts(peer, family) }))
    const sum = (count: 'received' | 'advertised') => counts.reduce((total, each) => total + each[count], 0)
    return [
      { type: 7, value: sum('received') },
      ...counts.map(({ family, received }) => ({ type: 9, family, value: received })),
      { type: 15, value: sum('advertised') },
      ...counts.map(({ family, advertised }) => ({ type: 17, family, value: advertised })),
    ]
  }

  /** RFC 7854 §4.8: 8 and 10 */
  #locRibStatistics(): readonly BmpStatistic[] {
    const counts = families.map((family) => ({ type: 10, family, value: this.#deps.reader.bestCount(family) }))
    return [{ type: 8, value: counts.reduce((total, { value }) => total + value, 0) }, ...counts]
  }

  #schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    setImmediate(() => {
      this.#isScheduled = false
      this.#pump()
    })
  }

  /** Routes, until there are no more, the collector does not read, or the time is used up. */
  #pump(): void {
    const until = performance.now() + budgetMs
    while (this.#socket !== undefined && this.#queues !== undefined && this.#socket.writableLength < highWaterBytes) {
      const piece = this.#queues.next(pieceLength)
      if (piece === undefined) break
      this.#tell(piece)
      if (performance.now() < until) continue
      this.#schedule()
      break
    }
    this.#flush()
  }

  #tell(piece: Piece): void {
    const session = piece.view === 'best' ? undefined : this.#told.get(piece.peer)
    if (piece.view !== 'best' && session === undefined) return
    const about = this.#about(piece.view, session)
    for (const update of this.#teller.updates(piece, session?.fourOctetAs)) this.#sayRoutes(about, update)
    const isSpoken = session === undefined || session.families.includes(piece.family)
    if (piece.ends && isSpoken) this.#sayRoutes(about, endOfRib(piece.family))
    if (this.#buffer.length >= 64 * 1024) this.#flush()
  }

  #sayRoutes(about: BmpAbout, update: Uint8Array): void {
    writeRouteMonitoring(this.#buffer, about, update)
    this.#messages++
  }

  #flush(): void {
    const socket = this.#socket
    if (socket === undefined || this.#buffer.length === 0) return
    this.#octets += this.#buffer.length
    socket.write(this.#buffer.take())
    if (socket.writableLength > giveUpBytes) socket.destroy(new Error(`${socket.writableLength} octets are not read`))
  }

  #about(view: View, session?: SessionFacts): BmpAbout {
    const peer = session ?? { ...this.#deps.node, address: this.#deps.node.address.ipv4 }
    return { view, peer, timeMs: this.#deps.now(), twoOctetAs: session?.fourOctetAs === false }
  }
}
