import type { Community, FilterRule } from '../speaker-policy.ts'
import type { PathAttributes } from '../wire/path-attributes.ts'
import { InterfacePattern } from './interface-pattern.ts'
import { type Modification, modificationOf } from './modification.ts'
import { priorityOf } from './priority.ts'

/** What a rule looks at. One object is filled again for each route. */
export type FilteredRoute = {
  /** The prefix's whole address, 4 or 16 octets, host bits zero. */
  bytes: Uint8Array
  length: number
  /** Decoded only if a rule asks. */
  set: { readonly attributes: PathAttributes }
  /** Whether the peer that it comes from, or goes to, is external. */
  external: boolean
  /** false: this node originates it. */
  learned: boolean
  /** The outgoing interface of its next hop. */
  interfaceName: () => string | undefined
}

/** A rule of a BGPFilter, but for its prefix, which `RuleList` looks up. */
export class CompiledRule {
  /** Its place in the list. */
  readonly order: number
  readonly accepts: boolean
  readonly modification: Modification
  readonly #rule: FilterRule
  readonly #interface: InterfacePattern | undefined

  constructor(rule: FilterRule, order: number) {
    this.order = order
    this.accepts = rule.action === 'accept'
    this.modification = modificationOf(rule.operations ?? [])
    this.#rule = rule
    this.#interface = rule.interface === undefined ? undefined : new InterfacePattern(rule.interface)
  }

  /** What its prefix condition says of lengths; the prefixes themselves have been compared. */
  allowsLength(length: number): boolean {
    const { prefix } = this.#rule
    return prefix === undefined || (length >= prefix.minLength && length <= prefix.maxLength)
  }

  /** Whether all conditions but that on the prefix hold. */
  matches(route: FilteredRoute): boolean {
    const { community, asPathPrefix, peerType, learned, priority } = this.#rule
    if (peerType !== undefined && (peerType === 'eBGP') !== route.external) return false
    if (learned === true && !route.learned) return false
    if (community !== undefined && !hasCommunity(route.set.attributes, community)) return false
    if (asPathPrefix !== undefined && !beginsWith(route.set.attributes, asPathPrefix)) return false
    if (priority !== undefined && priority !== priorityOf(route.set.attributes.localPref)) return false
    return this.#interface === undefined || this.#interface.matches(route.interfaceName())
  }
}

function hasCommunity(attributes: PathAttributes, community: Community): boolean {
  if (typeof community === 'number') return attributes.communities?.includes(community) ?? false
  const [a, b, c] = community
  return attributes.largeCommunities?.some(([x, y, z]) => x === a && y === b && z === c) ?? false
}

/** A set ends the comparison: its order means nothing. */
function beginsWith({ asPath }: PathAttributes, prefix: readonly number[]): boolean {
  let matched = 0
  for (const { type, asNumbers } of asPath) {
    if (type !== 'sequence') return false
    for (const asNumber of asNumbers) {
      if (asNumber !== prefix[matched]) return false
      if (++matched === prefix.length) return true
    }
  }
  return false
}
