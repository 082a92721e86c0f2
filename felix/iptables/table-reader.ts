import type { Family } from '../../src/net/address.ts'
import type { ProcessResult, Run } from '../../src/os/process.ts'
import type { TableName } from '../kernel.ts'
import { refusalOf } from '../kernel-refusal.ts'
import { isUnshown, savedTables, unshown, unshownTables } from './chains-text.ts'
import { type Backend, toolName } from './iptables-tool.ts'
import { legacyTableExists } from './legacy-tables.ts'

/** The tables of one family in one of the two kinds of iptables. */
export type FamilyPlace = { readonly family: Family; readonly backend: Backend }

export type TablePlace = FamilyPlace & { readonly table: TableName }

/**
 * @property text what `iptables-save` says of one table; "" where there is none
 * @property endedMs when that was read; it took `tookMs`
 */
export type TableRead = { readonly text: string; readonly endedMs: number; readonly tookMs: number }

const TIMEOUT_MS = 30_000
const tableNames = ['filter', 'nat', 'mangle', 'raw'] as const

/**
 * The one door to `iptables-save`. What was read of a whole family is kept until it is taken, or `forget`: to show one table of nft takes
 * almost as long as to show all of them, since the program goes through the rules of all.
 */
export class TableReader {
  readonly #run: Run
  readonly #nowMs: () => number
  /** By family, backend and table. A string: why it cannot be read. */
  readonly #kept = new Map<string, TableRead | string>()

  constructor({ run, nowMs }: { readonly run: Run; readonly nowMs: () => number }) {
    this.#run = run
    this.#nowMs = nowMs
  }

  /** Reads all tables of a family with one program, and makes none that is not there. */
  async readAll(place: FamilyPlace): Promise<ProcessResult> {
    const startMs = this.#nowMs()
    const result = await this.#run(toolName(place.family, place.backend, 'save'), [], { timeoutMs: TIMEOUT_MS })
    const endedMs = this.#nowMs()
    if (result.exitCode !== 0) return result
    const texts = new Map(savedTables(result.stdout))
    const hidden = unshownTables(result.stdout)
    for (const table of tableNames) {
      const read = { text: texts.get(table) ?? '', endedMs, tookMs: endedMs - startMs }
      this.#kept.set(keyOf({ ...place, table }), hidden.includes(table) ? unshown(table) : read)
    }
    return result
  }

  /** Whether the table need not be read. */
  has(place: TablePlace): boolean {
    return this.#kept.has(keyOf(place))
  }

  /** What was kept is too old from now on. */
  forget(): void {
    this.#kept.clear()
  }

  /**
   * One table: as it was read with its family, or now.
   *
   * @param isUsed whether something is wanted there; if not, a legacy table that does not exist is not made by reading it
   * @returns a string: why it cannot be read
   */
  async read(place: TablePlace, isUsed: boolean): Promise<TableRead | string> {
    const { family, table, backend } = place
    const kept = this.#kept.get(keyOf(place))
    this.#kept.delete(keyOf(place))
    if (kept !== undefined) return kept
    const startMs = this.#nowMs()
    if (!isUsed && backend === 'legacy' && !(await legacyTableExists(family, table, this.#run))) {
      return { text: '', endedMs: startMs, tookMs: 0 }
    }
    const command = toolName(family, backend, 'save')
    const result = await this.#run(command, ['-t', table], { timeoutMs: TIMEOUT_MS })
    if (result.exitCode !== 0) return refusalOf(command, result).reason
    if (isUnshown(result.stdout)) return unshown(table)
    const endedMs = this.#nowMs()
    return { text: result.stdout, endedMs, tookMs: endedMs - startMs }
  }
}

function keyOf({ family, backend, table }: TablePlace): string {
  return `${family} ${backend} ${table}`
}
