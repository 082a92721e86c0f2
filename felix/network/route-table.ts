import { setImmediate as turn } from 'node:timers/promises'
import type { Family } from '../../src/net/address.ts'
import type { Cidr } from '../../src/net/prefix.ts'
import type { LearnedRoutes, NextHop, ObjectStatus, Route, TableReport } from '../kernel.ts'
import { defaultMetric, type KernelRoute, type Refusal, type RouteOperation, refusalText } from './kernel-route.ts'
import type { LinkView } from './link-view.ts'
import type { NetworkKernel } from './network-kernel.ts'
import { RouteProblems } from './route-problems.ts'
import { RouteQueue } from './route-queue.ts'
import { CHANGED, QUEUED, URGENT, WRITING } from './route-rows.ts'
import { RouteState, type RowKey } from './route-state.ts'
import { type RouteView, routeView } from './route-view.ts'

const SLICE_MS = 8
const REREAD_MS = 1000

const notAdopted: ObjectStatus = { state: 'pending', reason: 'the routes of the kernel could not be read yet' }

export type RouteTableOptions = {
  /** rtm_protocol of every route we own. */
  readonly routeProtocol: number
}

export type RouteTableDependencies = {
  readonly kernel: NetworkKernel
  readonly links: LinkView
  /** Milliseconds of a monotonic clock. */
  readonly nowMs: () => number
  /** The kernel could not be asked or did not answer; the routes are read again and the work goes on. */
  readonly onError: (error: unknown) => void
  /** Routes failed, or were programmed after all, while no `apply` ran: what the last report says is not so any more. */
  readonly onProblems: () => void
}

export type RouteCounters = { readonly programmed: number; readonly failed: number; readonly repairs: number; readonly changes: number }

type Change = { readonly key: RowKey; readonly operation: RouteOperation; readonly hop: number }

/** The one writer of our routes: delta against what is in the kernel, in batches, a slice of some milliseconds at a time. */
export class RouteTable implements LearnedRoutes {
  readonly #options: RouteTableOptions
  readonly #dependencies: RouteTableDependencies
  readonly #state: RouteState
  readonly #problems = new RouteProblems()
  /** What was stated and what drifted comes before the mass of learned routes. */
  readonly #urgent = new RouteQueue(URGENT)
  readonly #bulk = new RouteQueue(QUEUED)
  readonly #address = new Uint8Array(16)
  /** Routes with our protocol outside our slot: nobody wants them. */
  #strays: KernelRoute[] = []
  #waiting: Promise<void> | undefined
  #working = false
  #reading = false
  #mustRead = false
  #missed: (() => void)[] = []
  #retry: NodeJS.Timeout | undefined
  #counts = { changes: 0, repairs: 0 }
  #reported = { changes: 0, repairs: 0 }
  /** The kernel's routes have been read once. */
  #adopted = false
  #closed = false

