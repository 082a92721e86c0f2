/** One host endpoint as its chains: one for each place that something applies in (resource reference §6.3). */
import type { Action, Chain, Match, Rule } from '../../felix/kernel.ts'
import type { Family } from '../../src/net/address.ts'
import { type EndpointOptions, invalidRules, profileRules, tierRules } from '../endpoint-chains.ts'
import { hostChainName } from '../names.ts'
import type { PolicyActions } from '../policy-actions.ts'
import { clearBits, hasBits, setBits } from '../rule-chains.ts'
import { deniedIn } from '../table-actions.ts'
import { type FailsafePorts, failsafeMatches, failsafeReplies } from './failsafe.ts'
import { type AppliedHost, type HostPlace, hostPlaces, isPoliced } from './host-places.ts'

/** @property failsafe ports that stay open whatever policies say */
export type HostOptions = EndpointOptions & { readonly failsafe: FailsafePorts; readonly actions: Pick<PolicyActions, 'allowed'> }

export function hostChains(host: AppliedHost, options: HostOptions): readonly Chain[] {
  const places = hostPlaces.filter((place) => isPoliced(place, host))
  return places.flatMap((place) =>
    options.families.map((family): Chain => {
      const name = hostChainName(place.direction, place.stage === 'forward', host.interfaceName)
      return { family, table: place.table, name, rules: placeRules(host, place, family, options) }
    }),
  )
}

function placeRules(host: AppliedHost, place: HostPlace, family: Family, options: HostOptions): readonly Rule[] {
  const { stage, direction, table } = place
  const { marks } = options
  const denied = deniedIn(table, options.denied)
  const isFinal = stage === 'normal' || stage === 'forward'
  const tiers = host.tiers[stage][direction].map((tier) => (isFinal ? tier : { ...tier, defaultAction: 'Pass' as const }))
  return [
    ...connectionRules(place, options),
    ...(family === 6 && stage !== 'forward' ? neighbourRules : []),
    ...failsafeRules(place, family, options),
    ...tierRules(tiers, direction, marks, denied),
    ...(stage === 'normal' ? profileRules(host, direction, marks, denied) : []),
    ...(stage === 'forward' ? [{ match: [], action: setBits(marks.accept), comment: 'Passed by every tier' }] : []),
  ]
}

/** Before conntrack there are no connections. What is forwarded may still be for a workload that nobody knows: its acceptance is not final. */
function connectionRules({ stage, table }: HostPlace, { marks, actions, checks, drops }: HostOptions): readonly Rule[] {
  if (stage === 'doNotTrack') return []
  const established: readonly Match[] = [{ type: 'conntrack', states: ['RELATED', 'ESTABLISHED'] }]
  const last: Action = { type: table === 'filter' && stage === 'normal' ? actions.allowed : 'return' }
  return [
    ...(stage === 'forward' ? [{ match: established, action: setBits(marks.accept) }] : []),
    { match: established, action: last },
    ...invalidRules(checks, deniedIn(table, drops.invalid)),
  ]
}

/**
 * Router and neighbour discovery (RFC 4861) and multicast listener messages: without them a host has no IPv6 at all. Redirects are left
 * to policy.
 */
const neighbourRules: readonly Rule[] = [130, 131, 132, 133, 134, 135, 136, 143].map((icmpType) => ({
  match: [
    { type: 'protocol', protocol: 'icmpv6' },
    { type: 'icmp', icmpType },
  ],
  action: { type: 'return' },
}))

/** What is forwarded is not the host's. Only in the last place what is open needs a mark: before, others are still to be asked. */
function failsafeRules({ stage, direction, table }: HostPlace, family: Family, { marks, failsafe }: HostOptions): readonly Rule[] {
  if (stage === 'forward') return []
  const opening = failsafeMatches(failsafe, direction, family)
  const open = stage === 'doNotTrack' ? [...opening, ...failsafeReplies(failsafe, direction, family)] : opening
  if (open.length === 0) return []
  const comment = 'Failsafe ports'
  if (stage !== 'normal' || table !== 'filter') return open.map((match) => ({ match, action: { type: 'return' }, comment }))
  return [
    { match: [], action: clearBits(marks.accept) },
    ...open.map((match) => ({ match, action: setBits(marks.accept), comment })),
    { match: [hasBits(marks.accept)], action: { type: 'return' } },
  ]
}
