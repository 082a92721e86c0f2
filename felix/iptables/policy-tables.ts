import { setImmediate as nextTurn } from 'node:timers/promises'
import { CheckSchedule } from '../check-schedule.ts'
import type { TableName, TableReport } from '../kernel.ts'
import { defaultLimits, type PolicyLimits } from '../policy-limits.ts'
import { countersOf, type PolicyState } from '../policy-writer.ts'
import { mergeReports } from '../table-report.ts'
import { ChainTable } from './chain-table.ts'
import { IpSetTable, type IpSetTableDependencies, type IpSetView } from './ip-set-table.ts'
import { type BackendChoice, chooseBackend } from './iptables-backend.ts'
import type { Backend } from './iptables-tool.ts'
import type { RulesPlace } from './nft-changes.ts'
import { Restore, type RestoreCounters } from './restore.ts'
import { type CountedPlace, type CountedTable, RuleCountReader } from './rule-count-reader.ts'
import { RulesCheck } from './rules-check.ts'
import { type TableTurn, tableOrder } from './table-order.ts'
import { type FamilyPlace, TableReader } from './table-reader.ts'
import type { ChainView } from './table-status.ts'

/** filter first: it is the one that keeps out what must not pass. */
const tableNames = ['filter', 'nat', 'mangle', 'raw'] as const
const places: readonly RulesPlace[] = tableNames.flatMap((table) => [
  { family: 4, table },
  { family: 6, table },
])

/** IP sets and the chains that refer to them, in the order that never leaves a rule without its set. */
export class PolicyTables {
  readonly #option: 'auto' | Backend
  readonly #dependencies: IpSetTableDependencies
  readonly #sets: IpSetTable
  readonly #restore: Restore
  readonly #reader: TableReader
  readonly #choosing = new CheckSchedule()
  readonly #counts: RuleCountReader
  #choice: BackendChoice | undefined
  #prepared: Promise<void> | undefined
  #counters = { chains: 0, ipSets: 0 }
  #tables: readonly { readonly place: RulesPlace; readonly table: ChainTable }[] = []
  #checks: readonly RulesCheck[] = []
  #limits = defaultLimits
  #watched = { rules: false, ipSets: false }
  /** The other backend's tables, where an earlier choice left chains of ours. */
  #leftovers: readonly ChainTable[] = []

  constructor(option: 'auto' | Backend, dependencies: IpSetTableDependencies) {
    this.#option = option
    this.#dependencies = dependencies
    this.#sets = new IpSetTable(dependencies)
    this.#restore = new Restore(dependencies)
    this.#reader = new TableReader(dependencies)
    this.#counts = new RuleCountReader({ ...dependencies, places: () => this.#countedPlaces() })
  }

  /** Which iptables is used and why; undefined before the first `apply`. */
  get choice(): BackendChoice | undefined {
    return this.#choice
  }

  get counters(): { readonly chains: number; readonly ipSets: number } {
    return this.#counters
  }

  get restoreCounters(): RestoreCounters {
    return this.#restore.counters
  }

