import type { Logger } from 'pino'
import { CheckSchedule } from '../check-schedule.ts'
import type { IpSetView } from '../iptables/ip-set-table.ts'
import type { RestoreCounters } from '../iptables/restore.ts'
import type { CountedTable } from '../iptables/rule-count-reader.ts'
import type { ChainView } from '../iptables/table-status.ts'
import type { TableReport } from '../kernel.ts'
import type { PolicyLimits } from '../policy-limits.ts'
import { countersOf, type PolicyChoice, type PolicyState, type PolicyWriter } from '../policy-writer.ts'
import { RarelyRead } from '../rarely-read.ts'
import type { RepairLog } from '../repair-log.ts'
import { mergeReports } from '../table-report.ts'
import { Batch } from './batch.ts'
import { readCounts } from './counted-rules.ts'
import { type NftRefusal, NftSocket } from './nft-socket.ts'
import { NftTable } from './nft-table.ts'
import { OwnTableWatch } from './own-table-watch.ts'
import { readTable, type SavedObject, tableExists } from './saved-table.ts'
import { countOf, isEmptyPlan, type TablePlan, writePlan } from './table-plan.ts'
import { chainKey, chainViews, setKey, setViews, strayKey, unprogrammed } from './table-view.ts'
import { TablesCheck } from './tables-check.ts'

export type NftDependencies = {
  readonly nowMs: () => number
  readonly log: Pick<Logger, 'info' | 'warn'>
  readonly repairs: Pick<RepairLog, 'note'>
  readonly onSuspect: () => void
}

type Planned = { readonly table: NftTable; readonly plan: TablePlan }
type Done = { readonly changed: number; readonly repaired: number }

/** How long a change by others may stay unheard. */
const LOOK_MS = 500
/** So many refused chains and sets are told apart in one apply; the rest of them in the next. */
const TRIES = 8

/**
 * Policy by nf_tables itself, over netlink: one transaction for chains, sets and maps of both families. Our tables are read at the start,
 * after a refusal, when others touched them, and beside everything else rarely without a cause, should something have gone unheard.
 */
export class NftPolicy implements PolicyWriter {
  readonly choice: PolicyChoice
  readonly #dependencies: NftDependencies
  readonly #tables: readonly NftTable[] = [new NftTable(4), new NftTable(6)]
  readonly #retry = new CheckSchedule()
  readonly #schedule = new CheckSchedule()
  readonly #check: TablesCheck
  readonly #counts: RarelyRead<readonly CountedTable[]>
  #socket: NftSocket | undefined
  #watch: OwnTableWatch | undefined
  #timer: NodeJS.Timeout | undefined
  #counters = { chains: 0, ipSets: 0 }
  #restores: RestoreCounters = { restores: 0, restoreSeconds: 0, refused: 0, lockWaits: 0, lockWaitSeconds: 0 }
  /** Changes by others cannot be heard, and that was said. */
  #isDeaf = false
  /** Why nothing can be written at all. */
  #failure: string | undefined
  #pruned = false
  #wasDone = false

  constructor(reason: string, dependencies: NftDependencies) {
    this.choice = { backend: 'nftables', reason }
    this.#dependencies = dependencies
    this.#check = new TablesCheck(this.#tables, this.#schedule, dependencies)
    this.#counts = new RarelyRead(dependencies.nowMs, readCounts, [])
  }

  get counters(): PolicyWriter['counters'] {
    return this.#counters
  }

  get restoreCounters(): RestoreCounters {
    return this.#restores
  }

  get dueAtMs(): number {
    return this.#failure === undefined ? Math.min(this.#retry.dueAtMs, this.#schedule.dueAtMs) : this.#retry.dueAtMs
  }

  /** Its sets have no size of their own, and are read with the rules. */
  setLimits({ rulesCheckMs, ipSetsCheckMs }: PolicyLimits): void {
    this.#schedule.fullCheckMs = Math.min(rulesCheckMs, ipSetsCheckMs)
  }

  start(): Promise<void> {
    this.#timer = setInterval(() => this.#look(), LOOK_MS).unref()
    return Promise.resolve()
  }

