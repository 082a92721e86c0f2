import { defaultLimits } from './policy-limits.ts'

const FIRST_CHECK_MS = 50
/** Each check follows after three times the wait before it: a node that settles after a change stays under 1 % of a core. */
const CHECK_GROWTH = 3
/** However long a table takes to be read, the first check after a write is not later than this. */
const LATEST_FIRST_CHECK_MS = 5_000
/** Where changes are watched, a table that takes longer to be read is read that much more rarely: every 90 s in 1/300 of the time. */
const QUICK_READ_MS = 300
/** A check may take at most 1/20 of the time, however big the table. */
const CHECK_SHARE = 20
/** So many suspicions in a row are looked into at once, whatever their share of the time. */
const BURST = 5
/** Our hooks are put back to their ends at most this often: two programs that both insist on the first place would fight without end. */
const MOVE_GAP_MS = 10_000
const FIRST_RETRY_MS = 100
const LAST_RETRY_MS = 30_000

/**
 * When a kernel table is read again: soon after each of our writes, because programs that read, change and write back (Docker,
 * kube-proxy, firewalld) undo what came between; then ever more rarely. And when a refused change is tried again.
 *
 * All times are milliseconds of one monotonic clock, given by the caller.
 */
export class CheckSchedule {
  #checkAtMs = Number.POSITIVE_INFINITY
  #checkDelayMs = FIRST_CHECK_MS
  #readMs = 0
  /** When the checks done so far have had no more than their share of the time. */
  #paidAtMs = 0
  #suspectedAtMs = Number.NEGATIVE_INFINITY
  /** Whether something is known to be looked into: it was suspected, or our rules may stand in the wrong place. */
  #isSuspected = false
  #fullCheckAtMs = 0
  #mayMoveAtMs = 0
  #retryAtMs: number | undefined
  #retryDelayMs = FIRST_RETRY_MS
  #isWatched = false
  #fullCheckMs = defaultLimits.rulesCheckMs

  /** Whether changes by others are told by `suspect`: then our writes need no checks behind them. */
  set isWatched(isWatched: boolean) {
    this.#isWatched = isWatched
  }

  /** Not every change shows to those who watch (rules-watch.ts, ip-sets-watch.ts), so each table is read this often at least. */
  set fullCheckMs(fullCheckMs: number) {
    if (fullCheckMs === this.#fullCheckMs) return
    this.#fullCheckMs = fullCheckMs
    // A table that is checked at all is checked now, and from then on as often.
    if (Number.isFinite(this.#checkAtMs)) this.#checkAtMs = Number.NEGATIVE_INFINITY
  }

  /** When `apply` has something to do again without a change; infinite if never. */
  get dueAtMs(): number {
    return this.#retryAtMs ?? this.#checkAtMs
  }

  isDue(nowMs: number): boolean {
    return nowMs >= this.dueAtMs
  }

  /** Whether a check would be due by the clock alone: changes by others are told, none is, and nothing waits to be tried again. */
  get isQuiet(): boolean {
    return this.#isWatched && !this.#isSuspected && this.#retryAtMs === undefined && this.#checkAtMs !== Number.POSITIVE_INFINITY
  }

  /** Whether a check is due only because the last one was long ago: nothing has to wait for it. */
  isRoutine(nowMs: number): boolean {
    return this.isQuiet && this.isDue(nowMs)
  }

  /** A check that nothing waits for has begun: `checked` or `suspect` says how it ended. */
  begun(nowMs: number): void {
    this.#fullCheckAtMs = nowMs + this.#fullCheckMs
    this.#checkAtMs = this.#fullCheckAtMs
  }

  /** Whether something was refused and its next try is still to come. */
  isWaiting(nowMs: number): boolean {
    return this.#retryAtMs !== undefined && nowMs < this.#retryAtMs
  }

  /** Whether the order of our rules among those of others may be restored. If not, a check is due when it may. */
  mayMove(nowMs: number): boolean {
    if (nowMs >= this.#mayMoveAtMs) return true
    this.#checkAtMs = Math.min(this.#checkAtMs, this.#mayMoveAtMs)
    this.#isSuspected = true
    return false
  }

  /** The order was restored. */
  moved(nowMs: number): void {
    this.#mayMoveAtMs = nowMs + MOVE_GAP_MS
  }

  /** The table was read and that took `tookMs`. */
  checked(nowMs: number, tookMs: number): void {
    this.#isSuspected = false
    this.#readMs = tookMs
    this.#paidAtMs = Math.max(this.#paidAtMs, nowMs) + tookMs * CHECK_SHARE
    if (this.#isWatched) {
      this.#fullCheckAtMs = nowMs + this.#fullCheckMs * Math.max(1, tookMs / QUICK_READ_MS)
      this.#checkAtMs = this.#fullCheckAtMs
      // what was changed while the table was read may not be in what was read
      if (this.#suspectedAtMs >= nowMs - tookMs) this.suspect(nowMs)
      return
    }
    if (nowMs >= this.#fullCheckAtMs) this.#fullCheckAtMs = nowMs + this.#fullCheckMs
    this.#checkDelayMs = Math.min(this.#fullCheckMs, Math.max(this.#checkDelayMs * CHECK_GROWTH, tookMs * CHECK_SHARE))
    this.#checkAtMs = Math.min(nowMs + this.#checkDelayMs, Math.max(this.#fullCheckAtMs, nowMs + FIRST_CHECK_MS))
  }

  /** Our change was accepted. */
  written(nowMs: number): void {
    this.succeeded()
    if (this.#isWatched) {
      this.#checkAtMs = Math.min(this.#checkAtMs, Math.max(this.#fullCheckAtMs, nowMs))
      return
    }
    this.#checkDelayMs = Math.max(FIRST_CHECK_MS, Math.min(LATEST_FIRST_CHECK_MS, this.#readMs * CHECK_SHARE))
    this.#checkAtMs = nowMs + this.#checkDelayMs
  }

  /** Somebody changed something: a table that is checked at all is checked now, or where that is so often, when the share of the time allows. */
  suspect(nowMs: number): void {
    this.#suspectedAtMs = nowMs
    this.#isSuspected = true
    const dueAtMs = Math.max(nowMs, this.#paidAtMs - (BURST - 1) * this.#readMs * CHECK_SHARE)
    if (Number.isFinite(this.#checkAtMs)) this.#checkAtMs = Math.min(this.#checkAtMs, dueAtMs)
  }

  succeeded(): void {
    this.#retryAtMs = undefined
    this.#retryDelayMs = FIRST_RETRY_MS
  }

  /** The tool refused, be it to read or to write. */
  refused(nowMs: number): void {
    this.#retryAtMs = nowMs + this.#retryDelayMs
    this.#retryDelayMs = Math.min(LAST_RETRY_MS, this.#retryDelayMs * 2)
  }

  /** Nothing of ours is in this table and nothing is wanted: no more checks. */
  rest(): void {
    this.succeeded()
    this.#checkAtMs = Number.POSITIVE_INFINITY
  }
}
