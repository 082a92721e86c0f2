import type { Logger } from 'pino'
import type { Family } from '../src/net/address.ts'
import type { Run } from '../src/os/process.ts'
import { diffTable, isEmptyChange, sameHashes, type WantedHooks } from './chain-diff.ts'
import { hashRules } from './chain-hash.ts'
import { isUnshown, noteChange, parseSavedTable, restoreInput, type SavedHook, type SavedTable, type TableChange } from './chains-text.ts'
import { CheckSchedule } from './check-schedule.ts'
import { type Backend, toolName } from './iptables-tool.ts'
import type { Chain, Hook, ObjectStatus, TableName, TableReport } from './kernel.ts'
import { isLockHeld, refusalOf } from './kernel-refusal.ts'
import { legacyTableExists } from './legacy-tables.ts'
import { Restore } from './restore.ts'

export type ChainTableOptions = { readonly family: Family; readonly table: TableName; readonly backend: Backend }

/** @property nowMs a monotonic clock */
export type KernelToolDependencies = { readonly run: Run; readonly nowMs: () => number; readonly log: Pick<Logger, 'info' | 'warn'> }

type HashedChain = { readonly chain: Chain; readonly hashes: readonly string[] }

/** A chain as it is wanted beside what the kernel has. */
export type ChainView = {
  readonly name: string
  readonly wanted?: readonly string[]
  readonly programmed?: { readonly rules: number; readonly asWanted: boolean }
  readonly status: ObjectStatus
}

const SAVE_TIMEOUT_MS = 30_000

/**
 * One table of iptables: what is wanted in it, what was last seen in it, and the way from one to the other in a single transaction.
 *
 * It starts no process while nothing changed and no check is due, and it has no timer: `dueAtMs` says when `apply` wants to be called again.
 */
export class ChainTable {
  readonly #options: ChainTableOptions
  readonly #dependencies: KernelToolDependencies
  readonly #restore: Restore
  readonly #schedule = new CheckSchedule()
  #chains = new Map<string, HashedChain>()
  #hooks = new Map<string, WantedHooks>()
  #statedHooks: readonly Hook[] = []
  #saved: SavedTable | undefined
  /** Chains and kernel chains known to be as wanted: what differs there later was changed by somebody else. */
  #confirmed = new Set<string>()
  #failures = new Map<string, string>()
  #dirty = true
  #pruned = false
  /** The last write gave up behind the lock of another program: others are not kept waiting for a second try. */
  #waited = false

  constructor(options: ChainTableOptions, dependencies: KernelToolDependencies, restore = new Restore(dependencies)) {
    this.#options = options
    this.#dependencies = dependencies
    this.#restore = restore
  }

  /** Somebody changed something of ours elsewhere: this table is due to be checked. */
  suspect(): void {
    this.#schedule.suspect(this.#dependencies.nowMs())
  }

  get dueAtMs(): number {
    return this.#schedule.dueAtMs
  }

