/** What the API shows of this node: reads the parts, decides nothing. */
import type { MonitorStatus, PeerStatus, RouteEvent, RouteExplanation, RoutePage, RouteQuery, RouteWatchQuery } from '../bgp/peer.ts'
import type { SpeakerProblem } from '../bgp/speaker.ts'
import type {
  AgentCounters,
  AgentEvent,
  AgentFace,
  AgentStatus,
  DrainFace,
  FelixPage,
  FelixQuery,
  FlowLogFace,
  PolicyFace,
  Readiness,
  RepairStatus,
  StatusProblem,
  WaitOutcome,
} from './http/agent-face.ts'
import type { CheckContext } from './model/kind.ts'
import { type Cidr, parsePrefix } from './net/prefix.ts'
import { type PeerEvent, watchPeers } from './peer-watch.ts'
import type { ProgrammedRevision } from './programmed-revision.ts'
import type { RuleTotals } from './rule-totals.ts'
import { withoutSecrets } from './without-secrets.ts'

/** The speaker, as far as it is shown. */
export type SpeakerView = {
  readonly listening: boolean
  peers(): readonly PeerStatus[]
  reset(peer: string): boolean
  requestRefresh(peer: string): boolean
  routes(query: RouteQuery): RoutePage | undefined
  dump(): Iterable<Buffer>
  explain(prefix: Cidr, peer?: string): RouteExplanation
  readonly monitors: MonitorStatus
  watchRoutes(query: RouteWatchQuery, signal: AbortSignal): AsyncIterable<readonly RouteEvent[]>
  problems(): readonly SpeakerProblem[]
}

/** felix, as far as it is shown. */
export type KernelView = {
  problems(): readonly StatusProblem[]
  routeCounts(): Readonly<Record<string, number>>
  policyCounts(): Readonly<Record<string, number>>
  iptables(): AgentStatus['iptables']
  repairs(): RepairStatus
  routes(query: FelixQuery): FelixPage | undefined
  chains(query: FelixQuery): Promise<FelixPage | undefined>
  ruleTotals(): Promise<RuleTotals>
  ipSets(query: FelixQuery): FelixPage | undefined
  tunnels(query: FelixQuery): FelixPage | undefined
  counters(): Pick<AgentCounters, 'changes' | 'repairs' | 'lock'>
}

export type NodeViewOptions = {
  readonly node: string
  readonly version: string
  readonly interfacePrefix: string
}

export type NodeViewDependencies = {
  /** As whom the node speaks BGP now. */
  readonly identity: () => { readonly asNumber: number; readonly routerId: string }
  /** undefined: BGP is disabled. */
  readonly speaker: SpeakerView | undefined
  /** undefined: felix is disabled. */
  readonly kernel: KernelView | undefined
  /** undefined: BGP is disabled. */
  readonly drain: DrainFace | undefined
  /** undefined: none is kept. */
  readonly flowLog: FlowLogFace | undefined
  /** Tells of changes of peers' states until the function it returns is called. */
  readonly onPeersChange: (listener: () => void) => () => void
  readonly programmed: ProgrammedRevision
  readonly events: (limit: number) => readonly AgentEvent[]
  readonly config: () => Readonly<Record<string, unknown>>
  readonly storeRevision: () => number
  /** The first apply is done. */
  readonly applied: () => boolean
  readonly localEndpoints: () => number
  readonly policy: PolicyFace
  readonly counters: () => Pick<AgentCounters, 'applies' | 'tools' | 'toolsBusySeconds'>
  /** What is worth knowing of how the node is set up, and what was asked for and is not done, or not done yet. */
  readonly problems: () => readonly StatusProblem[]
}

const nothing: FelixPage = { items: [], total: 0 }

export class NodeView implements AgentFace {
  readonly #options: NodeViewOptions
  readonly #parts: NodeViewDependencies
  readonly #startedAt = performance.now()

  constructor(options: NodeViewOptions, dependencies: NodeViewDependencies) {
    this.#options = options
    this.#parts = dependencies
  }

