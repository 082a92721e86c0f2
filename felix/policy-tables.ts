import type { Family } from '../src/net/address.ts'
import { ChainTable, type ChainView, type KernelToolDependencies } from './chain-table.ts'
import { CheckSchedule } from './check-schedule.ts'
import { IpSetTable, type IpSetView } from './ip-set-table.ts'
import { type BackendChoice, chooseBackend } from './iptables-backend.ts'
import type { Backend } from './iptables-tool.ts'
import type { KernelState, TableName, TableReport } from './kernel.ts'
import { Restore, type RestoreCounters } from './restore.ts'
import { mergeReports } from './table-report.ts'

export type PolicyState = Pick<KernelState, 'policy' | 'ipSets' | 'chains' | 'hooks'>

type Place = { readonly family: Family; readonly table: TableName }

/** filter first: it is the one that keeps out what must not pass. */
const places: readonly Place[] = (['filter', 'nat', 'mangle', 'raw'] as const).flatMap((table) => [
  { family: 4, table },
  { family: 6, table },
])

/** IP sets and the chains that refer to them, in the order that never leaves a rule without its set. */
export class PolicyTables {
  readonly #option: 'auto' | Backend
  readonly #dependencies: KernelToolDependencies
  readonly #sets: IpSetTable
  readonly #restore: Restore
  readonly #choosing = new CheckSchedule()
  #choice: BackendChoice | undefined
  #counters = { chains: 0, ipSets: 0 }
  #tables: readonly { readonly place: Place; readonly table: ChainTable }[] = []
  /** The other backend's tables, where an earlier choice left chains of ours. */
  #leftovers: readonly ChainTable[] = []

  constructor(option: 'auto' | Backend, dependencies: KernelToolDependencies) {
    this.#option = option
    this.#dependencies = dependencies
    this.#sets = new IpSetTable(dependencies)
    this.#restore = new Restore(dependencies)
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

  /**
   * Sets, then chains; chains that nothing wants go with the same transactions.
   *
   * @param prune whether what is ours and not wanted may be changed or removed
   */
  async apply(state: PolicyState, prune: boolean): Promise<TableReport> {
    await this.#choose()
    this.#counters = countersOf(state)
    const { policy, chains } = state
    const hooks = [...(policy?.hooks ?? []), ...state.hooks]
    // What is wanted is taken over at once: while the kernel works, more may change.
    this.#sets.setStated(state.ipSets, policy?.ipSets)
    for (const { place, table } of this.#tables) {
      const isHere = (object: Place) => object.family === place.family && object.table === place.table
      table.setStated(chains.filter(isHere), hooks.filter(isHere), policy?.chains[place.table][place.family])
    }
    const reports = [await this.#sets.apply(prune)]
    for (const { table } of this.#tables) {
      reports.push(await table.apply(prune))
    }
    for (const table of this.#leftovers) reports.push(await table.apply(prune))
    const report = mergeReports(reports)
    if (report.repaired > 0) this.suspect()
    return report
  }

  /** Somebody changed something: all tables that hold something of ours are due to be checked. */
  suspect(): void {
    for (const table of [this.#sets, ...this.#tables.map(({ table }) => table)]) table.suspect()
  }

  /** Removes the sets that no chain needs any more, after `apply`. Gives how many went. */
  removeUnused(): Promise<number> {
    return this.#sets.removeUnused()
  }

  chains(): ChainView[] {
    return this.#tables.flatMap(({ table }) => table.entries())
  }

  ipSets(): IpSetView[] {
    return this.#sets.entries()
  }

  /** Once, and again as long as the chosen one cannot be used. */
  async #choose(): Promise<void> {
    const { run, nowMs, log } = this.#dependencies
    if (this.#choice !== undefined && (this.#choice.problem === undefined || this.#choosing.isWaiting(nowMs()))) return
    const before = this.#choice
    const choice = await chooseBackend(this.#option, run)
    this.#choice = choice
    if (choice.problem === undefined) this.#choosing.succeeded()
    else this.#choosing.refused(nowMs())
    if (before?.backend === choice.backend && before.leftovers === choice.leftovers) return
    log.info({ backend: choice.backend, reason: choice.reason }, 'iptables backend chosen')
    const other = choice.backend === 'nft' ? 'legacy' : 'nft'
    this.#tables = places.map((place) => ({
      place,
      table: new ChainTable({ ...place, backend: choice.backend }, this.#dependencies, this.#restore),
    }))
    this.#leftovers = choice.leftovers
      ? places.map((place) => new ChainTable({ ...place, backend: other }, this.#dependencies, this.#restore))
      : []
  }
}

function countersOf({ policy, chains, ipSets }: PolicyState): { readonly chains: number; readonly ipSets: number } {
  const tables = Object.values(policy?.chains ?? {})
  const tracked = tables.reduce((sum, families) => sum + families[4].size + families[6].size, 0)
  return { chains: tracked + chains.length, ipSets: (policy?.ipSets.size ?? 0) + ipSets.length }
}
