import type { CheckSchedule } from './check-schedule.ts'

/**
 * One of the things that are read together.
 *
 * @property isAsKnown asked behind the reading. undefined: what was known is not any more, the next apply reads or has read
 */
export type RoutineSubject = { readonly schedule: CheckSchedule; readonly isAsKnown: () => boolean | undefined }

/** @property read compares part by part, each after what came meanwhile; false: it did not come to its end */
export type RoutineReading = { readonly subjects: readonly RoutineSubject[]; readonly read: (signal: AbortSignal) => Promise<boolean> }

export type RoutineCheckDependencies = {
  readonly nowMs: () => number
  /** The next time of a schedule may be earlier than it was. */
  readonly onDue: () => void
}

/**
 * A reading that is due by the clock alone: beside everything else, so that no change waits for 50,000 rules or 100,000 members. What is
 * not as known, and what could not be read to its end, becomes a suspicion: then the next apply reads, and repairs.
 */
export class RoutineCheck {
  readonly #dependencies: RoutineCheckDependencies
  #running: { readonly over: AbortController; readonly ended: Promise<void> } | undefined

  constructor(dependencies: RoutineCheckDependencies) {
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

  async #check({ subjects, read }: RoutineReading, signal: AbortSignal): Promise<void> {
    const { nowMs, onDue } = this.#dependencies
    const startMs = nowMs()
    const isWhole = await read(signal)
    const endedMs = nowMs()
    let isSuspect = false
    for (const { schedule, isAsKnown } of subjects) {
      const isSame = isAsKnown()
      if (isSame === undefined) continue
      if (isWhole && isSame) schedule.checked(endedMs, endedMs - startMs)
      else {
        schedule.suspect(endedMs)
        isSuspect = true
      }
    }
    if (isSuspect) onDue()
  }
}
