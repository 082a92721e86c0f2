import type { Logger } from 'pino'
import type { Run } from '../../src/os/process.ts'
import { CheckSchedule } from '../check-schedule.ts'
import type { Chain, Hook, TableReport } from '../kernel.ts'
import type { RepairLog } from '../repair-log.ts'
import type { Tracked } from '../tracked.ts'
import { diffTable, isEmptyChange, sameHashes } from './chain-diff.ts'
import { noteChange, parseSavedTable, type SavedTable, type TableChange } from './chains-text.ts'
import type { ClosedChains } from './closed-chains.ts'
import { Restore } from './restore.ts'
import { TableCheck } from './table-check.ts'
import { type TablePlace, TableReader } from './table-reader.ts'
import { type ChainView, TableStatus } from './table-status.ts'
import { TableWriter } from './table-writer.ts'
import { Touched } from './touched.ts'
import { WantedChains } from './wanted-chains.ts'
import { StatedHooks } from './wanted-hooks.ts'

/**
 * @property nowMs a monotonic clock
 * @property repairs told what somebody else had changed
 */
export type KernelToolDependencies = {
  readonly run: Run
  readonly nowMs: () => number
  readonly log: Pick<Logger, 'info' | 'warn'>
  readonly repairs?: RepairLog
}

/**
 * One table of iptables: what is wanted in it, what was last seen in it, and the way from one to the other in a single transaction.
 *
 * It starts no process while nothing changed and no check is due, and it has no timer: `dueAtMs` says when `apply` wants to be called again.
 */
export class ChainTable {
  readonly #options: TablePlace
  readonly #dependencies: KernelToolDependencies
  readonly #reader: TableReader
  readonly #writer: TableWriter
  readonly #schedule = new CheckSchedule()
  /** The check that no apply waits for. */
  readonly check = new TableCheck(this.#schedule, () => this.#saved)
  readonly #wanted: WantedChains
  readonly #hooks = new StatedHooks()
  readonly #status: TableStatus
  #saved: SavedTable | undefined
  /** The chains to look at in the next apply. */
  readonly #touched = new Touched()
  #pruned = false
  /** The last write gave up behind the lock of another program: others are not kept waiting for a second try. */
  #waited = false

  constructor(
    options: TablePlace,
    dependencies: KernelToolDependencies,
    restore = new Restore(dependencies),
    reader = new TableReader(dependencies),
  ) {
    this.#options = options
    this.#dependencies = dependencies
    this.#reader = reader
    this.#wanted = new WantedChains(options, (name) => this.#status.restated(name))
    this.#status = new TableStatus(options, this.#wanted, this.#hooks)
    this.#writer = new TableWriter(options, restore, this.#wanted)
  }

  get #closed(): ClosedChains {
    return this.#wanted.closed
  }

  /** Somebody changed something of ours elsewhere: this table is due to be checked. */
  suspect(): void {
    this.#schedule.suspect(this.#dependencies.nowMs())
  }

  /** Whether changes by others are told by `suspect`. */
  set isWatched(isWatched: boolean) {
    this.#schedule.isWatched = isWatched
  }

  /** How often all of it is read, whatever those who watch say. */
  set fullCheckMs(fullCheckMs: number) {
    this.#schedule.fullCheckMs = fullCheckMs
  }

  /** Whether it has, or is to have, chains of ours. */
  get isUsed(): boolean {
    return this.#wanted.all.size > 0 || (this.#saved?.own.size ?? 0) > 0
  }

  /** Whether `apply` will read it. */
  get isReadDue(): boolean {
    return this.#schedule.isDue(this.#dependencies.nowMs()) || (this.isTouched && this.#saved === undefined)
  }

  /** Whether what is wanted has changed since the last apply. */
  get isTouched(): boolean {
    return !this.#touched.isEmpty
  }

  /** Whether the last change waits for the lock of another program. */
  get isBehind(): boolean {
    return this.#waited && this.#status.isRefused
  }