  async apply(state: PolicyState, prune: boolean): Promise<TableReport> {
    const nowMs = this.#dependencies.nowMs()
    const isRetry = this.#retry.isDue(nowMs)
    this.#counters = countersOf(state)
    for (const { wanted } of this.#tables) {
      wanted.state(state)
      if (isRetry) wanted.reopen()
    }
    this.#check.beginIfDue()
    if (prune !== this.#pruned || this.#schedule.isDue(nowMs)) for (const table of this.#tables) table.forget()
    const isRepair = prune === this.#pruned && this.#wasDone
    this.#pruned = prune
    if (this.#retry.isWaiting(nowMs) && this.#failure !== undefined) return this.#report({ changed: 0, repaired: 0 })
    if (this.#tables.every(({ isQuiet }) => isQuiet)) return this.#report({ changed: 0, repaired: 0 })
    try {
      const done = await this.#bring(isRepair)
      this.#succeed()
      return this.#report(done)
    } catch (error) {
      this.#fail(error)
      return this.#report({ changed: 0, repaired: 0 })
    }
  }

  /** Sets go with the rules that asked them. */
  removeUnused(): Promise<number> {
    return Promise.resolve(0)
  }

  chains(): readonly ChainView[] {
    return this.#tables.flatMap(chainViews)
  }

  ipSets(): readonly IpSetView[] {
    return this.#tables.flatMap(setViews)
  }

  ruleCounts(): Promise<readonly CountedTable[]> {
    return this.#counts.read()
  }

  close(): void {
    clearInterval(this.#timer)
    void this.#check.stop()
    this.#disconnect()
  }

  /** @throws for what is refused as a whole */
  async #bring(isRepair: boolean): Promise<Done> {
    const socket = await this.#open()
    const planned = await this.#plan(socket)
    let repaired = isRepair ? planned.flatMap(repairsIn) : []
    let refusals = await this.#write(socket, planned)
    let latest = planned
    for (let n = 0; refusals.length > 0; n++) {
      // what was refused may have met what others did meanwhile
      if (n === 0) for (const { table } of latest) table.forget()
      else if (n === TRIES || !this.#close(refusals)) throw new Error(refusals[0]?.reason)
      latest = await this.#plan(socket)
      if (n === 0) repaired = isRepair ? latest.flatMap(repairsIn) : []
      refusals = await this.#write(socket, latest)
    }
    for (const { table, plan } of latest) table.done(plan)
    if (repaired.length > 0) this.#dependencies.repairs.note(repaired)
    return { changed: latest.reduce((sum, { plan }) => sum + countOf(plan), 0), repaired: repaired.length }
  }

  async #plan(socket: NftSocket): Promise<readonly Planned[]> {
    const { nowMs } = this.#dependencies
    const startMs = nowMs()
    const unknown = this.#tables.filter(({ known }) => known === undefined)
    for (const table of unknown) {
      const objects: SavedObject[] = []
      for await (const object of readTable(socket, table.family, (set) => table.wantedIn(set))) objects.push(object)
      table.seen(objects, objects.length > 0 || (await tableExists(socket, table.family)))
    }
    if (unknown.length > 0) this.#schedule.checked(nowMs(), nowMs() - startMs)
    return this.#tables.map((table) => ({ table, plan: table.plan(this.#pruned) }))
  }

  async #write(socket: NftSocket, planned: readonly Planned[]): Promise<readonly NftRefusal[]> {
    if (planned.every(({ plan }) => isEmptyPlan(plan))) return []
    const batch = new Batch()
    for (const { table, plan } of planned) {
      table.writing(plan)
      writePlan(batch, table.family, plan)
    }
    const startMs = this.#dependencies.nowMs()
    const refusals = await socket.transact(batch)
    const { restores, restoreSeconds, refused } = this.#restores
    this.#restores = {
      ...this.#restores,
      restores: restores + 1,
      restoreSeconds: restoreSeconds + (this.#dependencies.nowMs() - startMs) / 1000,
      refused: refused + (refusals.length > 0 ? 1 : 0),
    }
    if (refusals.length === 0) this.#schedule.written(this.#dependencies.nowMs())
    return refusals
  }

  /** Fail closed: what is refused gives way to what lets nothing pass. False: there is nothing more to give way. */
  #close(refusals: readonly NftRefusal[]): boolean {
    const closed = refusals.map(({ subject, reason }) => {
      const wanted = this.#tables.find(({ family }) => family === subject?.family)?.wanted
      if (wanted === undefined || subject === undefined || subject.kind === 'table') return false
      const isClosed = subject.kind === 'set' ? wanted.closeSet(subject.name, reason) : wanted.closeChain(subject.name, reason)
      if (isClosed) this.#dependencies.log.warn({ [subject.kind]: subject.name, reason }, 'refused; what needs it is closed')
      return isClosed
    })
    return closed.includes(true)
  }

  async #open(): Promise<NftSocket> {
    this.#socket ??= await NftSocket.open()
    // before anything is read: what is changed after that is heard
    this.#watch ??= await this.#listen(this.#socket.port)
    this.#schedule.isWatched = this.#watch !== undefined
    return this.#socket
  }

