/** Routes and rules for the tests of this room. */
import { type Cidr, parsePrefix } from '../../src/net/prefix.ts'
import type { FilterRule, PrefixMatch, RouteFilter } from '../speaker-policy.ts'
import type { PathAttributes } from '../wire/path-attributes.ts'
import type { FilteredRoute } from './filter-rule.ts'

export const plain: PathAttributes = { origin: 0, asPath: [], nextHop: Uint8Array.of(10, 0, 0, 2), unknown: [] }

/** An AS path of one sequence, "65001 7". */
export function path(text: string): PathAttributes['asPath'] {
  return [{ type: 'sequence', asNumbers: text.split(' ').map(Number) }]
}

/** A learned route of an external peer, but for what is said. */
export function route(prefix: string, attributes: Partial<PathAttributes> = {}, over: Partial<FilteredRoute> = {}): FilteredRoute {
  const parsed = parsePrefix(prefix)
  if (parsed === undefined) throw new Error(`"${prefix}" is no prefix`)
  const { bytes, length } = parsed
  return {
    bytes,
    length,
    set: { attributes: { ...plain, ...attributes } },
    external: true,
    learned: true,
    interfaceName: () => undefined,
    ...over,
  }
}

/** "in 10.0.0.0/8", "equal 10.0.0.0/8 0-32": lengths from its own to the longest unless it says others. */
export function matching(text: string): { readonly prefix: PrefixMatch } {
  const [operator, cidr = '', lengths = ''] = text.split(' ')
  const own = Number(cidr.split('/')[1])
  const [min = own, max = cidr.includes(':') ? 128 : 32] = lengths === '' ? [] : lengths.split('-').map(Number)
  return { prefix: { cidr: cidr as Cidr, operator: operator as PrefixMatch['operator'], minLength: min, maxLength: max } }
}

export const accept = { action: 'accept' } as const
export const reject = { action: 'reject' } as const

/** A filter with the same IPv4 rules in both directions. */
export function filter(name: string, rules: readonly FilterRule[]): RouteFilter {
  const lists = { 'ipv4-unicast': rules, 'ipv6-unicast': [] }
  return { name, import: lists, export: lists }
}