  status(): AgentStatus {
    const { speaker, kernel, drain, programmed, storeRevision, localEndpoints } = this.#parts
    const { node, version } = this.#options
    const { asNumber, routerId } = this.#parts.identity()
    const peers = speaker?.peers() ?? []
    const revision = storeRevision()
    const iptables = kernel?.iptables()
    const failed = programmed.unprogrammed.some(({ state }) => state === 'failed')
    return {
      node,
      version,
      uptimeSec: Math.floor((performance.now() - this.#startedAt) / 1000),
      inSync: programmed.revision >= revision && !failed,
      revision,
      programmedRevision: programmed.revision,
      problems: this.#problems(),
      bgp: { asNumber, routerId, peers: peers.length, established: peers.filter(({ state }) => state === 'Established').length },
      ...(drain !== undefined && drain.status.state !== 'none' && { drain: drain.status }),
      routes: kernel?.routeCounts() ?? {},
      policy: { ...kernel?.policyCounts(), endpoints: localEndpoints() },
      ...(kernel !== undefined && { repairs: kernel.repairs() }),
      ...(iptables !== undefined && { iptables }),
    }
  }

  /** Peers are not needed for it (INTERFACE §4); the listener is, and that policy can be programmed: without it no workload gets a route. */
  ready(): Readiness {
    const { speaker, kernel, applied } = this.#parts
    const unpoliced = kernel?.problems().filter(({ severity, subject }) => severity === 'error' && subject === 'policy') ?? []
    const reasons = [
      ...(applied() ? [] : ['the first apply is not done yet']),
      ...unpoliced.map(({ message }) => message),
      ...(speaker === undefined || speaker.listening ? [] : ['the BGP listener is not open: see problems in /v1/status']),
    ]
    return { ready: reasons.length === 0, reasons }
  }

  peers(): readonly PeerStatus[] {
    return this.#parts.speaker?.peers() ?? []
  }

  peer(name: string): PeerStatus | undefined {
    return this.peers().find((peer) => peer.name === name)
  }

  resetPeer(name: string): boolean {
    return this.#parts.speaker?.reset(name) ?? false
  }

  refreshPeer(name: string): boolean {
    return this.#parts.speaker?.requestRefresh(name) ?? false
  }

  /** The RIB's cursors are prefixes. */
  routes(query: RouteQuery): RoutePage | undefined {
    if (query.cursor !== undefined && parsePrefix(query.cursor) === undefined) return undefined
    return this.#parts.speaker === undefined ? { routes: [], total: 0 } : this.#parts.speaker.routes(query)
  }

  bgpDump(): Iterable<Buffer> | undefined {
    return this.#parts.speaker?.dump()
  }

  explainRoute(prefix: Cidr, peer?: string): RouteExplanation | undefined {
    return this.#parts.speaker?.explain(prefix, peer)
  }

  monitors(): MonitorStatus {
    return this.#parts.speaker?.monitors ?? { collectors: [] }
  }

  watchRoutes(query: RouteWatchQuery, signal: AbortSignal): AsyncIterable<readonly RouteEvent[]> | undefined {
    return this.#parts.speaker?.watchRoutes(query, signal)
  }

  watchPeers(signal: AbortSignal): AsyncIterable<readonly PeerEvent[]> {
    return watchPeers(() => this.peers(), this.#parts.onPeersChange, signal)
  }

  felixRoutes(query: FelixQuery): FelixPage | undefined {
    return this.#parts.kernel === undefined ? nothing : this.#parts.kernel.routes(query)
  }

  async felixChains(query: FelixQuery): Promise<FelixPage | undefined> {
    return this.#parts.kernel === undefined ? nothing : this.#parts.kernel.chains(query)
  }

  async ruleTotals(): Promise<RuleTotals> {
    return (await this.#parts.kernel?.ruleTotals()) ?? { rules: [], leftOut: 0 }
  }

  felixIpSets(query: FelixQuery): FelixPage | undefined {
    return this.#parts.kernel === undefined ? nothing : this.#parts.kernel.ipSets(query)
  }

  felixTunnels(query: FelixQuery): FelixPage | undefined {
    return this.#parts.kernel === undefined ? nothing : this.#parts.kernel.tunnels(query)
  }

  waitProgrammed(revision: number, timeoutMs: number, signal: AbortSignal): Promise<WaitOutcome> {
    return this.#parts.programmed.wait(revision, timeoutMs, signal)
  }

  get drain(): DrainFace | undefined {
    return this.#parts.drain
  }

  get flowLog(): FlowLogFace | undefined {
    return this.#parts.flowLog
  }

  events(limit: number): readonly AgentEvent[] {
    return this.#parts.events(limit)
  }

  counters(): AgentCounters {
    const { kernel, counters } = this.#parts
    return { changes: {}, repairs: {}, lock: { waits: 0, seconds: 0 }, ...kernel?.counters(), ...counters() }
  }

  config(): Readonly<Record<string, unknown>> {
    return withoutSecrets(this.#parts.config())
  }

  checkContext(): CheckContext {
    return { nodeName: this.#options.node, interfacePrefix: this.#options.interfacePrefix }
  }

  get policy(): PolicyFace {
    return this.#parts.policy
  }

  #problems(): readonly StatusProblem[] {
    const { speaker, kernel, problems } = this.#parts
    const bgp = (speaker?.problems() ?? []).map((problem) => ({ severity: 'error' as const, ...problem }))
    return [...problems(), ...(kernel?.problems() ?? []), ...bgp, ...drained(this.drain)]
  }
}

function drained(drain: DrainFace | undefined): readonly StatusProblem[] {
  if (drain === undefined || drain.status.state === 'none') return []
  const { state, since } = drain.status
  const message = `the prefixes of this node are ${state === 'announced' ? 'announced as going away' : 'withdrawn'} since ${since}: "tortie drain --undo" brings them back`
  return [{ severity: 'warning', subject: 'bgp/drain', message }]
}
