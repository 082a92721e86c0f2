import { type Prefix, parsePrefix } from '../../src/net/prefix.ts'
import type { FilterRule } from '../speaker-policy.ts'
import type { AddressFamily } from '../wire/message.ts'
import { CompiledRule, type FilteredRoute } from './filter-rule.ts'
import { byPosition, PrefixIndex } from './prefix-index.ts'

/** Rules that ask for one prefix, in their order. */
type RulesOfPrefix = { readonly prefix: Prefix; readonly inside: CompiledRule[]; readonly equal: CompiledRule[] }

/** A rule for all prefixes but some, or for all. */
type WideRule = { readonly rule: CompiledRule; readonly except: Prefix | undefined; readonly inside: boolean }

/**
 * The rules of a BGPFilter for one direction and family. Those which ask for a prefix are found by it: a route is compared with the rules
 * whose prefix contains its own, and with those without a prefix, but not with the others, however many they are.
 */
export class RuleList {
  readonly #index: PrefixIndex
  readonly #byPlace: readonly RulesOfPrefix[]
  readonly #wide: readonly WideRule[]

  constructor(rules: readonly FilterRule[], family: AddressFamily) {
    const byCidr = new Map<string, RulesOfPrefix>()
    const wide: WideRule[] = []
    for (const [order, rule] of rules.entries()) {
      const compiled = new CompiledRule(rule, order)
      const { cidr, operator = 'not-in' } = rule.prefix ?? {}
      const prefix = cidr === undefined ? undefined : known(cidr)
      if (prefix === undefined || operator === 'not-in' || operator === 'not-equal') {
        wide.push({ rule: compiled, except: prefix, inside: operator === 'not-in' })
        continue
      }
      const entry = byCidr.get(prefix.key) ?? { prefix, inside: [], equal: [] }
      byCidr.set(prefix.key, entry)
      entry[operator === 'in' ? 'inside' : 'equal'].push(compiled)
    }
    this.#byPlace = [...byCidr.values()].toSorted((a, b) => byPosition(a.prefix, b.prefix))
    this.#index = new PrefixIndex(
      this.#byPlace.map(({ prefix }) => prefix),
      family === 'ipv4-unicast' ? 4 : 16,
    )
    this.#wide = wide
  }

  /** Whether no route can match. */
  get isEmpty(): boolean {
    return this.#byPlace.length === 0 && this.#wide.length === 0
  }

  /** The first rule that matches the route. */
  match(route: FilteredRoute): CompiledRule | undefined {
    let first: CompiledRule | undefined
    const { bytes, length } = route
    for (let place = this.#index.find(bytes, length); place >= 0; place = this.#index.around(place)) {
      const { inside, equal } = this.#byPlace[place] as RulesOfPrefix
      first = firstMatch(inside, route, first)
      if (this.#index.lengthOf(place) === length) first = firstMatch(equal, route, first)
    }
    for (const wide of this.#wide) {
      if (first !== undefined && first.order < wide.rule.order) break
      if (!isExcepted(wide, bytes, length) && wide.rule.matches(route)) return wide.rule
    }
    return first
  }

  /** Every rule that matches the route, in their order. */
  all(route: FilteredRoute): readonly CompiledRule[] {
    const found = this.#wide
      .filter((wide) => !isExcepted(wide, route.bytes, route.length) && wide.rule.matches(route))
      .map(({ rule }) => rule)
    for (let place = this.#index.find(route.bytes, route.length); place >= 0; place = this.#index.around(place)) {
      const { inside, equal } = this.#byPlace[place] as RulesOfPrefix
      const asked = this.#index.lengthOf(place) === route.length ? [...inside, ...equal] : inside
      found.push(...asked.filter((rule) => rule.allowsLength(route.length) && rule.matches(route)))
    }
    return found.sort((a, b) => a.order - b.order)
  }
}

/** The first of these that matches, if it comes before `found`; else `found`. */
function firstMatch(rules: readonly CompiledRule[], route: FilteredRoute, found: CompiledRule | undefined): CompiledRule | undefined {
  for (const rule of rules) {
    if (found !== undefined && found.order < rule.order) break
    if (rule.allowsLength(route.length) && rule.matches(route)) return rule
  }
  return found
}

/** Whether the prefix is what the rule leaves out: its lengths count for what it names. */
function isExcepted({ rule, except, inside }: WideRule, bytes: Uint8Array, length: number): boolean {
  if (except === undefined || !rule.allowsLength(length)) return false
  if (inside ? length < except.length : length !== except.length) return false
  const whole = except.length >>> 3
  for (let octet = 0; octet < whole; octet++) if (except.bytes[octet] !== bytes[octet]) return false
  const rest = except.length & 7
  return rest === 0 || (((except.bytes[whole] as number) ^ (bytes[whole] as number)) & (0xff00 >> rest) & 0xff) === 0
}

/** Callers pass canonical CIDRs: anything else is our bug. */
function known(cidr: string): Prefix & { readonly key: string } {
  const prefix = parsePrefix(cidr)
  if (prefix === undefined) throw new Error(`"${cidr}" was taken for a canonical CIDR`)
  return { ...prefix, key: cidr }
}
