/** One endpoint as its two chains: what is asked of a packet towards it and from it (resource reference §6.2.1). */
import type { Action, Chain, Rule } from '../felix/kernel.ts'
import type { Family } from '../src/net/address.ts'
import type { Cidr } from '../src/net/prefix.ts'
import type { Marks } from './marks.ts'
import { type Direction, endpointChainName, policyChainName, profileChainName } from './names.ts'
import type { PacketChecks } from './packet-checks.ts'
import { clearBits, hasBits, lacksBits } from './rule-chains.ts'
import { sourceCheck } from './source-check.ts'
import type { CheckDrops } from './verdict-chains.ts'

/** @property policies ids of those that select the endpoint in the direction, in order; never empty */
export type AppliedTier = { readonly name: string; readonly defaultAction: 'Deny' | 'Pass'; readonly policies: readonly string[] }

/**
 * @property profiles in order; `known: false` drops: what a missing profile would have said is not ours to guess
 * @property sources all that it may send from
 */
export type LocalEndpoint = {
  readonly interfaceName: string
  readonly sources: readonly Cidr[]
  readonly tiers: Readonly<Record<Direction, readonly AppliedTier[]>>
  readonly profiles: readonly { readonly name: string; readonly known: boolean }[]
}

/** @property denied what becomes of a packet that no policy, or no profile, allowed @property drops of those that none is asked about */
export type EndpointOptions = {
  readonly families: readonly Family[]
  readonly marks: Marks
  readonly denied: Action
  readonly drops: CheckDrops
  readonly checks: Pick<PacketChecks, 'dropInvalid'>
}

export function endpointChains(endpoint: LocalEndpoint, options: EndpointOptions): readonly Chain[] {
  const { interfaceName, sources } = endpoint
  return options.families.flatMap((family): readonly Chain[] => {
    const { rules, chains } = sourceCheck(interfaceName, sources, family, options.drops.spoofed)
    return [directionChain(endpoint, 'ingress', family, [], options), directionChain(endpoint, 'egress', family, rules, options), ...chains]
  })
}

function directionChain(
  endpoint: LocalEndpoint,
  direction: Direction,
  family: Family,
  before: readonly Rule[],
  { marks, denied, drops, checks }: EndpointOptions,
): Chain {
  const rules = [
    ...before,
    ...firstRules(checks, drops),
    ...tierRules(endpoint.tiers[direction], direction, marks, denied),
    ...profileRules(endpoint, direction, marks, denied),
  ]
  return { family, table: 'filter', name: endpointChainName(direction, endpoint.interfaceName), rules }
}

/**
 * ACCEPT of established traffic is terminal on purpose: a connection is only confirmed once its first packet has passed the
 * chains of both ends, so it is established for both, and only that packet pays for the walk.
 */
function firstRules(checks: EndpointOptions['checks'], drops: CheckDrops): readonly Rule[] {
  return [
    { match: [{ type: 'conntrack', states: ['RELATED', 'ESTABLISHED'] }], action: { type: 'accept' } },
    ...invalidRules(checks, drops.invalid),
  ]
}

/** What belongs to no connection that conntrack can make sense of. */
export function invalidRules({ dropInvalid }: EndpointOptions['checks'], drop: Action): readonly Rule[] {
  return dropInvalid ? [{ match: [{ type: 'conntrack', states: ['INVALID'] }], action: drop }] : []
}

/**
 * What has a verdict is asked of no further policy, and leaves at the next look: one after each of a few policies is dearer for those that
 * are asked in vain than some matches of a mark for those that are not.
 */
const policiesToLook = 5

/** Clears the marks of elsewhere, and of the tier before. */
export function tierRules(tiers: readonly AppliedTier[], direction: Direction, { accept, pass }: Marks, denied: Action): readonly Rule[] {
  const both = clearBits((accept | pass) >>> 0)
  if (tiers.length === 0) return [{ match: [], action: both }]
  return tiers.flatMap((tier, index): Rule[] => {
    const start: Rule = { match: [], action: index === 0 ? both : clearBits(pass), comment: `Start of tier ${tier.name}` }
    const end: Rule = {
      match: [lacksBits(pass)],
      action: denied,
      comment: `End of tier ${tier.name}. Drop if no policies passed packet`,
    }
    return [start, ...policyJumps(tier, direction, { accept, pass }), ...(tier.defaultAction === 'Deny' ? [end] : [])]
  })
}

/** Of packets with neither mark. */
function policyJumps({ policies }: AppliedTier, direction: Direction, { accept, pass }: Marks): readonly Rule[] {
  const undecided = lacksBits((accept | pass) >>> 0)
  return policies.flatMap((id, index): Rule[] => {
    const ask: Rule = { match: index === 0 ? [] : [undecided], action: { type: 'jump', chain: policyChainName(direction, id) } }
    const isLook = (index + 1) % policiesToLook === 0 || index === policies.length - 1
    return isLook ? [ask, { match: [hasBits(accept)], action: { type: 'return' }, comment: 'Return if policy accepted' }] : [ask]
  })
}

export function profileRules(
  { profiles }: Pick<LocalEndpoint, 'profiles'>,
  direction: Direction,
  { accept }: Marks,
  denied: Action,
): readonly Rule[] {
  const unknown = profiles.findIndex(({ known }) => !known)
  const asked = unknown === -1 ? profiles : profiles.slice(0, unknown)
  const rules = asked.flatMap(({ name }): Rule[] => [
    { match: [], action: { type: 'jump', chain: profileChainName(direction, name) } },
    { match: [hasBits(accept)], action: { type: 'return' } },
  ])
  const comment = unknown === -1 ? 'Drop if no profiles matched' : `Drop, profile ${profiles[unknown]?.name} does not exist`
  return [...rules, { match: [], action: denied, comment: comment.slice(0, 180) }]
}
