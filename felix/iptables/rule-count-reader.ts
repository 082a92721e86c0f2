import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Family } from '../../src/net/address.ts'
import type { Run } from '../../src/os/process.ts'
import type { TableName } from '../kernel.ts'
import { RarelyRead } from '../rarely-read.ts'
import { type CountedChains, CountReader } from '../rule-counts.ts'
import { type Backend, toolName } from './iptables-tool.ts'
import { OutputLines } from './output-lines.ts'

/** A table with chains of ours. */
export type CountedPlace = { readonly family: Family; readonly table: TableName; readonly backend: Backend }

export type CountedTable = Pick<CountedPlace, 'family' | 'table'> & { readonly chains: CountedChains }

export type RuleCountDependencies = {
  readonly run: Run
  readonly nowMs: () => number
  readonly places: () => readonly CountedPlace[]
}

const TIMEOUT_MS = 30_000

/** The counters of all rules, read when somebody asks and kept for as long as reading them costs little. */
export class RuleCountReader {
  readonly #dependencies: RuleCountDependencies
  readonly #rarely: RarelyRead<readonly CountedTable[]>

  constructor(dependencies: RuleCountDependencies) {
    this.#dependencies = dependencies
    this.#rarely = new RarelyRead(dependencies.nowMs, () => this.#readAll(), [])
  }

  /** A table that cannot be read now is left out. The same array as long as nothing was read anew. */
  read(): Promise<readonly CountedTable[]> {
    return this.#rarely.read()
  }

  async #readAll(): Promise<readonly CountedTable[]> {
    const tables: CountedTable[] = []
    for (const place of this.#dependencies.places()) {
      const chains = await this.#readOne(place)
      if (chains !== undefined) tables.push({ family: place.family, table: place.table, chains })
    }
    return tables
  }

  async #readOne({ family, table, backend }: CountedPlace): Promise<CountedChains | undefined> {
    const { run } = this.#dependencies
    const reader = new CountReader()
    const lines = new OutputLines((line) => reader.read(line))
    const onOutput = async (part: string) => {
      lines.take(part)
      await nextTurn() // what came meanwhile goes before the next part
    }
    const { exitCode } = await run(toolName(family, backend, 'save'), ['-c', '-t', table], { timeoutMs: TIMEOUT_MS, onOutput })
    return exitCode === 0 ? reader.chains : undefined
  }
}