  get dueAtMs(): number {
    const tables = [this.#sets, ...this.#tables.map(({ table }) => table), ...this.#leftovers]
    return Math.min(this.#choosing.dueAtMs, ...tables.map(({ dueAtMs }) => dueAtMs))
  }

  /** Chooses, beside what else there is to do before the first `apply`. What was read for it is too old by then. */
  prepare(): void {
    this.#prepared ??= this.#choose().then(() => this.#reader.forget())
  }

  /**
   * What closes something in sets, then chains, then what opens something in sets (held-members.ts); chains that nothing wants go with the same transactions.
   *
   * @param prune whether what is ours and not wanted may be changed or removed
   */
  async apply(state: PolicyState, prune: boolean): Promise<TableReport> {
    await this.#prepared
    await this.#choose()
    this.#counters = countersOf(state)
    const { policy, chains } = state
    const hooks = [...(policy?.hooks ?? []), ...state.hooks]
    // What is wanted is taken over at once: while the kernel works, more may change.
    this.#sets.setStated(state.ipSets, policy?.ipSets)
    for (const { place, table } of this.#tables) {
      const isHere = (object: RulesPlace) => object.family === place.family && object.table === place.table
      table.setStated(chains.filter(isHere), hooks.filter(isHere), policy?.chains[place.table][place.family])
    }
    for (const check of this.#checks) check.beginIfDue()
    const isRuled = this.#tables.some(({ table }) => table.isTouched || table.isBehind)
    const [sets] = await Promise.all([this.#sets.apply(prune, isRuled ? policy?.keepsOut : undefined), this.#readAhead()])
    const reports = await this.#applyTables(prune)
    const mayGo = this.#sets.isHolding && !this.#tables.some(({ table }) => table.isBehind)
    const late = mayGo ? await this.#sets.apply(prune) : undefined
    reports.unshift(late === undefined ? sets : { ...late, changed: sets.changed + late.changed, repaired: sets.repaired + late.repaired })
    for (const table of this.#leftovers) reports.push(await table.apply(prune))
    this.#reader.forget()
    const report = mergeReports(reports)
    if (report.repaired > 0) this.#suspect()
    return report
  }

  /** Whether somebody tells of changes by others: of rules by `suspectRules`, of sets by `compareSets`. */
  set watched(watched: Partial<{ readonly rules: boolean; readonly ipSets: boolean }>) {
    this.#watched = { ...this.#watched, ...watched }
    this.#sets.isWatched = this.#watched.ipSets
    for (const { table } of this.#tables) table.isWatched = this.#watched.rules
  }

  /** From the next apply on. */
  set limits(limits: PolicyLimits) {
    this.#limits = limits
    this.#sets.maxMembers = limits.ipSetMembers
    this.#sets.fullCheckMs = limits.ipSetsCheckMs
    for (const { table } of this.#tables) table.fullCheckMs = limits.rulesCheckMs
  }

  /** Somebody else may have changed these tables (undefined: any of them), so they are due to be checked if they hold something of ours. */
  suspectRules(changed: readonly RulesPlace[] | undefined): void {
    for (const { place, table } of this.#tables) {
      const isChanged = changed === undefined || changed.some((other) => other.family === place.family && other.table === place.table)
      if (isChanged) table.suspect()
    }
  }

  /** @param counts members by set, as the kernel has them now */
  compareSets(counts: ReadonlyMap<string, number>): void {
    this.#sets.compare(counts)
  }

  /** Removes the sets that no chain needs any more, after `apply`. Gives how many went. */
  removeUnused(): Promise<number> {
    return this.#sets.removeUnused()
  }

  /** What the rules of all chains of ours have counted, as it was read last or, if that may be, now. */
  ruleCounts(): Promise<readonly CountedTable[]> {
    return this.#counts.read()
  }

  chains(): ChainView[] {
    return this.#tables.flatMap(({ table }) => table.entries())
  }

  ipSets(): IpSetView[] {
    return this.#sets.entries()
  }

  #countedPlaces(): readonly CountedPlace[] {
    const { backend } = this.#choice ?? {}
    return this.#tables.flatMap(({ place, table }) => (backend !== undefined && table.isUsed ? [{ ...place, backend }] : []))
  }

  /** A family of which several tables are to be read is read by one program. */
  async #readAhead(): Promise<void> {
    const { backend } = this.#choice ?? {}
    if (backend === undefined) return
    const due = this.#tables.filter(({ place, table }) => table.isReadDue && !this.#reader.has({ ...place, backend }))
    const families = ([4, 6] as const).filter((family) => due.filter(({ place }) => place.family === family).length > 1)
    await Promise.all(families.map((family) => this.#reader.readAll({ family, backend })))
  }

  /** One table after the other: on nft each write makes the tools that are at work begin anew, so a small one is not put between large ones. */
  async #applyTables(prune: boolean): Promise<TableReport[]> {
    const reports: TableReport[] = []
    const behind = new Set<TableName>()
    for (const { name, after } of this.#order(prune)) {
      const both = this.#tablesOf(name)
      const hasToWait = after.some((other) => behind.has(other))
      for (const table of both) table.setBroken(this.#sets.broken)
      if (hasToWait) reports.push(...both.map((table) => table.report()))
      else if (this.#choice?.backend === 'nft') reports.push(...(await sideBySide(both, prune)))
      else for (const table of both) reports.push(await table.apply(prune)) // they share a lock
      if (hasToWait || both.some(({ isBehind }) => isBehind)) behind.add(name)
    }
    return reports
  }

  #order(prune: boolean): readonly TableTurn[] {
    return tableOrder(
      tableNames.map((name) => {
        const both = this.#tablesOf(name)
        return { name, leaving: both.flatMap((table) => table.leaving(prune)), has: (chain) => both.some((table) => table.wants(chain)) }
      }),
    )
  }

  #tablesOf(name: TableName): readonly ChainTable[] {
    return this.#tables.filter(({ place }) => place.table === name).map(({ table }) => table)
  }

  /** Who changes one thing of ours often changes others. */
  #suspect(): void {
    this.#sets.suspect()
    this.suspectRules(undefined)
  }

  /** Once, and again as long as the chosen one cannot be used. */
  async #choose(): Promise<void> {
    const { run, nowMs, log } = this.#dependencies
    if (this.#choice !== undefined && (this.#choice.problem === undefined || this.#choosing.isWaiting(nowMs()))) return
    const before = this.#choice
    const choice = await chooseBackend(this.#option, run, this.#reader)
    this.#choice = choice
    if (choice.problem === undefined) this.#choosing.succeeded()
    else this.#choosing.refused(nowMs())
    if (before?.backend === choice.backend && before.leftovers === choice.leftovers) return
    log.info({ backend: choice.backend, reason: choice.reason }, 'iptables backend chosen')
    const other = choice.backend === 'nft' ? 'legacy' : 'nft'
    this.#tables = places.map((place) => ({
      place,
      table: new ChainTable({ ...place, backend: choice.backend }, this.#dependencies, this.#restore, this.#reader),
    }))
    this.#checks = ([4, 6] as const).map((family) => this.#checkOf({ family, backend: choice.backend }))
    this.#leftovers = choice.leftovers
      ? places.map((place) => new ChainTable({ ...place, backend: other }, this.#dependencies, this.#restore, this.#reader))
      : []
    this.watched = this.#watched
    this.limits = this.#limits
  }

  #checkOf(place: FamilyPlace): RulesCheck {
    const { run, nowMs, onSuspect = () => undefined } = this.#dependencies
    const tables = this.#tables.filter((one) => one.place.family === place.family)
    return new RulesCheck(place, new Map(tables.map((one) => [one.place.table, one.table.check])), { run, nowMs, onDue: onSuspect })
  }
}

/** IPv6 a turn of the event loop behind: what it is written with is made while the kernel takes IPv4. */
function sideBySide([first, ...others]: readonly ChainTable[], prune: boolean): Promise<TableReport[]> {
  const behind = others.map((table) => nextTurn().then(() => table.apply(prune)))
  return Promise.all([...(first === undefined ? [] : [first.apply(prune)]), ...behind])
}
