import type { Run } from './process.ts'

/** What one program cost since the counting began. `failed`: runs that did not end with 0. */
export type ToolUse = { readonly command: string; readonly runs: number; readonly failed: number; readonly seconds: number }

/** Runs programs as `run` does, and counts by program how often, how long and how often in vain. */
export class CountedRun {
  readonly #uses = new Map<string, ToolUse>()
  readonly #nowMs: () => number
  #running = 0
  #busy = { sinceMs: 0, seconds: 0 }
  readonly run: Run

  /** @param nowMs milliseconds of a monotonic clock */
  constructor(run: Run, nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs
    this.run = async (command, args, options) => {
      const began = this.#began()
      const result = await run(command, args, options)
      this.#count(command, result.exitCode !== 0, (this.#ended() - began) / 1000)
      return result
    }
  }

  /** For how long there was at least one that ran, up to the last moment when there was none. */
  get busySeconds(): number {
    return this.#busy.seconds
  }

  /** In the order in which each was first run. */
  get uses(): readonly ToolUse[] {
    return [...this.#uses.values()]
  }

  #began(): number {
    const nowMs = this.#nowMs()
    if (this.#running === 0) this.#busy = { ...this.#busy, sinceMs: nowMs }
    this.#running += 1
    return nowMs
  }

  #ended(): number {
    const nowMs = this.#nowMs()
    this.#running -= 1
    const { sinceMs, seconds } = this.#busy
    if (this.#running === 0) this.#busy = { sinceMs, seconds: seconds + (nowMs - sinceMs) / 1000 }
    return nowMs
  }

  #count(command: string, failed: boolean, seconds: number): void {
    const before = this.#uses.get(command) ?? { command, runs: 0, failed: 0, seconds: 0 }
    this.#uses.set(command, {
      command,
      runs: before.runs + 1,
      failed: before.failed + Number(failed),
      seconds: before.seconds + seconds,
    })
  }
}
