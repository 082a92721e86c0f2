import type { ObjectStatus } from '../kernel.ts'

const FIRST_RETRY_MS = 500
const LAST_RETRY_MS = 30_000

type Problem = { status: ObjectStatus; dueMs: number; delayMs: number }

/** The routes that are wanted and not in the kernel, with the time of their next try. Keys are the caller's; times one monotonic clock. */
export class RouteProblems {
  readonly #problems = new Map<number, Problem>()
  #changed = false

  get size(): number {
    return this.#problems.size
  }

  status(key: number): ObjectStatus | undefined {
    return this.#problems.get(key)?.status
  }

  keys(): IterableIterator<number> {
    return this.#problems.keys()
  }

  /** The kernel refused: tried again later, ever more rarely. */
  failed(key: number, reason: string, nowMs: number): void {
    const delayMs = Math.min(LAST_RETRY_MS, (this.#problems.get(key)?.delayMs ?? FIRST_RETRY_MS / 2) * 2)
    this.#set(key, { status: { state: 'failed', reason }, dueMs: nowMs + delayMs, delayMs })
  }

  /** Waits for something outside, whose coming is an event: no retry by time. */
  pending(key: number, reason: string): void {
    this.#set(key, { status: { state: 'pending', reason }, dueMs: Number.POSITIVE_INFINITY, delayMs: FIRST_RETRY_MS / 2 })
  }

  solved(key: number): void {
    if (this.#problems.delete(key)) this.#changed = true
  }

  /** Whether what there is to tell has changed since the last call; another try with the same end is no change. */
  takeChanged(): boolean {
    const changed = this.#changed
    this.#changed = false
    return changed
  }

  isWaiting(key: number, nowMs: number): boolean {
    return nowMs < (this.#problems.get(key)?.dueMs ?? 0)
  }

  /** Something changed around: the next try may come at once. */
  tryNow(key: number): void {
    const problem = this.#problems.get(key)
    if (problem !== undefined) problem.dueMs = 0
  }

  /** The keys whose time has come. */
  due(nowMs: number): number[] {
    return [...this.#problems].filter(([, { dueMs }]) => dueMs <= nowMs).map(([key]) => key)
  }

  /** When the first of them is due; infinite if none is. */
  get dueAtMs(): number {
    let first = Number.POSITIVE_INFINITY
    for (const { dueMs } of this.#problems.values()) first = Math.min(first, dueMs)
    return first
  }

  #set(key: number, problem: Problem): void {
    const before = this.#problems.get(key)?.status
    const { status } = problem
    if (before?.state !== status.state || reasonOf(before) !== reasonOf(status)) this.#changed = true
    this.#problems.set(key, problem)
  }
}

function reasonOf(status: ObjectStatus): string {
  return status.state === 'programmed' ? '' : status.reason
}
