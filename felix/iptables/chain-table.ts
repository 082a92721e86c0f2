import type { Logger } from 'pino'
import type { Run } from '../../src/os/process.ts'
import { CheckSchedule } from '../check-schedule.ts'
import type { Chain, Hook, ObjectStatus, TableReport } from '../kernel.ts'
import type { RepairLog } from '../repair-log.ts'
import type { Tracked } from '../tracked.ts'
import { diffTable, isEmptyChange, sameHashes, type WantedHooks } from './chain-diff.ts'
import { hashRules } from './chain-hash.ts'
import { noteChange, parseSavedTable, type SavedTable, type TableChange } from './chains-text.ts'
import type { ClosedChains } from './closed-chains.ts'
import { Restore } from './restore.ts'
import { TableCheck } from './table-check.ts'
import { type TablePlace, TableReader } from './table-reader.ts'
import { TableWriter } from './table-writer.ts'
import { WantedChains } from './wanted-chains.ts'
import { hashHooks, sameHooks } from './wanted-hooks.ts'

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

/** A chain as it is wanted beside what the kernel has. */
export type ChainView = {
  readonly name: string
  readonly wanted?: readonly string[]
  readonly programmed?: { readonly rules: number; readonly asWanted: boolean }
  readonly status: ObjectStatus
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
  #hooks = new Map<string, WantedHooks>()
  #statedHooks: readonly Hook[] = []
  #saved: SavedTable | undefined
  /** Wanted chains and kernel chains with hooks not known to be as wanted; what differs in others was changed by somebody else. */
  readonly #unconfirmed = new Set<string>()
  #failures = new Map<string, string>()
  /** The chains to look at in the next apply; all: every one. */
  #touched: Set<string> | 'all' = 'all'
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
    this.#wanted = new WantedChains(options, (name) => this.#unconfirmed.add(name))
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
    return this.#touched === 'all' || this.#touched.size > 0
  }

  /** Whether the last change waits for the lock of another program. */
  get isBehind(): boolean {
    return this.#waited && this.#failures.size > 0
  }

  get dueAtMs(): number {
    return Math.min(this.#schedule.dueAtMs, this.#closed.dueAtMs)
  }

  /** IP sets that are not as wanted, with the reason: chains that name them are closed until they are. */
  setBroken(sets: ReadonlyMap<string, string>): void {
    for (const name of this.#wanted.setBroken(sets)) if (this.#touched !== 'all') this.#touched.add(name)
  }

  /** What is wanted from now on: a few chains, whole, and those that tell what changed among them. Only what changed is looked at. */
  setStated(chains: readonly Chain[], hooks: readonly Hook[], tracked?: Tracked<Chain>): void {
    const { changed, isWhole } = this.#wanted.state(chains, tracked)
    if (isWhole) this.#touched = 'all'
    for (const name of changed) {
      if (this.#touched !== 'all') this.#touched.add(name)
      if (!this.#wanted.has(name)) this.#unconfirmed.delete(name)
    }
    if (sameHooks(hooks, this.#statedHooks)) return
    this.#statedHooks = hooks
    const wanted = hashHooks(hooks)
    for (const kernelChain of this.#hooks.keys()) this.#unconfirmed.delete(kernelChain)
    for (const kernelChain of wanted.keys()) this.#unconfirmed.add(kernelChain)
    this.#hooks = wanted
    this.#touched = 'all'
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
    if (prune !== this.#pruned) this.#touched = 'all'
    this.#pruned = prune
    if (this.#touched !== 'all' && this.#touched.size === 0 && this.dueAtMs > nowMs) return { ...none, unprogrammed: this.#unprogrammed() }
    this.#waited = false
    // the second reads anew: somebody may have written in between
    const done = (await this.#attempt(false)) ?? (this.#waited ? none : await this.#attempt(true)) ?? none
    this.#touched = new Set()
    this.#wanted.forgetLines()
    const opened = this.#closed.dueAtMs <= nowMs ? await this.#reopen() : 0
    return { changed: done.changed + opened, repaired: done.repaired, unprogrammed: this.#unprogrammed() }
  }

  /** What `apply` would say that has to wait. */
  report(): TableReport {
    this.#wanted.hashStated()
    return { changed: 0, repaired: 0, unprogrammed: this.#unprogrammed() }
  }

  /** Whether a chain of this name is wanted. */
  wants(name: string): boolean {
    return this.#wanted.has(name)
  }

  /** The chains that an apply takes away. */
  leaving(prune: boolean): readonly string[] {
    if (!prune) return []
    const names = this.#touched === 'all' || !this.#pruned ? (this.#saved?.own.keys() ?? []) : this.#touched
    return [...names].filter((name) => !this.#wanted.has(name))
  }

  /** Wanted beside programmed, by name. */
  entries(): ChainView[] {
    const { family } = this.#options
    const names = new Set([...this.#wanted.all.keys(), ...(this.#saved?.own.keys() ?? [])])
    return [...names].toSorted().map((name) => {
      const wanted = this.#wanted.all.get(name)
      const programmed = this.#saved?.own.get(name)
      const asWanted = wanted !== undefined && programmed !== undefined && sameHashes(wanted.hashes, programmed)
      return {
        name: this.#key('chain', name),
        ...(wanted === undefined ? {} : { wanted: hashRules(name, wanted.chain.rules, family).lines }),
        ...(programmed !== undefined && {
          programmed: { rules: programmed.length, asWanted: asWanted && this.#closed.reasonOf(name) === undefined },
        }),
        status: wanted === undefined ? { state: 'pending', reason: 'not wanted any more' } : this.#statusOf(name),
      }
    })
  }

  /** @param isLast whether what is refused is closed, so that the rest comes through. @returns undefined when it was refused */
  async #attempt(isLast: boolean): Promise<{ changed: number; repaired: number } | undefined> {
    const { nowMs } = this.#dependencies
    const checking = this.#saved === undefined || this.#schedule.isDue(nowMs())
    if (checking && !(await this.#read())) return undefined
    const moveHooks = checking && this.#schedule.mayMove(nowMs())
    const saved = this.#saved
    if (saved === undefined) return undefined
    const names = checking || this.#touched === 'all' ? new Set([...this.#wanted.all.keys(), ...saved.own.keys()]) : this.#touched
    const change = diffTable({ chains: this.#wanted.all, hooks: this.#hooks }, saved, { prune: this.#pruned, moveHooks }, names)
    if (!isEmptyChange(change) && !(await this.#write(change, saved, isLast))) return undefined
    const done = this.#count(change)
    this.#succeed(names, saved)
    return done
  }

  async #read(): Promise<boolean> {
    const isUsed = this.#wanted.all.size > 0 || this.#hooks.size > 0
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
    const bases = new Set(this.#statedHooks.map(({ rule }) => ('chain' in rule.action ? rule.action.chain : '')))
    if (culprits === undefined || culprits.size === 0 || [...culprits.keys()].some((name) => bases.has(name))) return false
    this.#closed.close(culprits)
    this.#closed.tried(this.#dependencies.nowMs())
    this.#wanted.rehash(culprits.keys())
    this.#dependencies.log.warn({ ...this.#options, ...firstOf(culprits) }, 'chains that are refused are closed; trying again')
    return true
  }

  /** Tries those again that the kernel refused. Gives how many it took. */
  async #reopen(): Promise<number> {
    this.check.writing({ rewritten: this.#closed.refused })
    const opened = await this.#writer.reopen(this.#closed.refused)
    for (const name of opened) this.#closed.open(name)
    this.#closed.tried(this.#dependencies.nowMs())
    this.#wanted.rehash(opened)
    for (const name of opened) {
      this.#saved?.own.set(name, this.#wanted.hashesOf(name))
      this.#unconfirmed.delete(name)
    }
    if (opened.length > 0) this.#dependencies.log.info({ ...this.#options, chains: opened.slice(0, 20) }, 'chains are no longer refused')
    return opened.length
  }

  #count(change: TableChange): { changed: number; repaired: number } {
    const hooks = change.hooks.map(({ kernelChain }) => kernelChain)
    const touched = [...change.rewritten, ...hooks]
    const repaired = [
      ...change.rewritten.filter((name) => this.#isConfirmed(name)).map((name) => this.#key('chain', name)),
      ...hooks.filter((name) => this.#isConfirmed(name)).map((name) => this.#key('hook', name)),
    ]
    this.#dependencies.repairs?.note(repaired)
    return { changed: touched.length + change.removed.length + change.flushed.length, repaired: repaired.length }
  }

  /** @param names the chains that were looked at */
  #succeed(names: Iterable<string>, saved: SavedTable): void {
    if (this.#failures.size > 0) this.#dependencies.log.info(this.#options, 'chains are programmed again')
    this.#failures = new Map()
    for (const name of names) this.#confirm(name, saved)
    for (const kernelChain of this.#hooks.keys()) this.#unconfirmed.delete(kernelChain)
    if (this.#wanted.all.size + this.#hooks.size + saved.own.size === 0) this.#schedule.rest()
    else this.#schedule.succeeded()
  }

  #confirm(name: string, saved: SavedTable): void {
    const wanted = this.#wanted.all.get(name)
    const actual = saved.own.get(name)
    if (wanted === undefined) return
    if (actual === undefined || !sameHashes(wanted.hashes, actual)) {
      this.#unconfirmed.add(name)
      return
    }
    this.#unconfirmed.delete(name)
    saved.own.set(name, wanted.hashes) // what was read keeps the whole output in memory
  }

  /** Whatever was to change did not: the transaction is one. */
  #refuse(reason: string, change?: TableChange, culprit?: string): void {
    const touched = change && [...change.rewritten, ...change.removed, ...change.flushed, ...change.hooks.map((hook) => hook.kernelChain)]
    const failures = new Map<string, string>()
    for (const name of touched ?? [...this.#wanted.all.keys(), ...this.#hooks.keys()]) {
      failures.set(name, culprit === undefined || culprit === name ? reason : `not written, because the same change was refused: ${reason}`)
    }
    const isNews = [...failures.values()].join() !== [...this.#failures.values()].join()
    if (isNews) this.#dependencies.log.warn({ ...this.#options, reason }, 'chains not programmed; trying again')
    this.#failures = failures
    this.#saved = undefined
    this.#schedule.refused(this.#dependencies.nowMs())
  }

  #isConfirmed(name: string): boolean {
    return (this.#wanted.all.has(name) || this.#hooks.has(name)) && !this.#unconfirmed.has(name)
  }

  #statusOf(name: string): ObjectStatus {
    const owner = this.#wanted.all.get(name)?.chain.owner
    const made = owner !== undefined && { owner }
    const closed = this.#closed.reasonOf(name)
    if (closed !== undefined) return { state: 'failed', reason: closed, closed: true, ...made }
    const reason = this.#failures.get(name)
    if (reason !== undefined) return { state: 'failed', reason, ...made }
    if (!this.#unconfirmed.has(name)) return { state: 'programmed' }
    return { state: 'pending', reason: this.#pruned ? 'not written yet' : 'kept as found until the datastore is read' }
  }

  /** Only of what may be amiss: an apply without a change looks at nothing else. */
  #unprogrammed(): Map<string, ObjectStatus> {
    const names = [...new Set([...this.#unconfirmed, ...this.#failures.keys(), ...this.#closed.names])]
    const chains = names.filter((name) => this.#wanted.has(name))
    const hooks = names.filter((name) => this.#hooks.has(name) && !this.#wanted.has(name))
    return new Map([
      ...chains.map((name) => [this.#key('chain', name), this.#statusOf(name)] as const),
      ...hooks.map((name) => [this.#key('hook', name), this.#statusOf(name)] as const),
    ])
  }

  #key(kind: 'chain' | 'hook', name: string): string {
    return `${kind} ${this.#options.table}/${name} (IPv${this.#options.family})`
  }
}

function firstOf(culprits: ReadonlyMap<string, string>): object {
  const [first] = culprits.values()
  return { chains: [...culprits.keys()].slice(0, 20), count: culprits.size, reason: first }
}
