import { CheckSchedule } from './check-schedule.ts'
import { removeChains } from './cleanup/cleanup-chains.ts'
import { removeIpSets } from './cleanup/cleanup-ip-sets.ts'
import type { IpSetView } from './iptables/ip-set-table.ts'
import { IptablesPolicy, type PolicyDependencies } from './iptables/iptables-policy.ts'
import type { Backend } from './iptables/iptables-tool.ts'
import type { RestoreCounters } from './iptables/restore.ts'
import type { CountedTable } from './iptables/rule-count-reader.ts'
import type { ChainView } from './iptables/table-status.ts'
import type { TableReport } from './kernel.ts'
import { removeNftTables } from './nft/cleanup-tables.ts'
import { NftPolicy } from './nft/nft-policy.ts'
import { nftRefusal } from './nft-support.ts'
import { defaultLimits, type PolicyLimits } from './policy-limits.ts'
import type { PolicyChoice, PolicyState, PolicyWriter } from './policy-writer.ts'

export type PolicyOptions = { readonly iptablesBackend: 'auto' | Backend; readonly nftablesMode: 'auto' | 'enabled' | 'disabled' }

const TIMEOUT_MS = 30_000
/** Behind the first apply. */
const LEAVE_AFTER_MS = 10_000
const noRestores: RestoreCounters = { restores: 0, restoreSeconds: 0, refused: 0, lockWaits: 0, lockWaitSeconds: 0 }

/** Policy by iptables or by nf_tables itself: where that is not said, decided at the start. What the other has of ours goes once this one enforces all. */
export class ChosenPolicy implements PolicyWriter {
  readonly #options: PolicyOptions
  readonly #dependencies: PolicyDependencies
  readonly #leaving = new CheckSchedule()
  #writer: PolicyWriter | undefined
  #limits = defaultLimits
  #isListening = false
  #hasLeftovers = true
  /** When leftovers are looked for; infinite as long as this one does not enforce all. */
  #leaveAtMs = Number.POSITIVE_INFINITY

  constructor(options: PolicyOptions, dependencies: PolicyDependencies) {
    this.#options = options
    this.#dependencies = dependencies
    if (options.nftablesMode !== 'auto')
      this.#writer = this.#make(options.nftablesMode === 'enabled' ? 'felix.nftablesMode is enabled' : undefined)
  }

  get choice(): PolicyChoice | undefined {
    return this.#writer?.choice
  }

  get counters(): PolicyWriter['counters'] {
    return this.#writer?.counters ?? { chains: 0, ipSets: 0 }
  }

  get restoreCounters(): RestoreCounters {
    return this.#writer?.restoreCounters ?? noRestores
  }

  get dueAtMs(): number {
    return Math.min(this.#writer?.dueAtMs ?? Number.POSITIVE_INFINITY, this.#leaveAtMs)
  }

  setLimits(limits: PolicyLimits): void {
    this.#limits = limits
    this.#writer?.setLimits(limits)
  }

  async start(): Promise<void> {
    this.#isListening = true
    if (this.#writer === undefined) this.#writer = await this.#choose()
    else await this.#writer.start()
  }

  async apply(state: PolicyState, prune: boolean): Promise<TableReport> {
    this.#writer ??= await this.#choose()
    const report = await this.#writer.apply(state, prune)
    const isWhole = ![...report.unprogrammed.values()].some(({ state }) => state === 'failed')
    if (prune && isWhole && this.#hasLeftovers) await this.#leaveWhenDue(this.#writer)
    else this.#leaveAtMs = Number.POSITIVE_INFINITY
    return report
  }

  removeUnused(): Promise<number> {
    return this.#writer?.removeUnused() ?? Promise.resolve(0)
  }

  chains(): readonly ChainView[] {
    return this.#writer?.chains() ?? []
  }

  ipSets(): readonly IpSetView[] {
    return this.#writer?.ipSets() ?? []
  }

  ruleCounts(): Promise<readonly CountedTable[]> {
    return this.#writer?.ruleCounts() ?? Promise.resolve([])
  }

  close(): void {
    this.#isListening = false
    this.#writer?.close()
  }

  async #choose(): Promise<PolicyWriter> {
    const writer = this.#make(await this.#onlyNftables())
    writer.setLimits(this.#limits)
    if (this.#isListening) await writer.start()
    return writer
  }

  /** @param reason for nf_tables; undefined: iptables */
  #make(reason: string | undefined): PolicyWriter {
    if (reason === undefined) return new IptablesPolicy(this.#options.iptablesBackend, this.#dependencies)
    this.#dependencies.log.info({ reason }, 'policy is written with nftables')
    return new NftPolicy(reason, this.#dependencies)
  }

  /** Why nf_tables is the only way, if it is. */
  async #onlyNftables(): Promise<string | undefined> {
    const { run } = this.#dependencies
    for (const backend of ['nft', 'legacy']) {
      const { missingPackage } = await run(`iptables-${backend}-save`, ['--version'], { timeoutMs: TIMEOUT_MS })
      if (missingPackage === undefined) return undefined
    }
    return (await nftRefusal(4)) === undefined ? 'iptables is not installed' : undefined
  }

  /** Looking for leftovers takes programs that nobody who waits for the first policy shall wait for. */
  async #leaveWhenDue(writer: PolicyWriter): Promise<void> {
    const nowMs = this.#dependencies.nowMs()
    if (this.#leaveAtMs === Number.POSITIVE_INFINITY) this.#leaveAtMs = nowMs + LEAVE_AFTER_MS
    if (nowMs >= this.#leaveAtMs) await this.#leave(writer)
  }

  /** Two that enforce the same do no harm, so there is never a moment without. */
  async #leave(writer: PolicyWriter): Promise<void> {
    const { run, log, nowMs } = this.#dependencies
    const quiet = { run, nowMs, log }
    const passes = writer instanceof NftPolicy ? [await removeChains(quiet), await removeIpSets(quiet)] : [await removeNftTables()]
    const problems = passes.flatMap(({ problems }) => problems)
    const found = passes.flatMap(({ found }) => Object.values(found)).reduce((sum, count) => sum + count, 0)
    this.#hasLeftovers = problems.length > 0
    if (problems.length === 0) this.#leaving.succeeded()
    else this.#leaving.refused(nowMs())
    this.#leaveAtMs = this.#leaving.dueAtMs
    if (problems.length > 0) log.warn({ problems }, 'what another backend has of ours could not be removed; trying again')
    else if (found > 0) log.info({ objects: found }, 'what another backend had of ours is removed')
  }
}
