import { isGeneral, isLockHeld, refusalOf } from '../kernel-refusal.ts'
import { restoreInput, type TableChange } from './chains-text.ts'
import { closedRules } from './closed-chains.ts'
import { chainsNamed, findCulprits, onlyRewriting, type WriteRefusal } from './culprits.ts'
import { toolName } from './iptables-tool.ts'
import type { Restore } from './restore.ts'
import type { TablePlace } from './table-reader.ts'
import type { WantedChains } from './wanted-chains.ts'

type LinesOf = (chain: string) => readonly string[]

/** What is refused is written anew at most so many times at each later try. */
const REOPEN_WRITES = 16

/** The way of one table's chains into the kernel: one transaction each time, and where it is refused, the search for those to blame. */
export class TableWriter {
  readonly #options: TablePlace
  readonly #restore: Restore
  readonly #wanted: WantedChains

  constructor(options: TablePlace, restore: Restore, wanted: WantedChains) {
    this.#options = options
    this.#restore = restore
    this.#wanted = wanted
  }

  /** @returns why nothing of it was done; undefined: all was */
  write(change: TableChange): Promise<WriteRefusal | undefined> {
    return this.#put(change, (name) => this.#wanted.linesOf(name))
  }

  /**
   * Writes what is not refused of a change that was, chain by chain if need be. Meanwhile chains that exist stay as they are, and new ones
   * are closed until their turn.
   *
   * @param isThere whether the kernel has a chain of this name
   * @returns the chains that are refused, with the reason; undefined: none is to blame
   */
  separate(change: TableChange, isThere: (name: string) => boolean): Promise<ReadonlyMap<string, string> | undefined> {
    const waiting = new Set(change.rewritten.filter((name) => !isThere(name)))
    const waits = (name: string) => this.#wanted.textOf(name, closedRules('waits for its turn', this.#options.table))
    return findCulprits(change.rewritten, async (names) => {
      const tried = new Set(names)
      const rewritten = [...new Set([...names, ...waiting])]
      const refusal = await this.#put(onlyRewriting(rewritten), (name) => (tried.has(name) ? this.#wanted.linesOf(name) : waits(name)))
      if (refusal === undefined) for (const name of names) waiting.delete(name)
      return refusal
    })
  }

  /** Writes chains that are closed with their own rules. @returns those that the kernel took */
  async reopen(names: readonly string[]): Promise<readonly string[]> {
    const write = (some: readonly string[]) => this.#put(onlyRewriting(some), (name) => this.#wanted.openLinesOf(name))
    const culprits = await findCulprits(names, write, REOPEN_WRITES)
    return names.filter((name) => culprits !== undefined && !culprits.has(name))
  }

  async #put(change: TableChange, linesOf: LinesOf): Promise<WriteRefusal | undefined> {
    const { family, table, backend } = this.#options
    const input = restoreInput(table, change, linesOf)
    const result = await this.#restore.write(family, backend, input)
    if (result.exitCode === 0) return undefined
    const { reason } = refusalOf(toolName(family, backend, 'restore'), result, input)
    return {
      reason,
      culprits: chainsNamed(result.stderr, input),
      isGeneral: isGeneral(result),
      ...(isLockHeld(result) && { waited: true }),
    }
  }
}
