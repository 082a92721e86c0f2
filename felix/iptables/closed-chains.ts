import { CheckSchedule } from '../check-schedule.ts'
import type { Chain, Rule, TableName } from '../kernel.ts'

type Closed = { readonly reason: string; readonly by: 'kernel' | 'set' }

/**
 * The chains that cannot be in the kernel as they are wanted, and stand there closed: what comes to them is dropped. Those that the
 * kernel refused are tried again, ever more rarely; those that name a broken IP set open with the set.
 */
export class ClosedChains {
  readonly #closed = new Map<string, Closed>()
  readonly #retries = new CheckSchedule()
  #brokenSets: ReadonlyMap<string, string> = new Map()

  /** When those that the kernel refused are to be tried again. */
  get dueAtMs(): number {
    return this.#retries.dueAtMs
  }

  get names(): IterableIterator<string> {
    return this.#closed.keys()
  }

  /** Those that the kernel refused. */
  get refused(): readonly string[] {
    return [...this.#closed].flatMap(([name, { by }]) => (by === 'kernel' ? [name] : []))
  }

  /** Why it is closed; undefined: it is not. */
  reasonOf(name: string): string | undefined {
    return this.#closed.get(name)?.reason
  }

  /** What stands in the kernel in place of the chain's own rules; undefined: those do. */
  rulesOf(name: string, table: TableName): readonly Rule[] | undefined {
    const reason = this.reasonOf(name)
    return reason === undefined ? undefined : closedRules(reason, table)
  }

  /** The kernel refused these, for these reasons. */
  close(culprits: ReadonlyMap<string, string>): void {
    for (const [name, reason] of culprits) this.#closed.set(name, { reason, by: 'kernel' })
  }

  open(name: string): void {
    this.#closed.delete(name)
  }

  /** After each try. */
  tried(nowMs: number): void {
    if (this.refused.length === 0) this.#retries.succeeded()
    else this.#retries.refused(nowMs)
  }

  /** A chain is wanted that was not, or has other rules now: the kernel may take those. */
  restated(name: string, chain: Chain | undefined): void {
    this.#closed.delete(name)
    if (chain === undefined || this.#brokenSets.size === 0) return
    const reason = this.#brokenSetIn(chain)
    if (reason !== undefined) this.#closed.set(name, { reason, by: 'set' })
  }

  /**
   * IP sets that do not hold what they should, with the reason: half a set in a rule that denies, or that is negated, would let pass what must not.
   * @returns the chains that closed or opened by it
   */
  setBroken(sets: ReadonlyMap<string, string>, chains: Iterable<Chain>): readonly string[] {
    if (sameEntries(sets, this.#brokenSets)) return []
    this.#brokenSets = new Map(sets)
    const changed: string[] = []
    for (const chain of chains) {
      const before = this.#closed.get(chain.name)
      const reason = this.#brokenSetIn(chain)
      // one that the kernel refused for its own sake is not to be tried again while its set is broken: it might be taken
      if (reason === before?.reason || (reason === undefined && before?.by === 'kernel')) continue
      changed.push(chain.name)
      if (reason === undefined) this.#closed.delete(chain.name)
      else this.#closed.set(chain.name, { reason, by: 'set' })
    }
    return changed
  }

  #brokenSetIn({ rules }: Chain): string | undefined {
    for (const { match } of rules) {
      for (const one of match) {
        const reason = 'set' in one ? this.#brokenSets.get(one.set) : undefined
        if ('set' in one && reason !== undefined) return `IP set ${one.set}: ${reason}`
      }
    }
    return undefined
  }
}

/** In nat nothing can be dropped, and nothing is let pass either: there it only does nothing. */
export function closedRules(reason: string, table: TableName): readonly Rule[] {
  const [words = ''] = reason.split(' in "-A ') // the kernel's, without the rule
  return [{ match: [], action: { type: table === 'nat' ? 'return' : 'drop' }, comment: `closed, not programmed: ${words}`.slice(0, 180) }]
}

function sameEntries(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return a.size === b.size && [...a].every(([key, value]) => b.get(key) === value)
}