  get dueAtMs(): number {
    return Math.min(this.#schedule.dueAtMs, this.#closed.dueAtMs)
  }

  /** IP sets that are not as wanted, with the reason: chains that name them are closed until they are. */
  setBroken(sets: ReadonlyMap<string, string>): void {
    for (const name of this.#wanted.setBroken(sets)) this.#touched.add(name)
  }

  /** What is wanted from now on: a few chains, whole, and those that tell what changed among them. Only what changed is looked at. */
  setStated(chains: readonly Chain[], hooks: readonly Hook[], tracked?: Tracked<Chain>): void {
    const { changed, isWhole } = this.#wanted.state(chains, tracked)
    if (isWhole) this.#touched.addAll()
    for (const name of changed) {
      this.#touched.add(name)
      if (!this.#wanted.has(name)) this.#status.settled(name)
    }
    const before = this.#hooks.byKernelChain
    if (!this.#hooks.state(hooks)) return
    for (const kernelChain of before.keys()) this.#status.settled(kernelChain)
    for (const kernelChain of this.#hooks.byKernelChain.keys()) this.#status.restated(kernelChain)
    this.#touched.addAll()
  }

  /**
   * Brings the kernel to what is stated. Never throws for what the kernel or a tool refuses: that is in the report, and tried again
   * when due.
   *
   * @param prune whether what is ours and not wanted may be changed or removed
   */
  async apply(prune: boolean): Promise<TableReport> {
    const none = { changed: 0, repaired: 0 }
    const nowMs = this.#dependencies.nowMs()
    if (prune !== this.#pruned) this.#touched.addAll()
    this.#pruned = prune
    if (this.#touched.isEmpty && this.dueAtMs > nowMs) return { ...none, unprogrammed: this.#unprogrammed }
    this.#waited = false
    // the second reads anew: somebody may have written in between
    const done = (await this.#attempt(false)) ?? (this.#waited ? none : await this.#attempt(true)) ?? none
    this.#touched.clear()
    this.#wanted.forgetLines()
    const opened = this.#closed.dueAtMs <= nowMs ? await this.#reopen() : 0
    return { changed: done.changed + opened, repaired: done.repaired, unprogrammed: this.#unprogrammed }
  }

  /** What `apply` would say that has to wait. */
  report(): TableReport {
    this.#wanted.hashStated()
    return { changed: 0, repaired: 0, unprogrammed: this.#unprogrammed }
  }

  /** Whether a chain of this name is wanted. */
  wants(name: string): boolean {
    return this.#wanted.has(name)
  }

  /** The chains that an apply takes away. */
  leaving(prune: boolean): readonly string[] {
    if (!prune) return []
    const there = () => [...(this.#saved?.own.keys() ?? [])]
    const names = this.#pruned ? this.#touched.among(there) : there()
    return [...names].filter((name) => !this.#wanted.has(name))
  }

  /** Wanted beside programmed, by name. */
  entries(): ChainView[] {
    return [...this.#all()].toSorted().map((name) => this.#status.view(name, this.#saved?.own.get(name), this.#pruned))
  }

  /** @param isLast whether what is refused is closed, so that the rest comes through. @returns undefined when it was refused */
  async #attempt(isLast: boolean): Promise<{ changed: number; repaired: number } | undefined> {
    const { nowMs } = this.#dependencies
    const checking = this.#saved === undefined || this.#schedule.isDue(nowMs())
    if (checking && !(await this.#read())) return undefined
    const moveHooks = checking && this.#schedule.mayMove(nowMs())
    const saved = this.#saved
    if (saved === undefined) return undefined
    const names = checking ? this.#all() : this.#touched.among(() => this.#all())
    const change = diffTable(
      { chains: this.#wanted.all, hooks: this.#hooks.byKernelChain },
      saved,
      { prune: this.#pruned, moveHooks },
      names,
    )
    if (!isEmptyChange(change) && !(await this.#write(change, saved, isLast))) return undefined
    const done = this.#count(change)
    this.#succeed(names, saved)
    return done
  }

  /** Wanted, or there, or both. */
  #all(): Set<string> {
    return new Set([...this.#wanted.all.keys(), ...(this.#saved?.own.keys() ?? [])])
  }

  async #read(): Promise<boolean> {
    const isUsed = this.#wanted.all.size > 0 || this.#hooks.byKernelChain.size > 0
    const read = await this.#reader.read(this.#options, isUsed)
    if (typeof read === 'string') {
      this.#refuse(read)
      return false
    }
    this.#saved = parseSavedTable(read.text)
    this.#schedule.checked(read.endedMs, read.tookMs)
    return true
  }

  async #write(change: TableChange, saved: SavedTable, isLast: boolean): Promise<boolean> {
    this.check.writing(change)
    let refusal = await this.#writer.write(change)
    if (refusal?.isGeneral === false && isLast && (await this.#closeCulprits(change, saved))) refusal = await this.#writer.write(change)
    this.#waited = refusal?.waited === true
    if (refusal !== undefined) {
      this.#refuse(refusal.reason, change, refusal.culprits[0])
      return false
    }
    const nowMs = this.#dependencies.nowMs()
    noteChange(saved, change, (name) => this.#wanted.hashesOf(name))
    this.#schedule.written(nowMs)
    if (change.hooks.length > 0) this.#schedule.moved(nowMs)
    return true
  }

  /** Those that the kernel's own chains lead to are never closed: that would cut off the node. @returns whether the rest may come through now */
  async #closeCulprits(change: TableChange, saved: SavedTable): Promise<boolean> {
    const culprits = await this.#writer.separate(change, (name) => saved.own.has(name))
    const bases = this.#hooks.targets
    if (culprits === undefined || culprits.size === 0 || [...culprits.keys()].some((name) => bases.has(name))) return false
    this.#wanted.close(culprits, this.#dependencies.nowMs())
    this.#dependencies.log.warn({ ...this.#options, ...firstOf(culprits) }, 'chains that are refused are closed; trying again')
    return true
  }

  /** Tries those again that the kernel refused. Gives how many it took. */
  async #reopen(): Promise<number> {
    this.check.writing({ rewritten: this.#closed.refused })
    const opened = await this.#writer.reopen(this.#closed.refused)
    this.#wanted.open(opened, this.#dependencies.nowMs())
    for (const name of opened) {
      this.#saved?.own.set(name, this.#wanted.hashesOf(name))
      this.#status.settled(name)
    }
    if (opened.length > 0) this.#dependencies.log.info({ ...this.#options, chains: opened.slice(0, 20) }, 'chains are no longer refused')
    return opened.length
  }

  #count(change: TableChange): { changed: number; repaired: number } {
    const repaired = this.#status.repairedBy(change)
    this.#dependencies.repairs?.note(repaired)
    const { rewritten, removed, flushed, hooks } = change
    return { changed: rewritten.length + removed.length + flushed.length + hooks.length, repaired: repaired.length }
  }

  /** @param names the chains that were looked at */
  #succeed(names: Iterable<string>, saved: SavedTable): void {
    if (this.#status.succeeded()) this.#dependencies.log.info(this.#options, 'chains are programmed again')
    for (const name of names) this.#confirm(name, saved)
    for (const kernelChain of this.#hooks.byKernelChain.keys()) this.#status.settled(kernelChain)
    if (this.#wanted.all.size + this.#hooks.byKernelChain.size + saved.own.size === 0) this.#schedule.rest()
    else this.#schedule.succeeded()
  }

  #confirm(name: string, saved: SavedTable): void {
    const wanted = this.#wanted.all.get(name)
    const actual = saved.own.get(name)
    if (wanted === undefined) return
    if (actual === undefined || !sameHashes(wanted.hashes, actual)) {
      this.#status.restated(name)
      return
    }
    this.#status.settled(name)
    saved.own.set(name, wanted.hashes) // what was read keeps the whole output in memory
  }

  #refuse(reason: string, change?: TableChange, culprit?: string): void {
    const isNews = this.#status.refused(reason, change, culprit)
    if (isNews) this.#dependencies.log.warn({ ...this.#options, reason }, 'chains not programmed; trying again')
    this.#saved = undefined
    this.#schedule.refused(this.#dependencies.nowMs())
  }

  get #unprogrammed(): TableReport['unprogrammed'] {
    return this.#status.unprogrammed(this.#pruned)
  }
}

function firstOf(culprits: ReadonlyMap<string, string>): object {
  const [first] = culprits.values()
  return { chains: [...culprits.keys()].slice(0, 20), count: culprits.size, reason: first }
}
