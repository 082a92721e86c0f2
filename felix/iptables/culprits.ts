/** Which of many chains the kernel refuses: its word is about one rule, and the transaction is about all of them. */
import type { TableChange } from './chains-text.ts'

/**
 * Why a write was refused.
 *
 * @property culprits the chains whose rules the tool named, where it did
 * @property isGeneral it is not about what was written: no chain is to blame
 * @property waited it gave up behind the lock of another program
 */
export type WriteRefusal = {
  readonly reason: string
  readonly culprits: readonly string[]
  readonly isGeneral: boolean
  readonly waited?: true
}

/** Writes these chains with their own rules, in one transaction; undefined: the kernel took them. */
export type WriteChains = (names: readonly string[]) => Promise<WriteRefusal | undefined>

/** Each write may take a third of a second where tables are large. */
const MOST_WRITES = 48

/**
 * Writes chains in ever smaller parts until each is in the kernel or known to be refused. With a few culprits among n chains some
 * log2(n) writes each; where that takes too many, what is left counts as refused.
 *
 * @returns why, by chain; undefined: no chain is to blame
 */
export async function findCulprits(
  names: readonly string[],
  write: WriteChains,
  mostWrites = MOST_WRITES,
): Promise<ReadonlyMap<string, string> | undefined> {
  const culprits = new Map<string, string>()
  let writes = 0
  /** Gives whether it makes sense to go on. */
  const search = async (some: readonly string[]): Promise<boolean> => {
    if (some.length === 0) return true
    if (writes >= mostWrites) {
      for (const name of some) culprits.set(name, 'not written: one of these chains is refused, and there was no time to find out which')
      return true
    }
    writes += 1
    const refusal = await write(some)
    if (refusal === undefined) return true
    if (refusal.isGeneral) return false
    const named = refusal.culprits.filter((name) => some.includes(name))
    const blamed = named.length === 0 && some.length === 1 ? some : named
    for (const name of blamed) culprits.set(name, refusal.reason)
    if (blamed.length > 0) return search(some.filter((name) => !culprits.has(name)))
    const middle = Math.ceil(some.length / 2)
    return (await search(some.slice(0, middle))) && (await search(some.slice(middle)))
  }
  return (await search(names)) ? culprits : undefined
}

/** The chains whose lines in the input a tool named: "line 5: RULE_APPEND failed", "Error occurred at line: 5". */
export function chainsNamed(stderr: string, input: string): string[] {
  const lines = input.split('\n')
  const named = [...stderr.matchAll(/line:? (\d+)/g)].map(([, number]) => /^-A (\S+)/.exec(lines[Number(number) - 1] ?? '')?.[1])
  return [...new Set(named)].filter((name) => name !== undefined)
}

/** No hook, and no chain but these. */
export function onlyRewriting(rewritten: readonly string[]): TableChange {
  return { rewritten, removed: [], flushed: [], hooks: [] }
}
