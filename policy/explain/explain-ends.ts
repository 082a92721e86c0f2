/** What explaining a flow asks of a graph: who has an address, what applies to them, whom a selector means. */
import type { Resource } from '../../src/model/resource.ts'
import type { IpAddress } from '../../src/net/address.ts'
import type { SelectorTerm } from '../effective-selector.ts'
import type { FailsafePorts } from '../host/failsafe.ts'
import type { AppliedHost, HostStage } from '../host/host-places.ts'
import type { Labels } from '../label-index.ts'
import type { Direction } from '../names.ts'
import type { Policy } from '../policy.ts'
import type { PolicyActions } from '../policy-actions.ts'
import type { Profile } from '../rule-chains.ts'
import type { ServiceName, ServiceSlice } from '../sets/service-slices.ts'
import type { Tier } from '../tiers.ts'
import type { AllowedTunnels } from '../workload-tunnels.ts'

/** An endpoint or network set that has an address. @property id its resource key @property labels all that selectors see, made once */
export type Holder = { readonly id: string; readonly resource: Resource; readonly labels: () => Labels }

export function holderOf(id: string, resource: Resource, labelsOf: () => Labels): Holder {
  let labels: Labels | undefined
  return { id, resource, labels: () => (labels ??= labelsOf()) }
}

/** @property policies those that select the endpoint in the direction, in order; never empty */
export type TierPolicies = { readonly tier: Tier; readonly policies: readonly Policy[] }

/** The host endpoint that governs an interface of this node. @property tiersAt in order, of the policies asked at a stage */
export type FoundHost = {
  readonly resource: Resource
  readonly applied: AppliedHost
  readonly failsafe: FailsafePorts
  readonly tiersAt: (stage: HostStage, direction: Direction) => readonly TierPolicies[]
}

export type PolicyView = {
  readonly nodeName: string
  readonly toHost: PolicyActions['toHost']
  readonly tunnels: AllowedTunnels
  /** In no order. */
  holdersOf(address: IpAddress): readonly Holder[]
  holder(id: string): Holder | undefined
  /** In order. */
  tiersOf(endpoint: Holder, direction: Direction): readonly TierPolicies[]
  /** As it would be were staged policies enforced; undefined where that changes nothing for the endpoint. */
  pendingTiersOf(endpoint: Holder, direction: Direction): readonly TierPolicies[] | undefined
  /** The host endpoint of the interface that has an address of this node; undefined: none governs it. */
  hostAt(address: IpAddress): FoundHost | undefined
  /** The host endpoint that is asked about traffic through an interface; undefined: none is. */
  hostOn(interfaceName: string): FoundHost | undefined
  /** undefined: nobody defined it, so it drops. */
  profileOf(name: string): Profile | undefined
  selects(term: SelectorTerm, holder: Holder): boolean
  /** In no order; none of a service that nobody knows. */
  slicesOf(service: ServiceName): readonly ServiceSlice[]
}
