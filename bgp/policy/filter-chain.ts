/** The BGPFilters of a peer in one direction, in its order, compiled. */
import type { RouteFilter } from '../speaker-policy.ts'
import type { AddressFamily } from '../wire/message.ts'
import type { CompiledRule, FilteredRoute } from './filter-rule.ts'
import { RuleList } from './rule-list.ts'

export type FilterDirection = 'import' | 'export'

/** undefined: no rule of any filter matches, so that the peer's own setting decides. */
export type FilterVerdict = CompiledRule | 'reject' | undefined

/** Rules of one filter. */
export type NamedList = { readonly name: string; readonly list: RuleList }

export class FilterChain {
  readonly #lists: readonly NamedList[]
  /** The first that there is none of. */
  readonly missing: string | undefined
  /** The filter that decided last. */
  #decider = ''

  constructor(lists: readonly NamedList[], missing: string | undefined) {
    this.#lists = lists
    this.missing = missing
  }

  /** The first filter in which a rule matches decides. Where one is missing nothing passes: what it would have refused is not known. */
  verdict(route: FilteredRoute): FilterVerdict {
    if (this.missing !== undefined) return 'reject'
    for (const { name, list } of this.#lists) {
      const rule = list.match(route)
      if (rule === undefined) continue
      this.#decider = name
      return rule
    }
    return undefined
  }

  /** Who said what `verdict` just gave: "filter tor, rule 2". */
  reason(verdict: FilterVerdict): string {
    if (verdict === 'reject' || verdict === undefined) return `filter ${this.missing} does not exist: nothing passes`
    return `filter ${this.#decider}, rule ${verdict.order + 1}`
  }
}

/** All filters there are, each list compiled when it is first asked for, and kept as long as the filter stays the same object. */
export class Filters {
  readonly #byName: ReadonlyMap<string, CompiledFilter>

  /** @param before what is the same in it is not compiled again */
  constructor(filters: readonly RouteFilter[], before?: Filters) {
    this.#byName = new Map(
      filters.map((filter) => {
        const known = before === undefined ? undefined : before.#byName.get(filter.name)
        return [filter.name, known?.filter === filter ? known : new CompiledFilter(filter)]
      }),
    )
  }

  /** @returns undefined for no names: there is nothing to ask */
  chain(names: readonly string[], direction: FilterDirection, family: AddressFamily): FilterChain | undefined {
    if (names.length === 0) return undefined
    const missing = names.find((name) => !this.#byName.has(name))
    return new FilterChain(
      names.flatMap((name) => {
        const list = this.#byName.get(name)?.list(direction, family)
        return list === undefined ? [] : [{ name, list }]
      }),
      missing,
    )
  }

  /** Whether a peer with these filters is to be looked at anew. */
  isSameFor(names: readonly string[], before: Filters): boolean {
    return names.every((name) => this.#byName.get(name) === before.#byName.get(name))
  }
}

class CompiledFilter {
  readonly filter: RouteFilter
  readonly #lists = new Map<string, RuleList>()

  constructor(filter: RouteFilter) {
    this.filter = filter
  }

  list(direction: FilterDirection, family: AddressFamily): RuleList {
    const key = `${direction} ${family}`
    const known = this.#lists.get(key)
    if (known !== undefined) return known
    const list = new RuleList(this.filter[direction][family], family)
    this.#lists.set(key, list)
    return list
  }
}
