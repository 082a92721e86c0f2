import type { Run } from '../../src/os/process.ts'

/** Whatever the kernel tells of a program that has ended is read within this time. */
const REMEMBERED_MS = 10_000

/** Runs programs as `run` does, and knows which process ids were theirs: that is how the kernel names who changed something. */
export class OwnPrograms {
  readonly run: Run
  readonly #nowMs: () => number
  /** By process id: when it ended; undefined while it runs. */
  readonly #programs = new Map<number, number | undefined>()

  /** @param nowMs milliseconds of a monotonic clock */
  constructor(run: Run, nowMs: () => number) {
    this.#nowMs = nowMs
    this.run = async (command, args, options) => {
      let started: number | undefined
      const onStart = (pid: number) => {
        started = pid
        this.#programs.set(pid, undefined)
        options.onStart?.(pid)
      }
      const result = await run(command, args, { ...options, onStart })
      if (started !== undefined) this.#ended(started)
      return result
    }
  }

  /** Whether this is the process id of a program that runs, or has ended just now. */
  has(pid: number): boolean {
    return this.#programs.has(pid) && !this.#isForgotten(this.#programs.get(pid))
  }

  #ended(pid: number): void {
    for (const [other, endedMs] of this.#programs) if (this.#isForgotten(endedMs)) this.#programs.delete(other)
    this.#programs.set(pid, this.#nowMs())
  }

  #isForgotten(endedMs: number | undefined): boolean {
    return endedMs !== undefined && endedMs < this.#nowMs() - REMEMBERED_MS
  }
}
