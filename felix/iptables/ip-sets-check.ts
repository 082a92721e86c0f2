import type { Run } from '../../src/os/process.ts'
import type { CheckSchedule } from '../check-schedule.ts'
import { RoutineCheck, type RoutineCheckDependencies } from '../routine-check.ts'
import type { SavedSet } from './ip-set-text.ts'
import { readOutput } from './read-output.ts'
import { SavedSetsComparison } from './saved-sets-comparison.ts'

export type IpSetsCheckDependencies = RoutineCheckDependencies & {
  readonly run: Run
  /** What is known to be in the kernel; undefined: nothing is. */
  readonly known: () => ReadonlyMap<string, SavedSet> | undefined
}

/** The routine check of all members. */
export class IpSetsCheck {
  readonly #schedule: CheckSchedule
  readonly #dependencies: IpSetsCheckDependencies
  readonly #check: RoutineCheck

  constructor(schedule: CheckSchedule, dependencies: IpSetsCheckDependencies) {
    this.#schedule = schedule
    this.#dependencies = dependencies
    this.#check = new RoutineCheck(dependencies)
  }

  /** Begins to read if that is all there is to do, and puts off what is scheduled. */
  beginIfDue(): void {
    const known = this.#dependencies.known()
    const nowMs = this.#dependencies.nowMs()
    if (known === undefined || !this.#schedule.isRoutine(nowMs)) return
    this.#schedule.begun(nowMs)
    this.#check.begin(() => {
      const comparison = new SavedSetsComparison(known)
      const isAsKnown = () => {
        const now = this.#dependencies.known()
        return now && comparison.isAsKnown(now)
      }
      const read = readOutput(this.#dependencies.run, ['ipset', ['save']], (part) => comparison.take(part))
      return { subjects: [{ schedule: this.#schedule, isAsKnown }], read }
    })
  }

  /** Resolves once nothing is read any more: the kernel neither removes nor swaps sets that are being listed. */
  stop(): Promise<void> {
    return this.#check.stop()
  }
}
