/** From interface name to endpoint chain: a tree by prefix, so that a packet sees tens of rules and not one per endpoint. */
import type { Chain, Dispatch, Match, Rule } from '../felix/kernel.ts'
import type { Family } from '../src/net/address.ts'
import { type Direction, dispatchChainName, endpointChainName } from './names.ts'
import { compareText } from './resource-key.ts'
import { unknownRules } from './verdict-chains.ts'

const maxFlat = 16

/**
 * Never empty: with no endpoint at all each tree is the end alone, which drops. The tree's root says all of it flat as well.
 * @param interfaces of our endpoints, each once @param end of each chain: what becomes of unknown interfaces
 */
export function dispatchChains(
  interfaces: readonly string[],
  families: readonly Family[],
  end: readonly Rule[] = unknownRules(undefined),
): readonly Chain[] {
  const sorted = interfaces.toSorted(compareText)
  return families.flatMap((family) =>
    (['ingress', 'egress'] as const).flatMap((direction) => {
      const [root, ...branches] = tree({ family, direction, end }, dispatchChainName(direction), sorted)
      const dispatch = flat(direction, sorted)
      return root === undefined ? [] : [{ ...root, dispatch }, ...branches.map((chain): Chain => ({ ...chain, branch: true }))]
    }),
  )
}

/** The whole tree as one lookup. */
function flat(direction: Direction, interfaces: readonly string[]): Dispatch {
  return { by: interfaceSide(direction), chains: interfaces.map((name) => [name, endpointChainName(direction, name)]) }
}

type Where = { readonly family: Family; readonly direction: Direction; readonly end: readonly Rule[] }

function tree(where: Where, name: string, interfaces: readonly string[]): readonly Chain[] {
  const { direction, family, end } = where
  const rules: Rule[] = []
  const below: Chain[] = []
  const flat = interfaces.length <= maxFlat
  const length = flat ? Number.POSITIVE_INFINITY : commonPrefixLength(interfaces) + 1
  const groups = Map.groupBy(interfaces, (interfaceName) => interfaceName.slice(0, length))
  for (const [prefix, members] of groups) {
    if (members.length === 1) rules.push(...members.map((only) => goto(direction, only, endpointChainName(direction, only))))
    else {
      const child = dispatchChainName(direction, prefix)
      rules.push(goto(direction, `${prefix}+`, child))
      below.push(...tree(where, child, members))
    }
  }
  rules.push(...end)
  return [{ family, table: 'filter', name, rules }, ...below]
}

function goto(direction: Direction, name: string, chain: string): Rule {
  return { match: [interfaceMatch(direction, name)], action: { type: 'goto', chain } }
}

/** A packet leaves the host through the interface of the endpoint it goes to. */
export function interfaceMatch(direction: Direction, name: string): Match {
  return { type: interfaceSide(direction), name }
}

function interfaceSide(direction: Direction): Dispatch['by'] {
  return direction === 'ingress' ? 'out-interface' : 'in-interface'
}

/** @param sorted more than one, in text order */
function commonPrefixLength(sorted: readonly string[]): number {
  const first = sorted[0] ?? ''
  const last = sorted.at(-1) ?? ''
  let length = 0
  while (length < first.length && first[length] === last[length]) length++
  return length
}
