import { CheckSchedule } from '../check-schedule.ts'
import type { IpSet, ObjectStatus, TableReport } from '../kernel.ts'
import { refusalOf } from '../kernel-refusal.ts'
import { Stated } from '../stated.ts'
import type { Tracked } from '../tracked.ts'
import type { KernelToolDependencies } from './chain-table.ts'
import { holdBack } from './held-members.ts'
import { IpSetFailures } from './ip-set-failures.ts'
import { type Failures, restoreSets } from './ip-set-restore.ts'
import { MAX_MEMBERS, type SetChange, setChange } from './ip-set-text.ts'
import { IpSetsCheck } from './ip-sets-check.ts'
import { KnownSets } from './known-sets.ts'
import { Touched } from './touched.ts'

export type IpSetView = {
  readonly name: string
  readonly wanted?: { readonly type: string; readonly members: number }
  readonly programmed?: { readonly type: string; readonly members: number }
  readonly status: ObjectStatus
}

/** Changes members without a program. Gives the names of the sets that are not as told: somebody else has to write them, and say why. */
export type WriteMembers = (changes: readonly SetChange[]) => Promise<ReadonlySet<string>>

/**
 * @property writeMembers default: nobody, `ipset restore` writes everything
 * @property onSuspect `dueAtMs` may be earlier than it was
 */
export type IpSetTableDependencies = KernelToolDependencies & { readonly writeMembers?: WriteMembers; readonly onSuspect?: () => void }

const SAVE_TIMEOUT_MS = 30_000
/** More changes of members than this are a program's work, beside which it costs nothing to start. */
const MOST_MEMBER_CHANGES = 1_000

/**
 * The IP sets of both families. `apply` makes and fills what is wanted, before the chains that refer to it; `removeUnused` takes away
 * what is not, after them. Few changes of members go by netlink, all else by `ipset restore`.
 */
export class IpSetTable {
  readonly #dependencies: IpSetTableDependencies
  readonly #schedule = new CheckSchedule()
  readonly #check: IpSetsCheck
  readonly #removals = new CheckSchedule()
  /** Of broken sets. */
  readonly #retries = new CheckSchedule()
  readonly #wanted = new Stated<IpSet>()
  readonly #known = new KnownSets()
  /** Wanted sets not known to be as wanted; what differs in others was changed by somebody else. */
  readonly #unconfirmed = new Set<string>()
  /** Sets in the kernel that nothing wants. */
  readonly #unused = new Set<string>()
  readonly #failures: IpSetFailures
  #maxMembers = MAX_MEMBERS
  /** The sets to look at in the next apply. */
  readonly #touched = new Touched()
  #pruned = false
  #isHolding = false

  constructor(dependencies: IpSetTableDependencies) {
    this.#dependencies = dependencies
    this.#failures = new IpSetFailures(dependencies.log)
    const { run, nowMs, onSuspect = () => undefined } = dependencies
    this.#check = new IpSetsCheck(this.#schedule, { run, nowMs, known: () => this.#known.all, onDue: onSuspect })
  }

  /** Somebody changed something of ours elsewhere: this table is due to be checked. */
  suspect(): void {
    this.#schedule.suspect(this.#dependencies.nowMs())
  }

  /** Whether changes by others are told by `suspect` and `compare`. */
  set isWatched(isWatched: boolean) {
    this.#schedule.isWatched = isWatched
  }

  /** How often all of it is read, whatever those who watch say. */
  set fullCheckMs(fullCheckMs: number) {
    this.#schedule.fullCheckMs = fullCheckMs
  }

