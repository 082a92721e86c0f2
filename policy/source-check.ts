/** A workload sends from its own addresses only. Beside the reverse path, which says only where answers would go: to another's as well, if a route leads there. */
import type { Action, Chain, Match, Rule } from '../felix/kernel.ts'
import { type Family, familyOf } from '../src/net/address.ts'
import type { Cidr } from '../src/net/prefix.ts'
import { sourceChainName } from './names.ts'

/** @property chains those that the rules need beside the endpoint's own */
export type SourceCheck = { readonly rules: readonly Rule[]; readonly chains: readonly Chain[] }

/** Never forwarded, and what neighbours and DHCP need. */
const linkLocal = 'fe80::/10' as Cidr
const comment = 'Source is not of this workload'

/**
 * Before anything accepts: an established connection makes a forged sender no better.
 * @param sources all that the endpoint may send from, of both families @param drop what becomes of others
 */
export function sourceCheck(interfaceName: string, sources: readonly Cidr[], family: Family, drop: Action): SourceCheck {
  if (sources.some((net) => familyOf(net) === family && net.endsWith('/0'))) return { rules: [], chains: [] }
  const own = [...sources.filter((net) => familyOf(net) === family), ...(family === 6 ? [linkLocal] : [])]
  const [only] = own
  if (only === undefined) return { rules: [{ match: [], action: drop, comment }], chains: [] }
  if (own.length === 1) return { rules: [{ match: [from(only, true)], action: drop, comment }], chains: [] }
  const name = sourceChainName(interfaceName)
  const rules: Rule[] = own.map((net) => ({ match: [from(net)], action: { type: 'return' } }))
  return {
    rules: [{ match: [], action: { type: 'jump', chain: name } }],
    chains: [{ family, table: 'filter', name, rules: [...rules, { match: [], action: drop, comment }] }],
  }
}

/** Sources that are none of an endpoint's addresses, by its interface: the reverse path is not asked about them. */
export type SpoofedSources = ReadonlyMap<string, readonly Cidr[]>

export function spoofedRules(sources: SpoofedSources, family: Family): readonly Rule[] {
  return [...sources].flatMap(([name, nets]) =>
    nets
      .filter((net) => familyOf(net) === family)
      .map(
        (net): Rule => ({
          match: [{ type: 'in-interface', name }, from(net)],
          action: { type: 'return' },
          comment: 'Allowed to be spoofed',
        }),
      ),
  )
}

function from(net: Cidr, negated = false): Match {
  return { type: 'source-net', net, ...(negated && { negated }) }
}
