import { toolName } from './iptables-tool.ts'
import { RoutineCheck, type RoutineCheckDependencies, type RoutineReading } from './routine-check.ts'
import { SavedRulesReader } from './saved-rules.ts'
import type { SavedRulesComparison } from './saved-rules-comparison.ts'
import type { TableCheck } from './table-check.ts'
import type { FamilyPlace } from './table-reader.ts'

/** The routine check of all tables of one family, by one program: to show one table of nft takes almost as long as to show all. */
export class RulesCheck {
  readonly #tables: ReadonlyMap<string, TableCheck>
  readonly #nowMs: () => number
  readonly #check: RoutineCheck

  /** @param tables by name */
  constructor({ family, backend }: FamilyPlace, tables: ReadonlyMap<string, TableCheck>, dependencies: RoutineCheckDependencies) {
    this.#tables = tables
    this.#nowMs = dependencies.nowMs
    this.#check = new RoutineCheck([toolName(family, backend, 'save'), []], dependencies)
  }

  /** Begins to read if that is all there is to do with one of them, and puts off what is scheduled. Before an apply writes. */
  beginIfDue(): void {
    const nowMs = this.#nowMs()
    if (![...this.#tables.values()].some((table) => table.isDue(nowMs))) return
    const begun = [...this.#tables].flatMap(([name, table]) => {
      const one = table.begin(nowMs)
      return one === undefined ? [] : [{ ...one, name }]
    })
    const comparisons = new Map(begun.map(({ name, comparison }) => [name, comparison]))
    this.#check.begin(() => ({ subjects: begun, take: takeOf(comparisons) }))
  }
}

/** @param comparisons by table; other tables are not looked at */
function takeOf(comparisons: ReadonlyMap<string, SavedRulesComparison>): RoutineReading['take'] {
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
