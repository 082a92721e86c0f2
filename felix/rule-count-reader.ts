import { setImmediate as turn } from 'node:timers/promises'
import type { Family } from '../src/net/address.ts'
import type { Run } from '../src/os/process.ts'
import { type Backend, toolName } from './iptables-tool.ts'
import type { TableName } from './kernel.ts'
import { type CountedChains, CountReader } from './rule-counts.ts'

/** A table with chains of ours. */
export type CountedPlace = { readonly family: Family; readonly table: TableName; readonly backend: Backend }

export type CountedTable = Pick<CountedPlace, 'family' | 'table'> & { readonly chains: CountedChains }

export type RuleCountDependencies = {
  readonly run: Run
  readonly nowMs: () => number
  readonly places: () => readonly CountedPlace[]
}

const TIMEOUT_MS = 30_000
/** A reading is not older than this, or than so many times what it took: a hundredth of the time at most goes into it. */
const FRESH_MS = 1_000
const REST_SHARE = 100
const LINES_AT_ONCE = 2_000

/** The counters of all rules, read when somebody asks and kept for as long as reading them costs little. */
export class RuleCountReader {
  readonly #dependencies: RuleCountDependencies
  #tables: readonly CountedTable[] = []
  #freshUntilMs = Number.NEGATIVE_INFINITY
  #reading: Promise<readonly CountedTable[]> | undefined

  constructor(dependencies: RuleCountDependencies) {
    this.#dependencies = dependencies
  }

  /** A table that cannot be read now is left out. The same array as long as nothing was read anew. */
  async read(): Promise<readonly CountedTable[]> {
    if (this.#dependencies.nowMs() < this.#freshUntilMs) return this.#tables
    this.#reading ??= this.#readAll().finally(() => (this.#reading = undefined))
    return await this.#reading
  }

  async #readAll(): Promise<readonly CountedTable[]> {
    const { nowMs, places } = this.#dependencies
    const startMs = nowMs()
    const tables: CountedTable[] = []
    for (const place of places()) {
      const chains = await this.#readOne(place)
      if (chains !== undefined) tables.push({ family: place.family, table: place.table, chains })
    }
    const endMs = nowMs()
    this.#freshUntilMs = endMs + Math.max(FRESH_MS, (endMs - startMs) * REST_SHARE)
    this.#tables = tables
    return tables
  }

  async #readOne({ family, table, backend }: CountedPlace): Promise<CountedChains | undefined> {
    const { run } = this.#dependencies
    const { exitCode, stdout } = await run(toolName(family, backend, 'save'), ['-c', '-t', table], { timeoutMs: TIMEOUT_MS })
    if (exitCode !== 0) return undefined
    const lines = stdout.split('\n')
    const reader = new CountReader()
    for (let at = 0; at < lines.length; at += LINES_AT_ONCE) {
      if (at > 0) await turn()
      reader.read(lines.slice(at, at + LINES_AT_ONCE))
    }
    return reader.chains
  }
}