  constructor(options: RouteTableOptions, dependencies: RouteTableDependencies) {
    this.#options = options
    this.#dependencies = dependencies
    this.#state = new RouteState(dependencies.links, options.routeProtocol, (key, urgent) => {
      ;(urgent ? this.#urgent : this.#bulk).keys.push(key)
      this.#workSoon()
    })
  }

  put(family: Family, bytes: Uint8Array, at: number, length: number, nextHop: NextHop): void {
    this.#state.setLearned(family, bytes, at, length, nextHop)
  }

  delete(family: Family, bytes: Uint8Array, at: number, length: number): void {
    this.#state.setLearned(family, bytes, at, length, undefined)
  }

  setStated(routes: readonly Route[]): void {
    this.#state.setStated(routes)
  }

  /** Whether the kernel has a route of ours that leads to this destination without a gateway. */
  isLocal(destination: Cidr): boolean {
    return this.#state.isLocal(destination)
  }

  /** Whether the kernel has a route of ours over this device. */
  usesDevice(index: number): boolean {
    return this.#state.usesDevice(index)
  }

  /** The store is loaded and BGP has converged: what is ours and wanted by nobody goes. */
  allowPrune(): void {
    this.#state.allowPrune()
    this.#workSoon()
  }

  /** Brings what is stated into the kernel, and what is due for another try; learned routes go on being programmed behind it. */
  async apply(): Promise<TableReport> {
    this.#touchDue()
    await this.#work(() => this.#urgent.isEmpty)
    return this.#report()
  }

  /** Resolves once nothing waits to be programmed, be it for success or for a later try. */
  async settled(): Promise<void> {
    await this.#work(() => this.#urgent.isEmpty && this.#bulk.isEmpty)
  }

  /** Reads our routes from the kernel: at the start (before it nothing is programmed), when events were lost, and now and then. Drift is repaired. @throws when it cannot be read */
  async read(): Promise<void> {
    while (this.#waiting !== undefined) await this.#waiting.catch(() => undefined) // its owner tells
    this.#waiting = this.#readAll()
    try {
      await this.#waiting
    } finally {
      this.#waiting = undefined
      this.#workSoon()
    }
  }

  /** A route event that we have not caused. */
  observe(route: KernelRoute, change: 'added' | 'replaced' | 'removed'): boolean {
    if (this.#reading) {
      this.#missed.push(() => this.observe(route, change))
      return false
    }
    const drifted = this.#state.isOurSlot(route) && this.#state.observe(route, change)
    if (drifted || change === 'removed') this.#retryAll([route])
    return drifted
  }

  /** A link went down or away, and the kernel took its routes without telling. */
  deviceLost(index: number): void {
    if (this.#reading) this.#missed.push(() => this.deviceLost(index))
    else this.#state.deviceLost(index)
  }

  /** Links or addresses changed: next hops may mean something else, and what failed may work now. */
  linksChanged(): void {
    this.#state.linksChanged()
    this.#retryAll()
  }

  get counters(): RouteCounters {
    let wanted = 0
    for (const key of this.#state.keys()) if (this.#state.wanted(key) !== 0) wanted += 1
    return {
      programmed: wanted - this.#problems.size,
      failed: this.#problems.size,
      repairs: this.#counts.repairs,
      changes: this.#counts.changes,
    }
  }

  /** At most `limit` routes behind the cursor `after`, in the order of the table; `next` is undefined at the end. */
  entries(limit: number, after = -1): { readonly routes: readonly RouteView[]; readonly next?: number } {
    const routes: RouteView[] = []
    let place = -1
    for (const key of this.#state.keys()) {
      place += 1
      if (place <= after) continue
      if (routes.length === limit) return { routes, next: place - 1 }
      routes.push(routeView(this.#state, this.#dependencies.links, key, this.#problems.status(key)))
    }
    return { routes }
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#retry)
  }

  #workSoon(): void {
    if (this.#working || this.#closed || !this.#adopted) return
    this.#working = true
    setImmediate(() => {
      this.#working = false
      this.#workAlone()
    })
  }

  #workAlone(): void {
    const tell = () => {
      if (!this.#closed && this.#problems.takeChanged()) this.#dependencies.onProblems()
    }
    this.settled().then(tell).catch(this.#dependencies.onError)
  }

  #touchDue(): void {
    for (const key of this.#problems.due(this.#dependencies.nowMs())) this.#state.touch(key, true)
  }

  /** Works on until `isDone`; only one works at a time, whoever comes later goes on where the other stopped. */
  async #work(isDone: () => boolean): Promise<void> {
    for (;;) {
      while (this.#waiting !== undefined) await this.#waiting.catch(() => undefined) // its owner tells
      if (this.#closed || !this.#adopted) return
      if (isDone() && !this.#mustRead && !this.#hasStrays()) return this.#scheduleRetry()
      this.#waiting = this.#slice()
      try {
        await this.#waiting
      } catch (error) {
        this.#scheduleRetry()
        throw error
      } finally {
        this.#waiting = undefined
      }
    }
  }

  #hasStrays(): boolean {
    return this.#strays.length > 0 && this.#state.mayPrune
  }

  async #slice(): Promise<void> {
    if (this.#mustRead) {
      await this.#readAll()
      this.#mustRead = false
    }
    const startedMs = performance.now()
    while (performance.now() - startedMs < SLICE_MS) if (!(await this.#batch())) break
    await turn()
  }

  /** One batch; false if there was nothing to do. */
  async #batch(): Promise<boolean> {
    const { kernel } = this.#dependencies
    const changes: Change[] = []
    while (changes.length < kernel.batchSize) {
      const change = this.#nextChange()
      if (change === undefined) break
      changes.push(change)
      this.#write(change)
    }
    const strays = this.#hasStrays() && changes.length === 0 ? this.#strays.splice(0, kernel.batchSize) : []
    const protocol = this.#options.routeProtocol
    for (const { family, bytes, length, metric } of strays)
      kernel.change({ operation: 'delete', family, address: bytes, length, protocol, metric })
    if (changes.length + strays.length === 0) return false
    try {
      this.#settle(changes, await kernel.flush())
    } catch (error) {
      // what the kernel made of the batch is unknown: it is asked before the next try
      this.#mustRead = true
      for (const { key } of changes) {
        this.#state.rowsOf(key).unmark(key >> 1, WRITING)
        this.#problems.failed(key, String(error), this.#dependencies.nowMs())
      }
      throw error
    }
    return true
  }

  #nextChange(): Change | undefined {
    for (const queue of [this.#urgent, this.#bulk]) {
      for (let key = queue.take(); key !== undefined; key = queue.take()) {
        const change = this.#look(key, queue.mark)
        if (change?.operation !== 'delete') {
          if (change !== undefined) return change
          continue
        }
        this.#state.rowsOf(key).mark(key >> 1, queue.mark)
        queue.deletes.push(key)
      }
      for (let key = queue.deletes.pop(); key !== undefined; key = queue.deletes.pop()) {
        const change = this.#look(key, queue.mark)
        if (change !== undefined) return change
      }
    }
    return undefined
  }

  /** What a row needs now, if anything; a row that waits for its next try needs nothing. */
  #look(key: RowKey, mark: number): Change | undefined {
    const rows = this.#state.rowsOf(key)
    rows.unmark(key >> 1, mark)
    if (rows.isMarked(key >> 1, WRITING)) return undefined
    const isNew = rows.isMarked(key >> 1, CHANGED) || this.#problems.status(key)?.state === 'pending'
    const step = this.#state.step(key)
    if (step.type === 'wait') this.#problems.pending(key, step.status.state === 'pending' ? step.status.reason : '')
    else if (step.type === 'none') this.#problems.solved(key)
    else if (isNew || !this.#problems.isWaiting(key, this.#dependencies.nowMs())) return { key, operation: step.type, hop: step.hop }
    if (step.type === 'none') rows.removeIfEmpty(key >> 1)
    return undefined
  }

  #write({ key, operation, hop }: Change): void {
    const rows = this.#state.rowsOf(key)
    rows.unmark(key >> 1, CHANGED)
    rows.mark(key >> 1, WRITING)
    rows.prefixes.copyAddress(key >> 1, this.#address, 0)
    const kernelHop = this.#state.hops.hop(operation === 'delete' ? (rows.actual[key >> 1] as number) : hop)
    this.#dependencies.kernel.change({
      operation,
      family: rows.family,
      address: this.#address,
      length: rows.prefixes.lengthOf(key >> 1),
      protocol: this.#options.routeProtocol,
      metric: defaultMetric(rows.family),
      ...(kernelHop === undefined ? {} : { hop: kernelHop }),
    })
  }

  #settle(changes: readonly Change[], refusals: readonly Refusal[]): void {
    const refused = new Map(refusals.map((refusal) => [refusal.at, refusal]))
    for (const [at, change] of changes.entries()) {
      const refusal = refused.get(at)
      this.#state.rowsOf(change.key).unmark(change.key >> 1, WRITING)
      // ESRCH: it was gone already
      if (refusal !== undefined && !(change.operation === 'delete' && refusal.errno === 'ESRCH')) {
        this.#refused(change, refusal)
        continue
      }
      this.#counts.changes += 1
      if (this.#state.made(change.key, change.operation, change.hop)) this.#counts.repairs += 1
      this.#problems.solved(change.key)
      this.#state.rowsOf(change.key).removeIfEmpty(change.key >> 1)
    }
  }

  #refused({ key, operation }: Change, refusal: Refusal): void {
    const isTaken = operation === 'create' && refusal.errno === 'EEXIST'
    // ours may be there, put back behind our view: the first refusal is reason to look
    if (isTaken && this.#problems.status(key) === undefined) this.#mustRead = true
    const reason = isTaken ? 'EEXIST: the destination has a route of another owner' : refusalText(refusal)
    this.#problems.failed(key, reason, this.#dependencies.nowMs())
  }

  async #readAll(): Promise<void> {
    this.#reading = true
    try {
      const strays: KernelRoute[] = []
      for (const family of [4, 6] as const) await this.#readFamily(family, strays)
      this.#strays = strays
      this.#adopted = true
    } finally {
      this.#reading = false
      for (const observe of this.#missed.splice(0)) observe()
    }
  }

  async #readFamily(family: Family, strays: KernelRoute[]): Promise<void> {
    const rows = this.#state.rows[family]
    const seen = new Map<number, number>()
    await this.#dependencies.kernel.routes(family, this.#options.routeProtocol, (route) => {
      if (this.#state.isOurSlot(route)) seen.set(rows.row(route.bytes, 0, route.length), this.#state.hops.hopId(route.hop))
      else if (route.tos === 0) strays.push(route)
    })
    for (const id of rows.prefixes.ids()) this.#state.see(rows, id, seen.get(id) ?? 0)
  }

  #retryAll(routes?: readonly KernelRoute[]): void {
    const keys = routes === undefined ? [...this.#problems.keys()] : routes.flatMap((route) => this.#state.find(route))
    for (const key of keys) {
      this.#problems.tryNow(key)
      this.#state.touch(key, true)
    }
  }

  #scheduleRetry(): void {
    clearTimeout(this.#retry)
    const dueMs = Math.min(this.#problems.dueAtMs - this.#dependencies.nowMs(), this.#mustRead ? REREAD_MS : Number.POSITIVE_INFINITY)
    if (this.#closed || !Number.isFinite(dueMs)) return
    this.#retry = setTimeout(
      () => {
        this.#touchDue()
        this.#workAlone()
      },
      Math.max(1, dueMs),
    ).unref()
  }

  #report(): TableReport {
    this.#problems.takeChanged()
    const unprogrammed = new Map<string, ObjectStatus>()
    if (!this.#adopted) for (const key of this.#state.keys()) unprogrammed.set(`route ${this.#state.destination(key)}`, notAdopted)
    for (const key of this.#problems.keys()) {
      const status = this.#problems.status(key)
      if (status !== undefined) unprogrammed.set(`route ${this.#state.destination(key)}`, status)
    }
    const { changes, repairs } = this.#counts
    const report = { changed: changes - this.#reported.changes, repaired: repairs - this.#reported.repairs, unprogrammed }
    this.#reported = { changes, repairs }
    return report
  }
}
