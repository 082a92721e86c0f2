import type { Chain, Rule } from '../../felix/kernel.ts'
import { MultiMap } from '../multi-map.ts'

/** The sets that say who is kept out: rules deny their members, or allow all others. What goes from such a set may pass; what comes to any other may too. */
export class KeptOut {
  readonly #owners = new MultiMap<string, string>()
  readonly #setsOf = new Map<string, ReadonlySet<string>>()
  /** Those that were it before the change that is being made: the kernel still has their chains. */
  #before = new Set<string>()

  /** Whether the members of the set are kept out now, or were before the last change. */
  readonly by = (set: string): boolean => this.#owners.count(set) > 0 || this.#before.has(set)

  /** What is put from here on is one change. */
  begin(): void {
    this.#before = new Set()
  }

  /** Replaces what the chains of one owner say; [] when it has none any more. */
  put(owner: string, chains: readonly Chain[]): void {
    const now = new Set(chains.flatMap(({ rules }) => rules.flatMap(setsKeptOut)))
    for (const set of this.#setsOf.get(owner) ?? []) {
      if (now.has(set)) continue
      this.#owners.delete(set, owner)
      this.#before.add(set)
    }
    for (const set of now) this.#owners.add(set, owner)
    if (now.size === 0) this.#setsOf.delete(owner)
    else this.#setsOf.set(owner, now)
  }
}

function setsKeptOut({ match, action }: Rule): readonly string[] {
  if (action.type === 'log') return []
  const isMark = action.type === 'set-mark'
  return match.flatMap((one) => ('set' in one && (one.negated === true) === isMark ? [one.set] : []))
}