  /** What is wanted from now on, whole. Only chains that are not the object of last time are looked at. */
  setStated(chains: readonly Chain[], hooks: readonly Hook[]): void {
    this.#stateChains(chains)
    if (sameHooks(hooks, this.#statedHooks)) return
    this.#statedHooks = hooks
    const wanted = hashHooks(hooks)
    for (const kernelChain of new Set([...wanted.keys(), ...this.#hooks.keys()])) this.#confirmed.delete(kernelChain)
    this.#hooks = wanted
    this.#dirty = true
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
    if (prune !== this.#pruned) this.#dirty = true
    this.#pruned = prune
    if (!this.#dirty && !this.#schedule.isDue(nowMs)) return { ...none, unprogrammed: this.#unprogrammed() }
    this.#waited = false
    // the second reads anew: somebody may have written in between
    const done = (await this.#attempt()) ?? (this.#waited ? none : await this.#attempt()) ?? none
    this.#dirty = false
    return { ...done, unprogrammed: this.#unprogrammed() }
  }

  /** Wanted beside programmed, by name. */
  entries(): ChainView[] {
    const { family } = this.#options
    const names = new Set([...this.#chains.keys(), ...(this.#saved?.own.keys() ?? [])])
    return [...names].toSorted().map((name) => {
      const wanted = this.#chains.get(name)
      const programmed = this.#saved?.own.get(name)
      const asWanted = wanted !== undefined && programmed !== undefined && sameHashes(wanted.hashes, programmed)
      return {
        name: this.#key('chain', name),
        ...(wanted === undefined ? {} : { wanted: hashRules(name, wanted.chain.rules, family).lines }),
        ...(programmed === undefined ? {} : { programmed: { rules: programmed.length, asWanted } }),
        status: wanted === undefined ? { state: 'pending', reason: 'not wanted any more' } : this.#statusOf(name),
      }
    })
  }

  #stateChains(chains: readonly Chain[]): void {
    const { family } = this.#options
    let same = chains.length === this.#chains.size
    const wanted = new Map<string, HashedChain>()
    for (const chain of chains) {
      const before = this.#chains.get(chain.name)
      if (before?.chain === chain) {
        wanted.set(chain.name, before)
        continue
      }
      same = false
      const { hashes } = hashRules(chain.name, chain.rules, family)
      if (before === undefined || !sameHashes(hashes, before.hashes)) this.#confirmed.delete(chain.name)
      wanted.set(chain.name, { chain, hashes })
    }
    this.#chains = wanted
    if (!same) this.#dirty = true
  }

  /** Undefined when it was refused. */
  async #attempt(): Promise<{ changed: number; repaired: number } | undefined> {
    const { nowMs } = this.#dependencies
    const checking = this.#saved === undefined || this.#schedule.isDue(nowMs())
    if (checking && !(await this.#read())) return undefined
    const moveHooks = checking && this.#schedule.mayMove(nowMs())
    const saved = this.#saved
    if (saved === undefined) return undefined
    const change = diffTable({ chains: this.#chains, hooks: this.#hooks }, saved, { prune: this.#pruned, moveHooks })
    if (isEmptyChange(change)) {
      this.#succeed()
      return { changed: 0, repaired: 0 }
    }
    return (await this.#write(change, saved)) ? this.#count(change) : undefined
  }

  async #read(): Promise<boolean> {
    const { run, nowMs } = this.#dependencies
    const { family, table, backend } = this.#options
    const startMs = nowMs()
    const unused = this.#chains.size === 0 && this.#hooks.size === 0
    if (unused && backend === 'legacy' && !(await legacyTableExists(family, table, run))) {
      this.#saved = parseSavedTable('') // reading it would make it
      return true
    }
    const command = toolName(family, backend, 'save')
    const result = await run(command, ['-t', table], { timeoutMs: SAVE_TIMEOUT_MS })
    if (result.exitCode !== 0) {
      this.#refuse(refusalOf(command, result).reason)
      return false
    }
    if (isUnshown(result.stdout)) {
      this.#refuse(unshown(table))
      return false
    }
    this.#saved = parseSavedTable(result.stdout)
    this.#schedule.checked(nowMs(), nowMs() - startMs)
    return true
  }

  async #write(change: TableChange, saved: SavedTable): Promise<boolean> {
    const { nowMs } = this.#dependencies
    const { family, table, backend } = this.#options
    const linesOf = (name: string) => hashRules(name, this.#chains.get(name)?.chain.rules ?? [], family).lines
    const input = restoreInput(table, change, linesOf)
    const result = await this.#restore.write(family, backend, input)
    if (result.exitCode !== 0) {
      const { reason, line } = refusalOf(toolName(family, backend, 'restore'), result, input)
      this.#waited = isLockHeld(result)
      this.#refuse(reason, change, /^(?:-A |:)(\S+)/.exec(line ?? '')?.[1])
      return false
    }
    noteChange(saved, change, (name) => this.#chains.get(name)?.hashes ?? [])
    this.#schedule.written(nowMs())
    if (change.hooks.length > 0) this.#schedule.moved(nowMs())
    return true
  }

  #count(change: TableChange): { changed: number; repaired: number } {
    const touched = [...change.rewritten, ...change.hooks.map(({ kernelChain }) => kernelChain)]
    const repaired = touched.filter((name) => this.#confirmed.has(name))
    if (repaired.length > 0) this.#dependencies.log.warn({ ...this.#options, chains: repaired }, 'chains changed by somebody else repaired')
    this.#succeed()
    return { changed: touched.length + change.removed.length + change.flushed.length, repaired: repaired.length }
  }

  #succeed(): void {
    if (this.#failures.size > 0) this.#dependencies.log.info(this.#options, 'chains are programmed again')
    this.#failures = new Map()
    this.#confirmed = new Set([...this.#chains.keys()].filter((name) => this.#isAsWanted(name)))
    for (const kernelChain of this.#hooks.keys()) this.#confirmed.add(kernelChain)
    if (this.#chains.size + this.#hooks.size + (this.#saved?.own.size ?? 0) === 0) this.#schedule.rest()
    else this.#schedule.succeeded()
  }

  /** Whatever was to change did not: the transaction is one. */
  #refuse(reason: string, change?: TableChange, culprit?: string): void {
    const touched = change && [...change.rewritten, ...change.removed, ...change.flushed, ...change.hooks.map((hook) => hook.kernelChain)]
    const failures = new Map<string, string>()
    for (const name of touched ?? [...this.#chains.keys(), ...this.#hooks.keys()]) {
      failures.set(name, culprit === undefined || culprit === name ? reason : `not written, because the same change was refused: ${reason}`)
    }
    const isNews = [...failures.values()].join() !== [...this.#failures.values()].join()
    if (isNews) this.#dependencies.log.warn({ ...this.#options, reason }, 'chains not programmed; trying again')
    this.#failures = failures
    this.#saved = undefined
    this.#schedule.refused(this.#dependencies.nowMs())
  }

  #isAsWanted(name: string): boolean {
    const wanted = this.#chains.get(name)
    const actual = this.#saved?.own.get(name)
    return wanted !== undefined && actual !== undefined && sameHashes(wanted.hashes, actual)
  }

  #statusOf(name: string): ObjectStatus {
    const reason = this.#failures.get(name)
    if (reason !== undefined) return { state: 'failed', reason }
    if (this.#confirmed.has(name)) return { state: 'programmed' }
    return { state: 'pending', reason: this.#pruned ? 'not written yet' : 'kept as found until the datastore is read' }
  }

  #unprogrammed(): Map<string, ObjectStatus> {
    const found = new Map<string, ObjectStatus>()
    for (const [kind, names] of [['chain', this.#chains.keys()] as const, ['hook', this.#hooks.keys()] as const]) {
      for (const name of names) {
        const status = this.#statusOf(name)
        if (status.state !== 'programmed') found.set(this.#key(kind, name), status)
      }
    }
    return found
  }

  #key(kind: 'chain' | 'hook', name: string): string {
    return `${kind} ${this.#options.table}/${name} (IPv${this.#options.family})`
  }
}

function hashHooks(hooks: readonly Hook[]): Map<string, WantedHooks> {
  const wanted = new Map<string, WantedHooks>()
  for (const kernelChain of new Set(hooks.map((hook) => hook.kernelChain))) {
    const at = (end: Hook['at']): SavedHook[] => {
      const here = hooks.filter((hook) => hook.kernelChain === kernelChain && hook.at === end)
      const { hashes, lines } = hashRules(
        `${kernelChain} ${end}`,
        here.map(({ rule }) => rule),
        here[0]?.family ?? 4,
      )
      return hashes.map((hash, i) => ({ hash, line: lines[i] ?? '' }))
    }
    wanted.set(kernelChain, { inserted: at('insert'), appended: at('append') })
  }
  return wanted
}

function unshown(table: TableName): string {
  return `table ${table} holds rules that only nft can show, so it cannot be told what is there of ours: move them to a table of another name`
}

function sameHooks(a: readonly Hook[], b: readonly Hook[]): boolean {
  return a === b || (a.length === b.length && a.every((hook, i) => hook === b[i]))
}
