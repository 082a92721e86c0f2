import type { Run } from '../../src/os/process.ts'
import { RoutineCheck, type RoutineCheckDependencies } from '../routine-check.ts'
import { toolName } from './iptables-tool.ts'
import { readOutput } from './read-output.ts'
import { SavedRulesReader } from './saved-rules.ts'
import type { SavedRulesComparison } from './saved-rules-comparison.ts'
import type { TableCheck } from './table-check.ts'
import type { FamilyPlace } from './table-reader.ts'

export type RulesCheckDependencies = RoutineCheckDependencies & { readonly run: Run }

/** The routine check of all tables of one family, by one program: to show one table of nft takes almost as long as to show all. */
export class RulesCheck {
  readonly #tables: ReadonlyMap<string, TableCheck>
  readonly #program: readonly [command: string, args: readonly string[]]
  readonly #dependencies: RulesCheckDependencies
  readonly #check: RoutineCheck

  /** @param tables by name */
  constructor({ family, backend }: FamilyPlace, tables: ReadonlyMap<string, TableCheck>, dependencies: RulesCheckDependencies) {
    this.#tables = tables
    this.#program = [toolName(family, backend, 'save'), []]
    this.#dependencies = dependencies
    this.#check = new RoutineCheck(dependencies)
  }

  /** Begins to read if that is all there is to do with one of them, and puts off what is scheduled. Before an apply writes. */
  beginIfDue(): void {
    const { run, nowMs: clock } = this.#dependencies
    const nowMs = clock()
    if (![...this.#tables.values()].some((table) => table.isDue(nowMs))) return
    const begun = [...this.#tables].flatMap(([name, table]) => {
      const one = table.begin(nowMs)
      return one === undefined ? [] : [{ ...one, name }]
    })
    const comparisons = new Map(begun.map(({ name, comparison }) => [name, comparison]))
    this.#check.begin(() => ({ subjects: begun, read: readOutput(run, this.#program, takeOf(comparisons)) }))
  }
}

/** @param comparisons by table; other tables are not looked at */
function takeOf(comparisons: ReadonlyMap<string, SavedRulesComparison>): (part: string) => void {
  let table: SavedRulesComparison | undefined
  const reader = new SavedRulesReader({
    onTable: (name) => {
      table = comparisons.get(name)
    },
    onChain: (chain) => table?.onChain(chain),
    onRule: (chain, line) => table?.onRule(chain, line),
  })
  return (part) => reader.take(part)
}
