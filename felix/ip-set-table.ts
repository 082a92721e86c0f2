import type { KernelToolDependencies } from './chain-table.ts'
import { CheckSchedule } from './check-schedule.ts'
import { kernelMembers, MAX_MEMBERS, parseSavedSets, type SavedSet, setCommands } from './ip-set-text.ts'
import type { IpSet, ObjectStatus, TableReport } from './kernel.ts'
import { refusalOf } from './kernel-refusal.ts'

export type IpSetView = {
  readonly name: string
  readonly wanted?: { readonly type: string; readonly members: number }
  readonly programmed?: { readonly type: string; readonly members: number }
  readonly status: ObjectStatus
}

/** The lines of `ipset restore` that one set needs. */
type SetChange = { readonly name: string; readonly commands: readonly string[] }

const SAVE_TIMEOUT_MS = 30_000
const RESTORE_TIMEOUT_MS = 120_000

/**
 * The IP sets of both families. `apply` makes and fills what is wanted, before the chains that refer to it; `removeUnused` takes away
 * what is not, after them.
 *
 * `ipset restore` is no transaction: it ends at the first line that fails. A set whose line fails is left out and the rest is given
 * again, which does no harm, since every line is one that may be repeated.
 */
export class IpSetTable {
  readonly #dependencies: KernelToolDependencies
  readonly #schedule = new CheckSchedule()
  readonly #removals = new CheckSchedule()
  #stated: readonly IpSet[] = []
  #wanted = new Map<string, IpSet>()
  #actual: Map<string, SavedSet> | undefined
  /** Sets known to be as wanted: what differs there later was changed by somebody else. */
  #confirmed = new Map<string, IpSet>()
  #failures = new Map<string, string>()
  #dirty = true
  #pruned = false

  constructor(dependencies: KernelToolDependencies) {
    this.#dependencies = dependencies
  }

  /** Somebody changed something of ours elsewhere: this table is due to be checked. */
  suspect(): void {
    this.#schedule.suspect(this.#dependencies.nowMs())
  }

