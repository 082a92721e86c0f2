import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Run } from '../../src/os/process.ts'
import type { CheckSchedule } from '../check-schedule.ts'
import type { SavedSet } from './ip-set-text.ts'
import { SavedSetsComparison } from './saved-sets-comparison.ts'

export type IpSetsCheckDependencies = {
  readonly run: Run
  readonly nowMs: () => number
  /** What is known to be in the kernel; undefined: nothing is. */
  readonly known: () => ReadonlyMap<string, SavedSet> | undefined
  /** The schedule's next time may be earlier than it was. */
  readonly onDue: () => void
}

const TIMEOUT_MS = 30_000

/**
 * The reading of all members that is due by the clock alone: beside everything else, so that no change waits for 100,000 members. What is
 * not as known, and what could not be read to its end, becomes a suspicion: then the next apply reads, and repairs.
 */
export class IpSetsCheck {
  readonly #schedule: CheckSchedule
  readonly #dependencies: IpSetsCheckDependencies
  #running: { readonly over: AbortController; readonly ended: Promise<void> } | undefined

  constructor(schedule: CheckSchedule, dependencies: IpSetsCheckDependencies) {
    this.#schedule = schedule
    this.#dependencies = dependencies
  }

  /** Begins to read if that is all there is to do, and puts off what is scheduled. */
  beginIfDue(): void {
    const known = this.#dependencies.known()
    const nowMs = this.#dependencies.nowMs()
    if (known === undefined || !this.#schedule.isRoutine(nowMs)) return
    this.#schedule.begun(nowMs)
    if (this.#running !== undefined) return
    const over = new AbortController()
    this.#running = {
      over,
      ended: this.#check(known, over.signal).finally(() => {
        this.#running = undefined
      }),
    }
  }

  /** Resolves once nothing is read any more: the kernel neither removes nor swaps sets that are being listed. */
  async stop(): Promise<void> {
    this.#running?.over.abort()
    await this.#running?.ended
  }

  async #check(known: ReadonlyMap<string, SavedSet>, signal: AbortSignal): Promise<void> {
    const { run, nowMs, onDue } = this.#dependencies
    const startMs = nowMs()
    const comparison = new SavedSetsComparison(known)
    const onOutput = async (part: string) => {
      comparison.take(part)
      await nextTurn() // what came meanwhile goes before the next part
    }
    const { exitCode } = await run('ipset', ['save'], { timeoutMs: TIMEOUT_MS, signal, onOutput })
    const now = this.#dependencies.known()
    if (now === undefined) return // the next apply reads anyway
    if (exitCode === 0 && comparison.isAsKnown(now)) this.#schedule.checked(nowMs(), nowMs() - startMs)
    else {
      this.#schedule.suspect(nowMs())
      onDue()
    }
  }
}