  /** A set that is missing, or has not as many members as were last seen or written, was changed by somebody else. @param counts members by name */
  compare(counts: ReadonlyMap<string, number>): void {
    if (!this.#known.hasCounts(counts)) this.suspect()
  }

  /** How many members a set may have. Sets made for another number are made anew. */
  set maxMembers(maxMembers: number) {
    if (maxMembers === this.#maxMembers) return
    this.#maxMembers = maxMembers
    this.#touched.addAll()
    if (this.broken.size > 0) this.#known.forget() // what they hold is not known
    this.#failures.clearBroken()
  }

  /** Sets that the kernel does not hold as wanted because it refused one of their lines, with the reason. */
  get broken(): ReadonlyMap<string, string> {
    return this.#failures.broken
  }

  get dueAtMs(): number {
    return Math.min(this.#schedule.dueAtMs, this.#removals.dueAtMs, this.#retries.dueAtMs)
  }

  /** What is wanted from now on: a few sets, whole, and those that tell what changed among them. Only what changed is looked at. */
  setStated(sets: readonly IpSet[], tracked?: Tracked<IpSet>): void {
    const changed = this.#wanted.state(sets, tracked)
    if (changed === undefined) {
      this.#touched.addAll()
      this.#unconfirmed.clear()
    }
    for (const name of changed ?? new Set([...this.#wanted.names(), ...this.#known.names()])) this.#touch(name)
  }

  /**
   * Makes and fills what is wanted. Never throws for what the kernel refuses.
   *
   * @param prune whether members that are not wanted may be removed
   * @param keepsOut whether rules deny the members of a set: given where chains change too, and what opens something is left to the next
   * apply, which the caller makes (`isHolding`) behind the chains
   */
  async apply(prune: boolean, keepsOut?: (set: string) => boolean): Promise<TableReport> {
    if (prune !== this.#pruned) this.#touched.addAll()
    this.#pruned = prune
    this.#isHolding = false
    const nowMs = this.#dependencies.nowMs()
    this.#check.beginIfDue()
    const isDue = this.#schedule.isDue(nowMs) || this.#retries.isDue(nowMs)
    if (this.#touched.isEmpty && !isDue) return this.#report(0, 0)
    const checking = isDue || !this.#canCompare()
    if (checking && !(await this.#read())) return this.#report(0, 0)
    const isAll = checking || this.#touched.isAll
    const names = isAll ? this.#wanted.names() : [...this.#touched.named].filter((name) => !this.broken.has(name))
    const sets = [...names].flatMap((name) => this.#wanted.get(name) ?? [])
    const all = this.#changes(sets)
    const { now: changes, held } = keepsOut === undefined ? { now: all, held: new Set<string>() } : holdBack(all, keepsOut)
    this.#touched.clear(held)
    this.#isHolding = held.size > 0
    const repaired = changes.filter(({ name }) => !this.#unconfirmed.has(name)).map(({ name }) => name)
    const failures = await this.#write(changes)
    const refused = new Set([...failures.broken.keys(), ...failures.unwritten.keys()])
    const known = sets.filter(({ name }) => !held.has(name) || refused.has(name))
    this.#note(known, changes, failures)
    const done = repaired.filter((name) => !refused.has(name))
    this.#dependencies.repairs?.note(done.map((name) => `IP set ${name}`))
    return this.#report(changes.length - refused.size, done.length)
  }

  /** Whether the last apply has held something back for the next one. */
  get isHolding(): boolean {
    return this.#isHolding
  }

  /** Removes sets of ours that are not wanted; what a rule still refers to stays and is tried again. Gives how many went. */
  async removeUnused(): Promise<number> {
    if (!this.#pruned || this.#removals.isWaiting(this.#dependencies.nowMs())) return 0
    const unused = [...this.#unused]
    if (this.#known.all === undefined || unused.length === 0) return 0
    const { broken, unwritten } = await this.#restore(unused.map((name) => ({ name, commands: [`destroy ${name}`] })))
    const failures = new Set([...broken.keys(), ...unwritten.keys()])
    for (const name of unused) if (!failures.has(name)) this.#forget(name)
    if (failures.size > 0) this.#removals.refused(this.#dependencies.nowMs())
    else this.#removals.succeeded()
    return unused.length - failures.size
  }

  /** Wanted beside programmed, by name. */
  entries(): IpSetView[] {
    const names = new Set([...this.#wanted.names(), ...this.#known.names()])
    return [...names].toSorted().map((name) => {
      const wanted = this.#wanted.get(name)
      const actual = this.#known.get(name)
      return {
        name,
        ...(wanted === undefined ? {} : { wanted: { type: wanted.type, members: wanted.members.size } }),
        ...(actual === undefined ? {} : { programmed: { type: actual.type, members: actual.members.size } }),
        status: wanted === undefined ? { state: 'pending', reason: 'not wanted any more' } : this.#statusOf(wanted),
      }
    })
  }

  #touch(name: string): void {
    this.#touched.add(name)
    if (this.#wanted.has(name)) {
      this.#unconfirmed.add(name)
      this.#unused.delete(name)
    } else {
      this.#unconfirmed.delete(name)
      this.#failures.setBroken(name, undefined)
      if (this.#known.has(name)) this.#unused.add(name)
    }
  }

  #forget(name: string): void {
    this.#known.delete(name)
    this.#unused.delete(name)
  }

  /** Whether it is known what the kernel has of the sets to look at. */
  #canCompare(): boolean {
    if (this.#known.all === undefined) return false
    return [...this.#touched.among(() => this.#wanted.names())].every((name) => {
      const set = this.#wanted.get(name)
      return set === undefined || this.broken.has(name) || this.#known.canCompare(set)
    })
  }

  async #read(): Promise<boolean> {
    const { run, nowMs } = this.#dependencies
    await this.#check.stop()
    const startMs = nowMs()
    const result = await run('ipset', ['save'], { timeoutMs: SAVE_TIMEOUT_MS })
    if (result.exitCode !== 0) {
      const { reason } = refusalOf('ipset', result)
      this.#failures.note(new Map([...this.#wanted.names()].map((name) => [name, reason])))
      this.#schedule.refused(nowMs())
      this.#known.forget()
      return false
    }
    this.#known.read(result.stdout)
    this.#unused.clear()
    for (const name of this.#known.names()) if (!this.#wanted.has(name)) this.#unused.add(name)
    this.#schedule.checked(nowMs(), nowMs() - startMs)
    return true
  }

  #changes(sets: readonly IpSet[]): SetChange[] {
    const changes = sets.map((set) => setChange(set, this.#known.get(set.name), this.#pruned, this.#maxMembers))
    return changes.filter(({ commands }) => commands.length > 0)
  }

  async #write(changes: readonly SetChange[]): Promise<Failures> {
    const { writeMembers, nowMs } = this.#dependencies
    const isSmall = changes.reduce((sum, { members }) => sum + (members?.length ?? Number.POSITIVE_INFINITY), 0) <= MOST_MEMBER_CHANGES
    if (writeMembers === undefined || !isSmall || changes.length === 0) return await this.#restore(changes)
    const unwritten = await writeMembers(changes)
    if (unwritten.size < changes.length) this.#schedule.written(nowMs())
    return await this.#restore(changes.filter(({ name }) => unwritten.has(name)))
  }

  async #restore(changes: readonly SetChange[]): Promise<Failures> {
    if (changes.length > 0) await this.#check.stop()
    const { failures, isWritten } = await restoreSets(this.#dependencies.run, changes, (name) => this.#known.has(name))
    if (isWritten) this.#schedule.written(this.#dependencies.nowMs())
    return failures
  }

  /** What the kernel has now. Where nobody knows which lines were taken, a later apply reads. */
  #note(sets: readonly IpSet[], changes: readonly SetChange[], { broken, unwritten }: Failures): void {
    const changed = new Set(changes.map(({ name }) => name))
    for (const set of sets) {
      const { name } = set
      const reason = broken.get(name)
      this.#failures.setBroken(name, reason)
      const how = { isChanged: changed.has(name), isPruned: this.#pruned }
      const isRefused = reason !== undefined || unwritten.has(name)
      if (!isRefused && this.#known.written(set, this.#maxMembers, how)) this.#unconfirmed.delete(name)
      else this.#unconfirmed.add(name)
      if (reason !== undefined) this.#known.delete(name)
    }
    if (broken.size > 0) this.#retries.refused(this.#dependencies.nowMs())
    else if (this.broken.size === 0) this.#retries.succeeded()
    this.#failures.note(unwritten)
    if (unwritten.size > 0) {
      this.#known.forget()
      this.#schedule.refused(this.#dependencies.nowMs())
    } else if (this.#wanted.size + this.#known.names().length === 0) this.#schedule.rest()
    else this.#schedule.succeeded()
  }

  #statusOf(set: IpSet): ObjectStatus {
    const failed = this.#failures.statusOf(set.name)
    if (failed !== undefined) return failed
    if (!this.#unconfirmed.has(set.name)) return { state: 'programmed' }
    return { state: 'pending', reason: this.#pruned ? 'not written yet' : 'kept as found until the datastore is read' }
  }

  #report(changed: number, repaired: number): TableReport {
    const unprogrammed = new Map<string, ObjectStatus>()
    for (const name of new Set([...this.#unconfirmed, ...this.#failures.names()])) {
      const set = this.#wanted.get(name)
      if (set !== undefined) unprogrammed.set(`IP set ${name}`, this.#statusOf(set))
    }
    return { changed, repaired, unprogrammed }
  }
}
