import type { Logger } from 'pino'
import type { CheckSchedule } from '../check-schedule.ts'
import { RoutineCheck, type RoutineReading } from '../routine-check.ts'
import { NftSocket } from './nft-socket.ts'
import type { NftTable } from './nft-table.ts'
import { TableCheck } from './table-check.ts'

type Dependencies = { readonly nowMs: () => number; readonly log: Pick<Logger, 'warn'>; readonly onSuspect: () => void }

/** The routine check of our tables of both families, by a socket of its own: the other one may be writing. */
export class TablesCheck {
  readonly #tables: readonly NftTable[]
  readonly #schedule: CheckSchedule
  readonly #dependencies: Dependencies
  readonly #check: RoutineCheck

  constructor(tables: readonly NftTable[], schedule: CheckSchedule, dependencies: Dependencies) {
    this.#tables = tables
    this.#schedule = schedule
    this.#dependencies = dependencies
    this.#check = new RoutineCheck({ nowMs: dependencies.nowMs, onDue: dependencies.onSuspect })
  }

  /** Begins to read if that is all there is to do, and puts off what is scheduled. Before an apply writes. */
  beginIfDue(): void {
    const nowMs = this.#dependencies.nowMs()
    if (!this.#schedule.isRoutine(nowMs)) return
    const known = this.#tables.flatMap((table) => (table.known === undefined ? [] : [[table, table.known] as const]))
    if (known.length < this.#tables.length) return
    this.#schedule.begun(nowMs)
    this.#check.begin(() => {
      const checks = known.map(([table, known]) => new TableCheck(table, known))
      return { subjects: [this.#subject(checks)], read: (signal) => this.#read(checks, signal) }
    })
  }

  /** Resolves once nothing is read any more. */
  stop(): Promise<void> {
    return this.#check.stop()
  }

  #subject(checks: readonly TableCheck[]): RoutineReading['subjects'][number] {
    const isAsKnown = () => {
      const answers = checks.map((check) => check.isAsKnown())
      return answers.includes(undefined) ? undefined : !answers.includes(false)
    }
    return { schedule: this.#schedule, isAsKnown }
  }

  async #read(checks: readonly TableCheck[], signal: AbortSignal): Promise<boolean> {
    let socket: NftSocket | undefined
    try {
      socket = await NftSocket.open()
      for (const check of checks) await check.read(socket, signal)
      return !signal.aborted
    } catch (error) {
      this.#dependencies.log.warn({ err: error }, 'nf_tables could not be looked through; the next apply reads all')
      return false
    } finally {
      socket?.close()
    }
  }
}
