/** Makes the kernel match what is wanted, in the order that never lets a packet pass unpoliced, and keeps it so. */
import type { Logger } from 'pino'
import type { Cidr } from '../src/net/prefix.ts'
import { type Run, run as runProcess } from '../src/os/process.ts'
import { missingBase } from './base-chains.ts'
import { ChosenPolicy, type PolicyOptions } from './chosen-policy.ts'
import type { Holders } from './conntrack/stale-addresses.ts'
import { StaleConnections } from './conntrack/stale-connections.ts'
import type { IpSetView } from './iptables/ip-set-table.ts'
import type { RestoreCounters } from './iptables/restore.ts'
import type { CountedTable } from './iptables/rule-count-reader.ts'
import type { ChainView } from './iptables/table-status.ts'
import type { KernelState, LearnedRoutes, Route, TableReport } from './kernel.ts'
import { NetworkTables, type RoutePage } from './network/network-tables.ts'
import type { TunnelView } from './network/tunnel-table.ts'
import { isPoliced, unpolicedRoutes, waitingForPolicy } from './network/unpoliced-routes.ts'
import type { PolicyLimits } from './policy-limits.ts'
import type { PolicyChoice, PolicyState, PolicyWriter } from './policy-writer.ts'
import { type Repair, RepairLog } from './repair-log.ts'
import { mergeReports, type Problem, problemsOf } from './table-report.ts'
import { WaitingLog } from './waiting-log.ts'

export type FelixOptions = PolicyOptions & {
  /** rtm_protocol of every route we own, 1..255. */
  readonly routeProtocol: number
}

export type FelixDependencies = {
  readonly log: Logger
  /** Something drifted, or is due to be checked or tried again: another `apply` of what is wanted is asked for. */
  readonly onDrift: () => void
  /** How programs are run; default: as they are. */
  readonly run?: Run
  /** Milliseconds of a monotonic clock. */
  readonly nowMs?: () => number
}

export type FelixReport = TableReport

/** Numbers that only grow. */
export type FelixCounters = Readonly<Record<'links' | 'policy' | 'routes', { readonly changes: number; readonly repairs: number }>>

/** What becomes removable: chains and sets once the datastore was read, routes and tunnels once BGP has converged. */
export type Prune = 'policy' | 'routes'

/** A timer may not sleep longer than this. */
const LONGEST_SLEEP_MS = 3_600_000
const nobody: Holders = new Map()

export class Felix {
  readonly #dependencies: FelixDependencies
  readonly #nowMs: () => number
  readonly #policy: PolicyWriter
  readonly #network: NetworkTables
  readonly #connections: StaleConnections
  readonly #waitingLog: WaitingLog
  #prunePolicy = false
  #report: TableReport = mergeReports([])
  readonly #counters = { links: { changes: 0, repairs: 0 }, policy: { changes: 0, repairs: 0 } }
  readonly #guarded = Promise.withResolvers<void>()
  /** Why the base chains never were in the kernel; undefined before the first apply and once they are. */
  #unguarded: string | undefined
  #isGuarded = false
  #applying = false
  #timer: NodeJS.Timeout | undefined
  readonly #repairs: RepairLog
  #closed = false

