import type { CheckSchedule } from '../check-schedule.ts'
import type { SavedSet } from './ip-set-text.ts'
import { RoutineCheck, type RoutineCheckDependencies } from './routine-check.ts'
import { SavedSetsComparison } from './saved-sets-comparison.ts'

export type IpSetsCheckDependencies = RoutineCheckDependencies & {
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
    this.#check = new RoutineCheck(['ipset', ['save']], dependencies)
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
      return { subjects: [{ schedule: this.#schedule, isAsKnown }], take: (part) => comparison.take(part) }
    })
  }

  /** Resolves once nothing is read any more: the kernel neither removes nor swaps sets that are being listed. */
  stop(): Promise<void> {
    return this.#check.stop()
  }
}
