/** The flow log: copies of packets in, flows with who decided about them out. It sheds load before it costs anybody anything. */
import type { Logger } from 'pino'
import type { CopyCounters, NflogListener } from '../../felix/nflog/nflog-listener.ts'
import type { PacketCopy } from '../../felix/nflog/nflog-message.ts'
import { type FlowShown, type FlowVerdict, type Judgement, rulingOf, type Sighting } from './flow.ts'
import { type Flow, FlowRing } from './flow-ring.ts'
import { type FlowFilter, isAskedFor, shownFlow } from './flow-shown.ts'
import { type FlowEvent, watchFlows } from './flow-watch.ts'

/** What the log needs of felix/nflog/nflog-listener.ts. */
export type CopySource = Pick<NflogListener, 'counters' | 'read' | 'close'>

/** @property group of nfnetlink_log  @property flows so many are kept */
export type FlowLogOptions = { readonly group: number; readonly flows: number }

export type FlowLogDependencies = {
  readonly open: (group: number) => Promise<CopySource>
  /** What the policies stored say of a flow. */
  readonly judge: (sighting: Sighting) => Judgement
  readonly interfaceName: (index: number) => string | undefined
  /** The store's revision, and the one that the kernel has. */
  readonly revisions: () => { readonly stored: number; readonly programmed: number }
  /** Milliseconds: of a monotonic clock, and of the wall. */
  readonly nowMs: () => number
  readonly wallMs: () => number
  readonly log: Pick<Logger, 'info' | 'warn'>
}

/** Numbers that only grow, but for `flows`. @property unjudged of which nobody had the time to ask who decided */
export type FlowCounters = {
  readonly flows: number
  readonly seen: Readonly<Record<FlowVerdict, number>>
  readonly differing: number
  readonly evicted: number
  readonly unjudged: number
  readonly copies: CopyCounters
}

/** @property cursor of the next page */
export type FlowPage = { readonly flows: readonly FlowShown[]; readonly total: number; readonly cursor?: string }

const TICK_MS = 250
/** Of a tick, for reading and for judging: a few hundredths of one core at most. */
const READ_MS = 5
const JUDGE_MS = 8
/** So many flows wait for their judgement at most. */
const MOST_UNJUDGED = 1_024
/** Packets are this old at most when they are read, with room to spare: only policy that is older can have decided about them. */
const SETTLED_MS = 1_000
const REOPEN_MS = 15_000

export class FlowLog {
  readonly #options: FlowLogOptions
  readonly #dependencies: FlowLogDependencies
  readonly #ring: FlowRing
  readonly #unjudged = new Set<Flow>()
  readonly #listeners = new Set<() => void>()
  #source: CopySource | undefined
  #before: CopyCounters = { read: 0, lost: 0, unread: 0 }
  #problem: string | undefined
  #counted = { allowed: 0, denied: 0, differing: 0, unjudged: 0, strange: 0 }
  #settled = { revision: -1, sinceMs: 0 }
  #timer: NodeJS.Timeout | undefined
  #reopenAtMs = 0
  #closed = false

  constructor(options: FlowLogOptions, dependencies: FlowLogDependencies) {
    this.#options = options
    this.#dependencies = dependencies
    this.#ring = new FlowRing(options.flows)
  }

  /** Listens from now on. Whatever keeps it from that is in `problem`, and tried again. */
  async start(): Promise<void> {
    await this.#open()
    this.#timer = setInterval(() => this.#tick(), TICK_MS).unref()
  }

