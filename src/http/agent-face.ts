/** What the API needs to know of the running agent; src/agent.ts and its neighbours stand behind it. */
import type {
  DrainState,
  MonitorStatus,
  PeerStatus,
  RouteEvent,
  RouteExplanation,
  RoutePage,
  RouteQuery,
  RouteWatchQuery,
} from '../../bgp/peer.ts'
import type { ObjectStatus } from '../../felix/kernel.ts'
import type { PolicyChange } from '../../policy/explain/changed-view.ts'
import type { Ends } from '../../policy/explain/explain.ts'
import type { Explanation } from '../../policy/explain/explanation.ts'
import type { Flow } from '../../policy/explain/flow.ts'
import type { FlowPreview } from '../../policy/explain/flow-preview.ts'
import type { FlowLog } from '../flows/flow-log.ts'
import type { CheckContext } from '../model/kind.ts'
import type { Resource } from '../model/resource.ts'
import type { IpAddress } from '../net/address.ts'
import type { Cidr } from '../net/prefix.ts'
import type { ToolUse } from '../os/counted-run.ts'
import type { PeerEvent } from '../peer-watch.ts'
import type { RuleTotals } from '../rule-totals.ts'

export interface AgentFace {
  status(): AgentStatus
  ready(): Readiness
  peers(): readonly PeerStatus[]
  peer(name: string): PeerStatus | undefined
  /** Ends the session of a peer and begins it anew. @returns whether there is such a peer */
  resetPeer(name: string): boolean
  /** Asks a peer for all its routes again (RFC 2918). @returns whether there is such a peer, with a session, that can be asked */
  refreshPeer(name: string): boolean
  /** undefined: the cursor is none that an earlier page returned. */
  routes(query: RouteQuery): RoutePage | undefined
  /** The routing table as an MRT file, in pieces; undefined: BGP is disabled. */
  bgpDump(): Iterable<Buffer> | undefined
  /** undefined: BGP is disabled. */
  explainRoute(prefix: Cidr, peer?: string): RouteExplanation | undefined
  monitors(): MonitorStatus
  /** Ends when `signal` aborts, or with CLOSED; undefined: BGP is disabled. */
  watchRoutes(query: RouteWatchQuery, signal: AbortSignal): AsyncIterable<readonly RouteEvent[]> | undefined
  watchPeers(signal: AbortSignal): AsyncIterable<readonly PeerEvent[]>
  felixRoutes(query: FelixQuery): FelixPage | undefined
  felixChains(query: FelixQuery): Promise<FelixPage | undefined>
  /** What the rules of policies have met since the agent started, as the kernel counts it. */
  ruleTotals(): Promise<RuleTotals>
  felixIpSets(query: FelixQuery): FelixPage | undefined
  felixTunnels(query: FelixQuery): FelixPage | undefined
  /** Resolves as soon as `revision` is programmed, after `timeoutMs`, or when `signal` aborts (INTERFACE §4, "Waiting"). */
  waitProgrammed(revision: number, timeoutMs: number, signal: AbortSignal): Promise<WaitOutcome>
  /** undefined: BGP is disabled. */
  readonly drain: DrainFace | undefined
  /** undefined: none is kept. */
  readonly flowLog: FlowLogFace | undefined
  /** What was logged last from info on, oldest first. @param limit 1..1000 */
  events(limit: number): readonly AgentEvent[]
  counters(): AgentCounters
  /** The configuration file as it was at the start, and what the agent works by now; without secrets. */
  config(): Readonly<Record<string, unknown>>
  /** What the checks of a resource have to know of this node. */
  checkContext(): CheckContext
  readonly policy: PolicyFace
}

/** What is enforced, as the graph knows it that the chains are rendered from. */
export type PolicyFace = {
  explain(flow: Flow, ends?: Ends): Explanation
  /** What changes, which are not made, would do to flows; the caller runs it. */
  preview(changes: readonly PolicyChange[]): FlowPreview
  /** The endpoints and network sets that have the address, in no order. */
  holdersOf(address: IpAddress): readonly Resource[]
}