  constructor(options: FelixOptions, dependencies: FelixDependencies) {
    const { log, onDrift, run = runProcess, nowMs = () => performance.now() } = dependencies
    this.#dependencies = dependencies
    this.#nowMs = nowMs
    this.#waitingLog = new WaitingLog(log)
    this.#repairs = new RepairLog(log)
    this.#policy = new ChosenPolicy(options, { run, nowMs, log, repairs: this.#repairs, onSuspect: () => this.#sleep() })
    const network = { run, nowMs, log, onDrift, onDue: () => this.#sleep() }
    this.#network = new NetworkTables({ routeProtocol: options.routeProtocol }, network)
    const isLocal = (address: Cidr) => this.#network.isLocal(address)
    this.#connections = new StaleConnections({ log, nowMs, isLocal, onDue: () => this.#sleep() })
  }

  /** Reads links and routes and begins to listen for their changes. What cannot be read is in `problems` and tried again. */
  async start(): Promise<void> {
    await this.#network.start()
    await this.#policy.start()
  }

  /** Where learned routes go, prefix by prefix. */
  get learned(): LearnedRoutes {
    return this.#network.learned
  }

  /**
   * Brings the kernel to what is wanted. Never rejects for what the kernel refuses: that is in the report, and `onDrift` asks for the
   * next try. The caller awaits one apply before the next.
   */
  async apply(desired: KernelState): Promise<FelixReport> {
    if (this.#applying) throw new Error('felix: apply was called while another apply was running')
    this.#applying = true
    try {
      const links = await this.#network.applyLinks(desired)
      const isGuarding = await this.#network.hasTunnel()
      const policy = await this.#policy.apply(isGuarding ? withTunnelGuard(desired) : desired, this.#prunePolicy)
      this.#noteGuard(missingBase([...(desired.policy?.hooks ?? []), ...desired.hooks], policy.unprogrammed))
      this.#connections.setHolders(desired.holders ?? nobody)
      const waiting = this.#unpoliced(desired.routes, policy)
      const routes = await this.#applyRoutes(this.#without(waiting, desired.routes), isPoliced(policy))
      const guardGoes = isGuarding && !(await this.#network.hasTunnel())
      const unguarded = guardGoes ? (await this.#policy.apply(desired, this.#prunePolicy)).changed : 0
      const removed = unguarded + (await this.#policy.removeUnused())
      this.#count('links', links, 0)
      this.#count('policy', policy, removed)
      this.#report = mergeReports([links, policy, routes, this.#connections.report(), waitingForPolicy(waiting)])
      this.#waitingLog.applied(this.#report.unprogrammed)
      return { ...this.#report, changed: this.#report.changed + removed }
    } finally {
      this.#applying = false
      this.#connections.forgetSoon()
      this.#sleep()
    }
  }

  /** From the next apply on, what is ours and not wanted goes. Until then the kernel only gains. */
  allowPrune(what: Prune): void {
    if (what === 'policy') this.#prunePolicy = true
    else this.#network.allowPrune()
  }

  /** From the next apply on, which the caller asks for. */
  setLimits(limits: PolicyLimits): void {
    this.#policy.setLimits(limits)
  }

  /** Resolves when the base chains are in the kernel, once: with the first apply, or a later one where that was refused. */
  get guarded(): Promise<void> {
    return this.#guarded.promise
  }

  /** Whether `guarded` has resolved. */
  get isGuarded(): boolean {
    return this.#isGuarded
  }

  /** What an operator should know, by the last apply. With the subject "policy": why no policy can be programmed. */
  problems(): readonly Problem[] {
    const reason = this.#policy.choice?.problem ?? this.#unguarded
    const policy: Problem[] =
      reason === undefined ? [] : [{ severity: 'error', subject: 'policy', message: `policy cannot be programmed: ${reason}` }]
    return [...policy, ...this.#network.problems(), ...this.#connections.problems(), ...problemsOf(this.#report.unprogrammed)]
  }

  /** The addresses of this node by link, loopback left out, whether or not the link is up; undefined before they were read. */
  get addresses(): ReadonlyMap<string, ReadonlySet<string>> | undefined {
    return this.#network.addresses
  }

  /** undefined for a link that does not exist. */
  linkName(index: number): string | undefined {
    return this.#network.linkName(index)
  }

  /** In octets; undefined for a link that does not exist. */
  linkMtu(name: string): number | undefined {
    return this.#network.linkMtu(name)
  }

  /** The tunnel device, wanted beside programmed; empty while it is neither wanted nor ours. */
  tunnels(): readonly TunnelView[] {
    return this.#network.tunnels()
  }

  /** What policy is written with, and why; undefined before the first apply. */
  get policyBackend(): PolicyChoice | undefined {
    return this.#policy.choice
  }

  /** At most `limit` routes behind the cursor, wanted beside programmed. */
  routes(limit: number, after?: number): RoutePage {
    return this.#network.routes(limit, after)
  }

  get routeCounters(): { readonly programmed: number; readonly failed: number; readonly repairs: number; readonly changes: number } {
    return this.#network.routeCounters
  }

  /** What was changed in the kernel since the start, and how much of it was drift. Routes are counted when the kernel took them. */
  get counters(): FelixCounters {
    const { changes, repairs } = this.#network.routeCounters
    return { ...this.#counters, routes: { changes, repairs } }
  }

  /** What of chains, hooks and IP sets somebody else had changed and was put right: in all, and what was so last. */
  get repairs(): { readonly total: number; readonly last: readonly Repair[] } {
    return this.#repairs
  }

  /** How many chains and IP sets are wanted, and how many connections of workloads that lost their address were deleted from conntrack: cheap, unlike the views. */
  get policyCounters(): { readonly chains: number; readonly ipSets: number; readonly connectionsDeleted: number } {
    return { ...this.#policy.counters, connectionsDeleted: this.#connections.forgotten }
  }

  /** What writing to iptables has cost, and how long other programs' lock was waited for. */
  get restoreCounters(): RestoreCounters {
    return this.#policy.restoreCounters
  }

  chains(): readonly ChainView[] {
    return this.#policy.chains()
  }

  /** What the rules of our chains have counted. @see RuleCountReader */
  ruleCounts(): Promise<readonly CountedTable[]> {
    return this.#policy.ruleCounts()
  }

  ipSets(): readonly IpSetView[] {
    return this.#policy.ipSets()
  }

  /** Ends timers and listening. The kernel stays as it is. */
  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    this.#policy.close()
    await this.#connections.close()
    await this.#network.close()
  }

  #unpoliced(routes: readonly Route[], policy: TableReport): readonly Route[] {
    const { withheld } = this.#connections
    return unpolicedRoutes(routes, policy, ({ destination }) => this.#network.isLocal(destination) && !withheld.has(destination))
  }

  /** What has changed hands stays, as a blackhole: the kernel may have a route to the one who had it. */
  #without(waiting: readonly Route[], routes: readonly Route[]): readonly Route[] {
    if (waiting.length === 0) return routes
    const gone = new Set(waiting)
    return this.#connections.withhold(routes).filter((route) => !gone.has(route))
  }

  /** What changed hands is led to nobody until its connections are forgotten. */
  async #applyRoutes(routes: readonly Route[], policed: boolean): Promise<TableReport> {
    const apply = () => this.#network.applyRoutes({ routes: this.#connections.withhold(routes) }, policed)
    const withheld = this.#connections.isWithholding ? (await apply()).changed : 0
    await this.#connections.forgetWithheld()
    const report = await apply()
    return { ...report, changed: report.changed + withheld }
  }

  #noteGuard(missing: string | undefined): void {
    if (this.#isGuarded) return
    this.#unguarded = missing
    this.#isGuarded = missing === undefined
    if (this.#isGuarded) this.#guarded.resolve()
  }

  #count(table: 'links' | 'policy', { changed, repaired }: TableReport, removed: number): void {
    const { changes, repairs } = this.#counters[table]
    this.#counters[table] = { changes: changes + changed + removed, repairs: repairs + repaired }
  }

  /** Until the next table is due to be checked or tried again. */
  #sleep(): void {
    clearTimeout(this.#timer)
    if (this.#closed || this.#applying) return
    const sleepMs = Math.min(
      LONGEST_SLEEP_MS,
      Math.min(this.#policy.dueAtMs, this.#network.dueAtMs, this.#connections.dueAtMs) - this.#nowMs(),
    )
    this.#timer = setTimeout(() => this.#dependencies.onDrift(), Math.max(1, sleepMs)).unref()
  }
}

function withTunnelGuard({ policy, ipSets, chains, hooks, tunnelGuard }: KernelState): PolicyState {
  return {
    ...(policy !== undefined && { policy }),
    ipSets: [...ipSets, ...tunnelGuard.ipSets],
    chains: [...chains, ...tunnelGuard.chains],
    hooks: [...hooks, ...tunnelGuard.hooks],
  }
}
