import type { Resource } from '../../src/model/resource.ts'
import type { RuleAction } from '../../src/model/rule-shape.ts'
import type { IpAddress } from '../../src/net/address.ts'
import type { Direction } from '../names.ts'

export type Verdict = 'Allow' | 'Deny'

/**
 * @property subject "NetworkPolicy shop/web", "Tier default", "Profile kns.shop", or the endpoint when nothing else decided
 * @property tier of a policy
 * @property rule 0-based index in the policy's list of the direction; absent where the whole subject is meant
 * @property mismatch the first condition of the rule that did not hold: "protocol", "source.selector"
 */
export type Step = {
  readonly direction: Direction
  readonly subject: string
  readonly tier?: string
  readonly rule?: number
  readonly outcome: RuleAction | 'no match'
  readonly mismatch?: string
}

/**
 * What one end says: the sender's egress or the receiver's ingress; or the host endpoint of an interface that the flow passes through.
 * @property local enforced by this node; the others decide by what they have stored
 * @property reached false at the receiver of what the sender may not send: what it would say
 * @property transit the flow only passes through its interface
 */
export type EndVerdict = {
  readonly direction: Direction
  /** A WorkloadEndpoint, or the HostEndpoint of an interface of this node. */
  readonly endpoint: Resource
  readonly local: boolean
  readonly reached: boolean
  readonly verdict: Verdict
  readonly steps: readonly Step[]
  readonly transit?: true
  readonly pending?: Pending
}

/** What an end would say were the staged policies that concern it enforced. */
export type Pending = { readonly verdict: Verdict; readonly steps: readonly Step[] }

/** An address that may be reached by any of some interfaces, at which not the same host endpoint is asked. @property hosts their names */
export type Unclear = { readonly address: IpAddress; readonly interfaces: readonly string[]; readonly hosts: readonly string[] }

/**
 * @property ends in the order of the way; only those that are endpoints. Without any no policy applies
 * @property unclear of whom it is not known which host endpoint is asked; absent: of nobody
 */
export type Explanation = { readonly verdict: Verdict; readonly ends: readonly EndVerdict[]; readonly unclear?: readonly Unclear[] }

/** Who sends or receives. */
export function endAt(ends: readonly EndVerdict[], direction: Direction): EndVerdict | undefined {
  return ends.find((end) => end.direction === direction && end.transit !== true)
}

/** Every step passed on the way of the packet, in order. */
export function stepsOf({ ends }: Explanation): readonly Step[] {
  return ends.flatMap(({ reached, steps }) => (reached ? steps : []))
}
