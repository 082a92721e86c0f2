import type { CheckSchedule } from '../check-schedule.ts'
import type { RoutineSubject } from '../routine-check.ts'
import { ChangeLog } from '../tracked.ts'
import type { SavedTable, TableChange } from './chains-text.ts'
import { SavedRulesComparison } from './saved-rules-comparison.ts'

/** One table's part in the routine check of its family (rules-check.ts). */
export class TableCheck {
  readonly #schedule: CheckSchedule
  readonly #known: () => SavedTable | undefined
  /** Chains that we write, so that a check that is under way takes nobody else for it. */
  readonly #written = new ChangeLog()

  /** @param known what is known to be in the kernel: the same object until it is read anew */
  constructor(schedule: CheckSchedule, known: () => SavedTable | undefined) {
    this.#schedule = schedule
    this.#known = known
  }

  isDue(nowMs: number): boolean {
    return this.#known() !== undefined && this.#schedule.isRoutine(nowMs)
  }

  /** Puts off what is scheduled. @returns what is to be compared; undefined: an apply is to read, or there is nothing of ours */
  begin(nowMs: number): (RoutineSubject & { readonly comparison: SavedRulesComparison }) | undefined {
    const known = this.#known()
    if (known === undefined || !this.#schedule.isQuiet) return undefined
    this.#schedule.begun(nowMs)
    const comparison = new SavedRulesComparison(known)
    const { version } = this.#written
    const isAsKnown = () => (this.#known() === known ? comparison.isAsKnown(this.#written.changedSince(version)) : undefined)
    return { schedule: this.#schedule, comparison, isAsKnown }
  }

  /** To be told before it is written: the kernel may have it, and show it, before we know. */
  writing({ rewritten, removed, flushed, hooks }: Partial<TableChange>): void {
    const size = this.#known()?.own.size ?? 0
    const kernelChains = hooks?.map(({ kernelChain }) => kernelChain)
    for (const name of [...(rewritten ?? []), ...(removed ?? []), ...(flushed ?? []), ...(kernelChains ?? [])])
      this.#written.note(name, size)
  }
}
