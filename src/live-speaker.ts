/** The speaker of this node, whatever its AS number, identifier or port are just now. */
import { isDeepStrictEqual } from 'node:util'
import type {
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
} from '../bgp/peer.ts'
import type { SpeakerProblem } from '../bgp/speaker.ts'
import type { Cidr } from './net/prefix.ts'

/** What it needs of bgp/speaker.ts. */
export type ReplaceableSpeaker = {
  readonly listening: boolean
  readonly converged: Promise<void>
  start(): Promise<void>
  setPeers(peers: readonly PeerConfig[], ranges: readonly PeerRange[]): void
  setPolicy(policy: SpeakerPolicy): void
  setMonitors(settings: MonitorSettings): void
  readonly monitors: MonitorStatus
  dump(): Iterable<Buffer>
  explain(prefix: Cidr, peer?: string): RouteExplanation
  watchRoutes(query: RouteWatchQuery, signal: AbortSignal): AsyncIterable<readonly RouteEvent[]>
  originate(prefixes: readonly Cidr[]): void
  drain(state: DrainState): void
  nextHopsChanged(): Promise<void>
  reset(peer: string): boolean
  requestRefresh(peer: string): boolean
  peers(): readonly PeerStatus[]
  routes(query: RouteQuery): RoutePage
  problems(): readonly SpeakerProblem[]
  retire(): Promise<void>
  stop(): Promise<void>
}

/** What every session opens with: another one ends them all, as it does in BIRD and FRR. */
export type Identity = Omit<SpeakerOptions, 'restarting'>

/**
 * A speaker has one identity for its life. A change of it ends the sessions, takes the learned routes out of the kernel and goes on with
 * a new speaker, which is told what the old one had been told.
 */
export class LiveSpeaker {
  readonly #make: (options: SpeakerOptions) => ReplaceableSpeaker
  /** The one that is wanted. */
  #identity: Identity
  #speaker: ReplaceableSpeaker
  /** The one that `#speaker` was made with; undefined while it retires. */
  #speaksAs: Identity | undefined
  #peers: readonly PeerConfig[] = []
  #ranges: readonly PeerRange[] = []
  #prefixes: readonly Cidr[] = []
  #policy: SpeakerPolicy = {}
  #drainState: DrainState = 'none'
  #monitors: MonitorSettings | undefined
  #started = false
  #stopped = false
  #changing: Promise<void> = Promise.resolve()

  /** @param restarting the kernel still has routes of this node's previous life */
  constructor(identity: Identity, restarting: boolean, make: (options: SpeakerOptions) => ReplaceableSpeaker) {
    this.#identity = identity
    this.#speaksAs = identity
    this.#make = make
    this.#speaker = make({ ...identity, restarting })
  }

  get listening(): boolean {
    return this.#speaker.listening
  }

  get converged(): Promise<void> {
    return this.#speaker.converged
  }

  async start(): Promise<void> {
    this.#started = true
    if (this.#speaksAs === undefined) await this.#changing
    else await this.#speaker.start()
  }

  /** Peers whose configuration stays the same notice nothing, unless the identity is another. */
  configure(identity: Identity, peers: readonly PeerConfig[], ranges: readonly PeerRange[] = []): void {
    this.#peers = peers
    this.#ranges = ranges
    if (isDeepStrictEqual(identity, this.#identity)) {
      if (this.#speaksAs === this.#identity) this.#speaker.setPeers(peers, ranges)
      return
    }
    this.#identity = identity
    this.#changing = this.#changing.then(() => this.#replace(identity))
  }

  setMonitors(settings: MonitorSettings): void {
    this.#monitors = settings
    this.#speaker.setMonitors(settings)
  }

  get monitors(): MonitorStatus {
    return this.#speaker.monitors
  }

  explain(prefix: Cidr, peer?: string): RouteExplanation {
    return this.#speaker.explain(prefix, peer)
  }

  dump(): Iterable<Buffer> {
    return this.#speaker.dump()
  }

  watchRoutes(query: RouteWatchQuery, signal: AbortSignal): AsyncIterable<readonly RouteEvent[]> {
    return this.#speaker.watchRoutes(query, signal)
  }

  setPolicy(policy: SpeakerPolicy): void {
    this.#policy = policy
    this.#speaker.setPolicy(policy)
  }

  originate(prefixes: readonly Cidr[]): void {
    this.#prefixes = prefixes
    this.#speaker.originate(prefixes)
  }

  drain(state: DrainState): void {
    this.#drainState = state
    this.#speaker.drain(state)
  }

  nextHopsChanged(): Promise<void> {
    return this.#speaker.nextHopsChanged()
  }

  reset(peer: string): boolean {
    return this.#speaker.reset(peer)
  }

  requestRefresh(peer: string): boolean {
    return this.#speaker.requestRefresh(peer)
  }

  peers(): readonly PeerStatus[] {
    return this.#speaker.peers()
  }

  routes(query: RouteQuery): RoutePage {
    return this.#speaker.routes(query)
  }

  problems(): readonly SpeakerProblem[] {
    return this.#speaker.problems()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#changing
    await this.#speaker.stop()
  }

  async #replace(identity: Identity): Promise<void> {
    if (this.#stopped || identity !== this.#identity) return // a later one follows
    this.#speaksAs = undefined
    await this.#speaker.retire()
    if (this.#stopped) return
    this.#speaker = this.#make({ ...identity, restarting: false })
    this.#speaksAs = identity
    this.#speaker.setPolicy(this.#policy)
    if (this.#monitors !== undefined) this.#speaker.setMonitors(this.#monitors)
    this.#speaker.originate(this.#prefixes)
    this.#speaker.drain(this.#drainState)
    this.#speaker.setPeers(this.#peers, this.#ranges)
    if (this.#started) await this.#speaker.start()
  }
}
