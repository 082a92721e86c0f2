import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Run } from '../../src/os/process.ts'
import type { CheckSchedule } from '../check-schedule.ts'

/**
 * One of the things that the program shows.
 *
 * @property isAsKnown asked behind the last part. undefined: what was known is not any more, the next apply reads or has read
 */
export type RoutineSubject = { readonly schedule: CheckSchedule; readonly isAsKnown: () => boolean | undefined }

/** @property take compares a part of the output, of any length */
export type RoutineReading = { readonly subjects: readonly RoutineSubject[]; readonly take: (part: string) => void }

export type RoutineCheckDependencies = {
  readonly run: Run
  readonly nowMs: () => number
  /** The next time of a schedule may be earlier than it was. */
  readonly onDue: () => void
}

const TIMEOUT_MS = 30_000

/**
 * A reading that is due by the clock alone: beside everything else, so that no change waits for 50,000 rules or 100,000 members. What is
 * not as known, and what could not be read to its end, becomes a suspicion: then the next apply reads, and repairs.
 */
export class RoutineCheck {
  readonly #program: readonly [command: string, args: readonly string[]]
  readonly #dependencies: RoutineCheckDependencies
  #running: { readonly over: AbortController; readonly ended: Promise<void> } | undefined

  /** @param program prints everything */
  constructor(program: readonly [command: string, args: readonly string[]], dependencies: RoutineCheckDependencies) {
    this.#program = program
    this.#dependencies = dependencies
  }

  /** Begins to read, if it does not already. */
  begin(reading: () => RoutineReading): void {
    if (this.#running !== undefined) return
    const over = new AbortController()
    this.#running = {
      over,
      ended: this.#check(reading(), over.signal).finally(() => {
        this.#running = undefined
      }),
    }
  }

  /** Resolves once nothing is read any more. */
  async stop(): Promise<void> {
    this.#running?.over.abort()
    await this.#running?.ended
  }

  async #check({ subjects, take }: RoutineReading, signal: AbortSignal): Promise<void> {
    const { run, nowMs, onDue } = this.#dependencies
    const startMs = nowMs()
    const onOutput = async (part: string) => {
      take(part)
      await nextTurn() // what came meanwhile goes before the next part
    }
    const { exitCode } = await run(...this.#program, { timeoutMs: TIMEOUT_MS, signal, onOutput })
    const endedMs = nowMs()
    let isSuspect = false
    for (const { schedule, isAsKnown } of subjects) {
      const isSame = isAsKnown()
      if (isSame === undefined) continue
      if (exitCode === 0 && isSame) schedule.checked(endedMs, endedMs - startMs)
      else {
        schedule.suspect(endedMs)
        isSuspect = true
      }
    }
    if (isSuspect) onDue()
  }
}