  /** Undefined where that cannot be: then reading remains, soon after each write and ever more rarely. */
  async #listen(ownPort: number): Promise<OwnTableWatch | undefined> {
    try {
      const watch = await OwnTableWatch.open(ownPort)
      this.#isDeaf = false
      return watch
    } catch (error) {
      if (!this.#isDeaf)
        this.#dependencies.log.warn({ err: error }, 'changes of nf_tables by others cannot be heard; they are found by reading')
      this.#isDeaf = true
      return undefined
    }
  }

  #look(): void {
    const { log, nowMs, onSuspect } = this.#dependencies
    try {
      if (this.#watch === undefined || this.#watch.look().size === 0) return
    } catch (error) {
      log.warn({ err: error }, 'changes of nf_tables by others went unheard; all is read, and listened to anew')
      this.#unwatch()
    }
    this.#schedule.suspect(nowMs())
    onSuspect()
  }

  #unwatch(): void {
    this.#watch?.close()
    this.#watch = undefined
    this.#schedule.isWatched = false
  }

  #disconnect(): void {
    this.#unwatch()
    this.#socket?.close()
    this.#socket = undefined
  }

  #succeed(): void {
    if (this.#failure !== undefined) this.#dependencies.log.info('policy is programmed again')
    this.#failure = undefined
    this.#wasDone = true
    if (this.#tables.some(({ wanted }) => wanted.refusals > 0)) this.#retry.refused(this.#dependencies.nowMs())
    else this.#retry.succeeded()
  }

  #fail(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error)
    if (this.#failure !== reason) this.#dependencies.log.warn({ reason }, 'policy not programmed; trying again')
    this.#failure = reason
    for (const table of this.#tables) table.forget()
    // an answer may still be on its way, and would be taken for that to the next question
    this.#disconnect()
    this.#retry.refused(this.#dependencies.nowMs())
  }

  #report(done: Done): TableReport {
    const failed = mergeReports(
      this.#tables.map((table) => ({ changed: 0, repaired: 0, unprogrammed: unprogrammed(table, this.#failure, this.#wasDone) })),
    )
    return { ...failed, ...done }
  }
}

/** What is to be written or removed although nothing about it changed: others did that. */
function repairsIn({ table, plan }: Planned): readonly string[] {
  const { touchedChains, touchedSets } = table.wanted
  const chains = [...plan.newChains, ...plan.rewrittenChains].filter(({ name }) => !touchedChains.has(name))
  const sets = [...plan.newSets, ...plan.refilledSets].filter(({ set }) => !touchedSets.has(set.name))
  const stray = plan.removedChains.filter((name) => !touchedChains.has(name)).map((name) => strayKey(table.family, name))
  const straySets = plan.removedSets.filter((name) => !touchedSets.has(name)).map((name) => setKey({ name }))
  return [...chains.map(({ chain }) => chainKey(chain)), ...sets.map(({ set }) => setKey(set)), ...stray, ...straySets]
}
