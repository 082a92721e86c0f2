import type { PortSpec, RuleAction } from '../src/model/rule-shape.ts'
import type { Family } from '../src/net/address.ts'
import type { SelectorTerm } from './effective-selector.ts'
import { compareText } from './resource-key.ts'
import type { ServiceName } from './sets/service-slices.ts'

/** One end of a rule with its selectors made whole (§6.1.2). Absent fields demand nothing. */
export type Peer = {
  readonly nets?: readonly string[]
  readonly notNets?: readonly string[]
  readonly selector?: SelectorTerm
  readonly notSelector?: SelectorTerm
  /** As a destination with its ports, as a source without. */
  readonly service?: ServiceName
  readonly ports?: readonly PortSpec[]
  readonly notPorts?: readonly PortSpec[]
}

type Icmp = { readonly type?: number; readonly code?: number }

/** @property index in the user's list of that direction, from 0; what the user wrote as one rule may be several here, with one index */
export type Rule = {
  readonly index: number
  readonly action: RuleAction
  readonly ipVersion?: Family
  readonly protocol?: string | number
  readonly notProtocol?: string | number
  readonly icmp?: Icmp
  readonly notICMP?: Icmp
  readonly source: Peer
  readonly destination: Peer
  /** Made of the rule's annotations. */
  readonly comment?: string
}

/**
 * A policy of any kind in the one form that is rendered.
 * @property id names it in chain names: kinds never clash ("gnp/web", "np/shop/web", "knp/shop/web")
 * @property order Infinity when the user gave none: last
 * @property stage where it is asked when not in its usual place: only of host endpoints, and before routing
 * @property applyOnForward of host endpoints, it is also about what is forwarded through them
 * @property ingress undefined when the policy does not apply in that direction; [] when it applies and nothing matches
 * @property staged only tried: never rendered, and no reason for its tier to deny what nobody allows (§6.7)
 * @property replaces of a staged policy: the key of the enforced one in whose place it would stand
 */
export type Policy = {
  readonly key: string
  readonly id: string
  readonly kind: string
  readonly namespace: string
  readonly name: string
  readonly tier: string
  readonly order: number
  readonly subject: SelectorTerm
  readonly stage?: 'doNotTrack' | 'preDNAT'
  readonly applyOnForward?: true
  readonly ingress?: readonly Rule[]
  readonly egress?: readonly Rule[]
  readonly staged?: true
  readonly replaces?: string
}

/** Order of policies in a tier (§6.2.1): order, name, then namespace and kind. */
export function comparePolicies(a: Policy, b: Policy): number {
  if (a.order !== b.order) return a.order < b.order ? -1 : 1
  return compareText(a.name, b.name) || compareText(a.namespace, b.namespace) || compareText(a.id, b.id)
}
