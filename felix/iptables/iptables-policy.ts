import type { Logger } from 'pino'
import type { Run } from '../../src/os/process.ts'
import type { TableReport } from '../kernel.ts'
import type { PolicyLimits } from '../policy-limits.ts'
import type { PolicyState, PolicyWriter } from '../policy-writer.ts'
import type { RepairLog } from '../repair-log.ts'
import type { IpSetView, WriteMembers } from './ip-set-table.ts'
import { IpSetsWatch } from './ip-sets-watch.ts'
import type { Backend } from './iptables-tool.ts'
import { MemberWriter } from './member-writer.ts'
import { OwnPrograms } from './own-programs.ts'
import { PolicyTables } from './policy-tables.ts'
import type { RestoreCounters } from './restore.ts'
import type { CountedTable } from './rule-count-reader.ts'
import { RulesWatch } from './rules-watch.ts'
import type { ChainView } from './table-status.ts'

/**
 * @property nowMs a monotonic clock
 * @property onSuspect `dueAtMs` may be earlier than it was: others changed something
 */
export type PolicyDependencies = {
  readonly run: Run
  readonly nowMs: () => number
  readonly log: Logger
  readonly repairs: RepairLog
  readonly onSuspect: () => void
}

/** Policy by iptables and ipset, with all that listens for changes by others. */
export class IptablesPolicy implements PolicyWriter {
  readonly #dependencies: PolicyDependencies
  readonly #programs: OwnPrograms
  readonly #members: MemberWriter
  readonly #tables: PolicyTables
  #watches: readonly { close(): void }[] = []
  #applying = false

  constructor(option: 'auto' | Backend, dependencies: PolicyDependencies) {
    const { run, nowMs, log, repairs, onSuspect } = dependencies
    this.#dependencies = dependencies
    this.#programs = new OwnPrograms(run, nowMs)
    this.#members = new MemberWriter(log)
    const writeMembers: WriteMembers = (changes) => this.#members.write(changes)
    this.#tables = new PolicyTables(option, { run: this.#programs.run, nowMs, log, repairs, writeMembers, onSuspect })
  }

  get choice(): PolicyTables['choice'] {
    return this.#tables.choice
  }

  get counters(): PolicyWriter['counters'] {
    return this.#tables.counters
  }

  get restoreCounters(): RestoreCounters {
    return this.#tables.restoreCounters
  }

  get dueAtMs(): number {
    return this.#tables.dueAtMs
  }

  setLimits(limits: PolicyLimits): void {
    this.#tables.limits = limits
  }

  async start(): Promise<void> {
    const watches = [this.#watchRules(), this.#watchIpSets()]
    this.#watches = watches
    await Promise.all(watches.map((watch) => watch.start()))
    this.#tables.prepare()
  }

  apply(state: PolicyState, prune: boolean): Promise<TableReport> {
    return this.#whileApplying(() => this.#tables.apply(state, prune))
  }

  removeUnused(): Promise<number> {
    return this.#whileApplying(() => this.#tables.removeUnused())
  }

  chains(): readonly ChainView[] {
    return this.#tables.chains()
  }

  ipSets(): readonly IpSetView[] {
    return this.#tables.ipSets()
  }

  ruleCounts(): Promise<readonly CountedTable[]> {
    return this.#tables.ruleCounts()
  }

  close(): void {
    for (const watch of this.#watches) watch.close()
    this.#members.close()
  }

  async #whileApplying<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#applying = true
    try {
      return await work()
    } finally {
      this.#applying = false
    }
  }

  #watchRules(): RulesWatch {
    const { nowMs, log, onSuspect } = this.#dependencies
    return new RulesWatch({
      backend: () => this.#tables.choice?.backend,
      isOwn: (pid) => this.#programs.has(pid),
      onChange: (places) => {
        this.#tables.suspectRules(places)
        onSuspect()
      },
      onWatched: (isWatched) => {
        this.#tables.watched = { rules: isWatched }
      },
      nowMs,
      log,
    })
  }

  #watchIpSets(): IpSetsWatch {
    const { nowMs, log, onSuspect } = this.#dependencies
    return new IpSetsWatch({
      isDue: () => !this.#applying && this.#tables.counters.ipSets > 0,
      onCounts: (counts) => {
        this.#tables.compareSets(counts)
        onSuspect()
      },
      onWatched: (isWatched) => {
        this.#tables.watched = { ipSets: isWatched }
      },
      nowMs,
      log,
    })
  }
}