  stop(): void {
    this.#closed = true
    clearInterval(this.#timer)
    this.#source?.close()
    this.#source = undefined
  }

  /** Why nothing is heard; undefined while something is. */
  get problem(): string | undefined {
    return this.#problem
  }

  get counters(): FlowCounters {
    const { allowed, denied, differing, unjudged, strange } = this.#counted
    const copies = sum(this.#before, this.#source?.counters)
    return {
      flows: this.#ring.size,
      seen: { allowed, denied },
      differing,
      evicted: this.#ring.evicted.count,
      unjudged,
      copies: { ...copies, unread: copies.unread + strange },
    }
  }

  /**
   * The newest first.
   * @param cursor of the page before. undefined is answered if it is none
   */
  page(filter: FlowFilter, limit: number, cursor?: string): FlowPage | undefined {
    const before = cursor === undefined ? Number.POSITIVE_INFINITY : /^\d{1,15}$/.test(cursor) ? Number(cursor) : Number.NaN
    if (Number.isNaN(before)) return undefined
    const all = [...this.#ring.flows()].filter((flow) => isAskedFor(flow, filter)).reverse()
    const rest = all.filter(({ sequence }) => sequence < before)
    const shown = rest.slice(0, limit)
    const next = rest.length > limit ? shown.at(-1)?.sequence : undefined
    return { flows: shown.map(shownFlow), total: all.length, ...(next !== undefined && { cursor: String(next) }) }
  }

  /** The first packets of the flows seen last about which policy decides, the newest first. @param limit so many at most */
  recent(limit: number): readonly Sighting['packet'][] {
    const decided = [...this.#ring.flows()].filter(({ sighting }) => sighting.ruling.reason === undefined)
    return decided
      .slice(-limit)
      .map(({ sighting }) => sighting.packet)
      .toReversed()
  }

  /** All that is there, then each flow when it is seen again. Ends when `signal` aborts. */
  watch(filter: FlowFilter, signal: AbortSignal): AsyncIterable<readonly FlowEvent[]> {
    const onChange = (listener: () => void) => {
      this.#listeners.add(listener)
      return () => this.#listeners.delete(listener)
    }
    return watchFlows({ ring: this.#ring, onChange }, filter, signal)
  }

  #tick(): void {
    const before = this.#ring.sequence
    this.#noteRevision()
    this.#read()
    this.#judge()
    if (this.#ring.sequence !== before) for (const listener of this.#listeners) listener()
    if (this.#source === undefined && this.#dependencies.nowMs() >= this.#reopenAtMs) void this.#open()
  }

  async #open(): Promise<void> {
    const { open, log, nowMs } = this.#dependencies
    const { group } = this.#options
    this.#reopenAtMs = Number.POSITIVE_INFINITY
    try {
      const source = await open(group)
      if (this.#closed) source.close()
      else this.#source = source
      if (this.#problem !== undefined) log.info({ group }, 'flows are logged again')
      this.#problem = undefined
    } catch (error) {
      this.#failed(error)
    }
    if (this.#source === undefined) this.#reopenAtMs = nowMs() + REOPEN_MS
  }

  #failed(error: unknown): void {
    const { group } = this.#options
    const problem = reasonOf(error, group)
    if (problem !== this.#problem) this.#dependencies.log.warn({ group, reason: problem }, 'flows are not logged; trying again')
    this.#problem = problem
  }

  #read(): void {
    const { nowMs, wallMs } = this.#dependencies
    const untilMs = nowMs() + READ_MS
    const atMs = wallMs()
    try {
      this.#source?.read(
        (copy) => this.#take(copy, atMs),
        () => nowMs() >= untilMs,
      )
    } catch (error) {
      this.#before = sum(this.#before, this.#source?.counters)
      this.#source?.close()
      this.#source = undefined
      this.#reopenAtMs = nowMs() + REOPEN_MS
      this.#failed(error)
    }
  }

  #take({ prefix, packet, inIndex, outIndex, atMs }: PacketCopy, readMs: number): void {
    const { interfaceName, revisions } = this.#dependencies
    const ruling = rulingOf(prefix)
    if (ruling === undefined) {
      this.#counted.strange++
      return
    }
    this.#counted[ruling.verdict]++
    const [inInterface, outInterface] = [inIndex, outIndex].map((index) => (index === 0 ? undefined : interfaceName(index)))
    const sighting = { ruling, packet, ...(inInterface && { inInterface }), ...(outInterface && { outInterface }) }
    const flow = this.#ring.see(sighting, atMs ?? readMs)
    if (flow.revision === revisions().stored || this.#unjudged.has(flow)) return
    if (this.#unjudged.size < MOST_UNJUDGED) this.#unjudged.add(flow)
    else this.#counted.unjudged++
  }

  /** What is not judged now is at the next tick. */
  #judge(): void {
    const { judge, nowMs, revisions } = this.#dependencies
    const untilMs = nowMs() + JUDGE_MS
    const { stored } = revisions()
    const isSettled = nowMs() - this.#settled.sinceMs >= SETTLED_MS
    for (const flow of this.#unjudged) {
      this.#unjudged.delete(flow)
      if (!this.#ring.has(flow)) continue
      flow.judgement = judge(flow.sighting)
      flow.revision = stored
      flow.differs = isSettled && flow.judgement.isCertain && flow.judgement.verdict !== flow.sighting.ruling.verdict
      if (flow.differs) this.#noteDiffering(flow)
      this.#ring.changed(flow)
      if (nowMs() >= untilMs) return
    }
  }

  #noteDiffering(flow: Flow): void {
    this.#counted.differing++
    const { verdict, from, to, protocol, port, policy, rule } = shownFlow(flow)
    this.#dependencies.log.warn({ verdict, from, to, protocol, port, policy, rule }, 'the kernel decided otherwise than the policies say')
  }

  /** Since when the kernel has what is stored. */
  #noteRevision(): void {
    const { revisions, nowMs } = this.#dependencies
    const { stored, programmed } = revisions()
    if (programmed >= stored && this.#settled.revision === stored) return
    this.#settled = { revision: programmed >= stored ? stored : -1, sinceMs: programmed >= stored ? nowMs() : Number.POSITIVE_INFINITY }
  }
}

function sum(a: CopyCounters, b: CopyCounters | undefined): CopyCounters {
  return { read: a.read + (b?.read ?? 0), lost: a.lost + (b?.lost ?? 0), unread: a.unread + (b?.unread ?? 0) }
}

function reasonOf(error: unknown, group: number): string {
  const message = error instanceof Error ? error.message : String(error)
  const isTaken = error instanceof Error && 'code' in error && error.code === 'EPERM'
  return isTaken ? `${message}: another program listens to group ${group}, or CAP_NET_ADMIN is missing: see felix.flowLog.group` : message
}