/** What was counted since the agent started: each number only grows. Times in seconds. */
export type AgentCounters = {
  /** Times the kernel was brought to what is wanted. */
  readonly applies: { readonly count: number; readonly seconds: number }
  /** What was changed in the kernel, and how much of it had been right before somebody else changed it: by table. */
  readonly changes: Readonly<Record<string, number>>
  readonly repairs: Readonly<Record<string, number>>
  /** The programs that were run. */
  readonly tools: readonly ToolUse[]
  /** In which at least one of them ran. */
  readonly toolsBusySeconds: number
  /** Writes that found the xtables lock taken by another program, and how long those took. */
  readonly lock: { readonly waits: number; readonly seconds: number }
}

/** `GET /v1/status`. */
export type AgentStatus = {
  readonly node: string
  readonly version: string
  readonly uptimeSec: number
  /** Every wanted object is in the kernel, or cannot be for a reason outside the node. */
  readonly inSync: boolean
  readonly revision: number
  readonly programmedRevision: number
  readonly problems: readonly StatusProblem[]
  readonly bgp: { readonly asNumber: number; readonly routerId: string; readonly peers: number; readonly established: number }
  /** Only while traffic is led away from this node. */
  readonly drain?: DrainStatus
  /** Counts by what is counted: {wanted, programmed, …}; also the labels of the metric `tortie_routes`. */
  readonly routes: Readonly<Record<string, number>>
  /** As `routes`, of the metric `tortie_policy`; `connectionsDeleted` from conntrack, of workloads that lost their address. */
  readonly policy: Readonly<Record<string, number>>
  /** Chains, jumps and IP sets of ours that somebody else had changed and that were put right; absent with felix disabled. */
  readonly repairs?: RepairStatus
  /** What policy is written with, iptables of either kind or nftables itself, and why; absent before the first apply and with felix disabled. */
  readonly iptables?: { readonly backend: 'nft' | 'legacy' | 'nftables'; readonly reason: string }
}

/** @property total since the start, each object as often as it was  @property last the newest first, 20 at most; `lastAt` ISO 8601 */
export type RepairStatus = {
  readonly total: number
  readonly last: readonly { readonly object: string; readonly times: number; readonly lastAt: string }[]
}

/** Verdicts of new connections. */
export type FlowLogFace = Pick<FlowLog, 'page' | 'recent' | 'watch' | 'counters'>

/** @property since ISO 8601; absent while nothing is drained */
export type DrainStatus = { readonly state: DrainState; readonly since?: string }

/** Leads traffic away from this node and back (RFC 8326). */
export type DrainFace = {
  readonly status: DrainStatus
  /** Announces with GRACEFUL_SHUTDOWN, withdraws `waitSec` seconds later, and resolves then; or earlier, when undone or when `signal` aborts. */
  start(waitSec: number, signal: AbortSignal): Promise<DrainStatus>
  undo(): DrainStatus
}

/** @property time ISO 8601  @property message the fixed sentence of the place that logged it */
export type AgentEvent = {
  readonly time: string
  readonly level: string
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

export type StatusProblem = { readonly severity: 'warning' | 'error'; readonly subject: string; readonly message: string }

/** `reasons` is empty when ready; each is a sentence. */
export type Readiness = { readonly ready: boolean; readonly reasons: readonly string[] }

/** `pending`: what holds the revision back. `unprogrammed`: what cannot be programmed for a reason outside the node. */
export type WaitOutcome = {
  readonly programmed: boolean
  readonly pending: readonly Unprogrammed[]
  readonly unprogrammed: readonly Unprogrammed[]
}

export type Unprogrammed = { readonly subject: string; readonly state: 'pending' | 'failed'; readonly reason: string }

/** @property limit 1..10000  @property cursor what the page before returned */
export type FelixQuery = { readonly limit: number; readonly cursor?: string }

/**
 * One kernel object: what is wanted beside what is there.
 * @property policy what a chain is made of, with its direction  @property counters of the rules that are there, in order
 */
export type FelixItem = {
  readonly name: string
  readonly wanted?: unknown
  readonly programmed?: unknown
  readonly status: ObjectStatus
  readonly policy?: string
  readonly direction?: string
  readonly counters?: readonly RuleCounter[]
}

/** @property rule of the user, by its index in the list of the direction */
export type RuleCounter = { readonly packets: number; readonly octets: number; readonly rule?: number }

export type FelixPage = { readonly items: readonly FelixItem[]; readonly total: number; readonly cursor?: string }