  get dueAtMs(): number {
    return Math.min(this.#schedule.dueAtMs, this.#removals.dueAtMs)
  }

  /** What is wanted from now on, whole. Sets that are the object of last time are not looked at. */
  setStated(sets: readonly IpSet[]): void {
    if (sets === this.#stated || (sets.length === this.#stated.length && sets.every((set, i) => set === this.#stated[i]))) return
    this.#stated = sets
    this.#wanted = new Map(sets.map((set) => [set.name, set]))
    this.#dirty = true
  }

  /**
   * Makes and fills what is wanted. Never throws for what the kernel refuses.
   *
   * @param prune whether members that are not wanted may be removed
   */
  async apply(prune: boolean): Promise<TableReport> {
    if (prune !== this.#pruned) this.#dirty = true
    this.#pruned = prune
    if (!this.#dirty && !this.#schedule.isDue(this.#dependencies.nowMs())) return this.#report(0, 0)
    const checking = this.#actual === undefined || this.#schedule.isDue(this.#dependencies.nowMs())
    if (checking && !(await this.#read())) return this.#report(0, 0)
    this.#dirty = false
    const candidates = checking ? this.#stated : this.#stated.filter((set) => this.#confirmed.get(set.name) !== set)
    const changes = this.#changes(candidates)
    const repaired = changes.filter(({ name }) => this.#confirmed.get(name) === this.#wanted.get(name)).map(({ name }) => name)
    const failures = await this.#restore(changes)
    if (repaired.length > 0) this.#dependencies.log.warn({ sets: repaired }, 'IP sets changed by somebody else repaired')
    this.#note(candidates, changes, failures)
    return this.#report(changes.length - failures.size, repaired.filter((name) => !failures.has(name)).length)
  }

  /** Removes sets of ours that are not wanted; what a rule still refers to stays and is tried again. Gives how many went. */
  async removeUnused(): Promise<number> {
    if (!this.#pruned || this.#removals.isWaiting(this.#dependencies.nowMs())) return 0
    const unused = [...(this.#actual?.keys() ?? [])].filter((name) => !this.#wanted.has(name))
    if (unused.length === 0) return 0
    const failures = await this.#restore(unused.map((name) => ({ name, commands: [`destroy ${name}`] })))
    for (const name of unused) if (!failures.has(name)) this.#actual?.delete(name)
    if (failures.size > 0) this.#removals.refused(this.#dependencies.nowMs())
    else this.#removals.succeeded()
    return unused.length - failures.size
  }

  /** Wanted beside programmed, by name. */
  entries(): IpSetView[] {
    const names = new Set([...this.#wanted.keys(), ...(this.#actual?.keys() ?? [])])
    return [...names].toSorted().map((name) => {
      const wanted = this.#wanted.get(name)
      const actual = this.#actual?.get(name)
      return {
        name,
        ...(wanted === undefined ? {} : { wanted: { type: wanted.type, members: wanted.members.size } }),
        ...(actual === undefined ? {} : { programmed: { type: actual.type, members: actual.members.size } }),
        status: wanted === undefined ? { state: 'pending', reason: 'not wanted any more' } : this.#statusOf(wanted),
      }
    })
  }

  async #read(): Promise<boolean> {
    const { run, nowMs } = this.#dependencies
    const startMs = nowMs()
    const result = await run('ipset', ['save'], { timeoutMs: SAVE_TIMEOUT_MS })
    if (result.exitCode !== 0) {
      const { reason } = refusalOf('ipset', result)
      this.#fail(new Map([...this.#wanted.keys()].map((name) => [name, reason])))
      this.#actual = undefined
      return false
    }
    this.#actual = parseSavedSets(result.stdout)
    this.#schedule.checked(nowMs(), nowMs() - startMs)
    return true
  }

  #changes(sets: readonly IpSet[]): SetChange[] {
    const changes = sets.map((set) => ({ name: set.name, commands: setCommands(set, this.#actual?.get(set.name), this.#pruned) }))
    return changes.filter(({ commands }) => commands.length > 0)
  }

  /** Gives why a set could not be brought there, by name. */
  async #restore(changes: readonly SetChange[]): Promise<Map<string, string>> {
    const failures = new Map<string, string>()
    let rest = changes
    while (rest.length > 0) {
      const lines = rest.flatMap(({ commands }) => commands)
      const input = `${lines.join('\n')}\n`
      const result = await this.#dependencies.run('ipset', ['restore', '-exist'], { input, timeoutMs: RESTORE_TIMEOUT_MS })
      if (result.exitCode === 0) {
        this.#schedule.written(this.#dependencies.nowMs())
        break
      }
      const { reason, line } = refusalOf('ipset', result, input)
      const culprit = rest.find(({ commands }) => line !== undefined && commands.includes(line))
      for (const { name } of culprit === undefined ? rest : [culprit]) failures.set(name, reason)
      rest = rest.filter(({ name }) => !failures.has(name))
    }
    return failures
  }

  /** What the kernel has now. After a failure nobody knows which lines were taken, so the next apply reads. */
  #note(candidates: readonly IpSet[], changes: readonly SetChange[], failures: Map<string, string>): void {
    const changed = new Set(changes.map(({ name }) => name))
    for (const set of candidates) {
      if (changed.has(set.name) && !failures.has(set.name)) this.#noteChanged(set)
      if (!failures.has(set.name) && (this.#pruned || this.#holds(set))) this.#confirmed.set(set.name, set)
      else this.#confirmed.delete(set.name)
    }
    for (const name of this.#confirmed.keys()) if (!this.#wanted.has(name)) this.#confirmed.delete(name)
    if (failures.size > 0) {
      this.#fail(failures)
      this.#actual = undefined
      return
    }
    if (this.#failures.size > 0) this.#dependencies.log.info('IP sets are programmed again')
    this.#failures = failures
    if (this.#wanted.size + (this.#actual?.size ?? 0) === 0) this.#schedule.rest()
    else this.#schedule.succeeded()
  }

  #noteChanged(set: IpSet): void {
    const before = this.#actual?.get(set.name)
    const members = kernelMembers(set)
    const isWhole = this.#pruned || before === undefined
    const { type, family } = set
    const now = isWhole
      ? { type, family, maxMembers: MAX_MEMBERS, members }
      : { ...before, members: new Set([...before.members, ...members]) }
    this.#actual?.set(set.name, now)
  }

  #holds(set: IpSet): boolean {
    const actual = this.#actual?.get(set.name)
    return actual !== undefined && setCommands(set, actual, true).length === 0
  }

  #fail(failures: Map<string, string>): void {
    const isNews = [...failures.values()].join() !== [...this.#failures.values()].join()
    if (isNews && failures.size > 0)
      this.#dependencies.log.warn({ failures: Object.fromEntries(failures) }, 'IP sets not programmed; trying again')
    this.#failures = failures
    this.#schedule.refused(this.#dependencies.nowMs())
  }

  #statusOf(set: IpSet): ObjectStatus {
    const reason = this.#failures.get(set.name)
    if (reason !== undefined) return { state: 'failed', reason }
    if (this.#confirmed.get(set.name) === set) return { state: 'programmed' }
    return { state: 'pending', reason: this.#pruned ? 'not written yet' : 'kept as found until the datastore is read' }
  }

  #report(changed: number, repaired: number): TableReport {
    const unprogrammed = new Map<string, ObjectStatus>()
    for (const set of this.#stated) {
      const status = this.#statusOf(set)
      if (status.state !== 'programmed') unprogrammed.set(`IP set ${set.name}`, status)
    }
    return { changed, repaired, unprogrammed }
  }
}
