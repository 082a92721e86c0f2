import type { LearnedNextHop } from '../peer.ts'
import { BestPath, type DecisionOptions } from './best-path.ts'
import type { FamilyTable } from './family-table.ts'
import type { NextHop } from './next-hop.ts'

/** Lists that are remembered; beyond them all are made anew. */
const mostLists = 16_384

const none: readonly LearnedNextHop[] = []

/** The next hops that share the traffic to a prefix (ECMP). Found when they are asked for: most prefixes have one path. */
export class Multipath {
  readonly #best: BestPath
  /** By the numbers of their next hops, so that equal lists are the same object. */
  readonly #lists = new Map<string, readonly LearnedNextHop[]>()

  constructor(options: DecisionOptions) {
    this.#best = new BestPath(options)
  }

  /** Of the best learned paths of a prefix; empty if there is none. The same object as long as it means the same. */
  nextHopsOf(table: FamilyTable, prefix: number): readonly LearnedNextHop[] {
    const nextHop = table.bestNextHop(prefix)
    if (nextHop === undefined) return none
    return table.isShared(prefix) ? this.#list(this.#sharers(table, prefix)) : nextHop.alone
  }

  #sharers(table: FamilyTable, prefix: number): readonly NextHop[] {
    table.gather(prefix, this.#best)
    this.#best.decide()
    return [...new Set(this.#best.multipath().flatMap((i) => this.#best.setAt(i).nextHop ?? []))]
  }

  #list(nextHops: readonly NextHop[]): readonly LearnedNextHop[] {
    const [first, second] = nextHops
    if (first === undefined) return none
    if (second === undefined) return first.alone
    const sorted = nextHops.toSorted((a, b) => a.meaning - b.meaning)
    const key = sorted.map(({ meaning }) => meaning).join()
    const known = this.#lists.get(key)
    if (known !== undefined) return known
    if (this.#lists.size >= mostLists) this.#lists.clear()
    const list = sorted.map(({ learned }) => learned)
    this.#lists.set(key, list)
    return list
  }
}
