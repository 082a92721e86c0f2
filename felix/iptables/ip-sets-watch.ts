import type { Logger } from 'pino'
import { IpSetCounts } from './ip-set-counts.ts'

export type IpSetsWatchDependencies = {
  /** Whether there is anything to look at, and nobody of us is writing it. */
  readonly isDue: () => boolean
  /** How many members each set has, by name. */
  readonly onCounts: (counts: ReadonlyMap<string, number>) => void
  /** Whether sets are counted from now on. */
  readonly onWatched: (isWatched: boolean) => void
  readonly nowMs: () => number
  readonly log: Pick<Logger, 'warn'>
}

const LOOK_MS = 4_000
/** Counting may take at most 1/200 of the time, but is not put off beyond `LATEST_MS`. */
const SHARE = 200
const LATEST_MS = 8_000

/** Counts the members of IP sets every few seconds: nothing tells of changes there, and listing the members takes a program and its time. */
export class IpSetsWatch {
  readonly #dependencies: IpSetsWatchDependencies
  #timer: NodeJS.Timeout
  #counts: IpSetCounts | undefined
  #closed = false

  constructor(dependencies: IpSetsWatchDependencies) {
    this.#dependencies = dependencies
    this.#timer = this.#later(LOOK_MS)
  }

  /** Ready to count before anything is written, so that no first write needs a check behind it. */
  async start(): Promise<void> {
    await this.#open().catch(() => undefined) // the first look says why it cannot be
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
    this.#counts?.close()
    this.#counts = undefined
  }

  #later(afterMs: number): NodeJS.Timeout {
    return setTimeout(() => void this.#look(), afterMs).unref()
  }

  async #look(): Promise<void> {
    const { isDue, onCounts, onWatched, nowMs, log } = this.#dependencies
    const startMs = nowMs()
    try {
      if (this.#counts === undefined && isDue()) await this.#open()
      if (isDue() && this.#counts !== undefined) onCounts(this.#counts.read())
    } catch (error) {
      log.warn({ err: error }, 'IP sets cannot be counted; changes by others are found by reading, every 90 s')
      this.close()
      onWatched(false)
    }
    if (!this.#closed) this.#timer = this.#later(Math.min(LATEST_MS, Math.max(LOOK_MS, (nowMs() - startMs) * SHARE)))
  }

  async #open(): Promise<void> {
    const counts = await IpSetCounts.open()
    if (this.#closed) return counts.close()
    this.#counts = counts
    this.#dependencies.onWatched(true)
  }
}
