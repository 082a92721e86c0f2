import type { Resource } from '../../src/model/resource.ts'
import type { IpAddress } from '../../src/net/address.ts'
import type { SelectorTerm } from '../effective-selector.ts'
import type { FailsafePorts } from '../host/failsafe.ts'
import type { HostEndpoints } from '../host/host-endpoints.ts'
import type { AppliedHost } from '../host/host-places.ts'
import { appliedAt, appliedOn } from '../host/host-scope.ts'
import type { InheritedLabels } from '../inherited-labels.ts'
import type { LocalEndpoints } from '../local-endpoints.ts'
import type { Direction } from '../names.ts'
import type { Policy } from '../policy.ts'
import type { PolicyActions } from '../policy-actions.ts'
import type { Profile } from '../rule-chains.ts'
import { matches } from '../selector/evaluate.ts'
import type { IpSetStore } from '../sets/ip-set-store.ts'
import type { ServiceName, ServiceSlice } from '../sets/service-slices.ts'
import { compareTiers, type Tier } from '../tiers.ts'
import type { AllowedTunnels } from '../workload-tunnels.ts'
import type { AddressIndex } from './address-index.ts'
import { type FoundHost, type Holder, holderOf, type PolicyView, type TierPolicies } from './explain-ends.ts'
import { foundHost } from './found-host.ts'

export type GraphParts = {
  readonly nodeName: string
  readonly toHost: PolicyActions['toHost']
  readonly tunnels: () => AllowedTunnels
  readonly resources: ReadonlyMap<string, Resource>
  readonly addresses: AddressIndex
  readonly labels: InheritedLabels
  readonly sets: IpSetStore
  readonly locals: LocalEndpoints
  readonly hosts: HostEndpoints
  readonly failsafe: FailsafePorts
}

/** So many endpoints at most. */
const mostRemembered = 4_096

/** A graph as explanations read it: the indexes from which its chains and sets are rendered. */
export class GraphView implements PolicyView {
  readonly #parts: GraphParts
  /** The policies of endpoints asked about since the last change: flows come again and again from the same. */
  readonly #selecting = new Map<string, readonly Policy[]>()

  constructor(parts: GraphParts) {
    this.#parts = parts
  }

  get nodeName(): string {
    return this.#parts.nodeName
  }

  get toHost(): PolicyActions['toHost'] {
    return this.#parts.toHost
  }

  get tunnels(): AllowedTunnels {
    return this.#parts.tunnels()
  }

  holdersOf(address: IpAddress): readonly Holder[] {
    return this.#parts.addresses.at(address).flatMap((id) => this.holder(id) ?? [])
  }

  holder(id: string): Holder | undefined {
    const resource = this.#parts.resources.get(id)
    return resource && holderOf(id, resource, () => this.#parts.labels.labelsOf(id))
  }

  tiersOf(endpoint: Holder, direction: Direction): readonly TierPolicies[] {
    const enforced = this.#policiesOf(endpoint).filter(({ staged }) => !staged)
    return inTiers((name) => this.#parts.locals.tier(name), enforced, direction)
  }

  pendingTiersOf(endpoint: Holder, direction: Direction): readonly TierPolicies[] | undefined {
    const { locals } = this.#parts
    if (!locals.hasStaged) return undefined
    const policies = this.#policiesOf(endpoint).filter((policy) => policy[direction] !== undefined)
    const pending = policies.filter(({ key }) => !locals.isReplaced(key))
    const isSame = pending.length === policies.length && !pending.some(({ staged }) => staged)
    return isSame ? undefined : inTiers((name) => locals.tier(name), pending, direction)
  }

  hostAt(address: IpAddress): FoundHost | undefined {
    return this.#found(appliedAt(this.#parts.hosts, address))
  }

  hostOn(interfaceName: string): FoundHost | undefined {
    return this.#found(appliedOn(this.#parts.hosts, interfaceName))
  }

  profileOf(name: string): Profile | undefined {
    return this.#parts.locals.profile(name)
  }

  /** From the IP set of the selector where rules of this node name it; nobody else keeps count of whom it means. */
  selects(term: SelectorTerm, { id, labels }: Holder): boolean {
    return this.#parts.sets.membersOf(term)?.has(id) ?? matches(term.selector, labels())
  }

  slicesOf(service: ServiceName): readonly ServiceSlice[] {
    return [...this.#parts.sets.slicesOf(service)].map(([, slice]) => slice)
  }

  /** What was looked up is looked up anew: something was put or deleted. */
  forget(): void {
    this.#selecting.clear()
  }

  #found(applied: AppliedHost | undefined): FoundHost | undefined {
    const { hosts, failsafe, resources } = this.#parts
    return foundHost(applied, { failsafe, resource: (key) => resources.get(key), policyOfId: (id) => hosts.policyOfId(id) })
  }

  #policiesOf({ id, labels }: Holder): readonly Policy[] {
    const known = this.#selecting.get(id)
    if (known !== undefined) return known
    const policies = this.#parts.locals.policiesOf(id, labels)
    if (this.#selecting.size >= mostRemembered) this.#selecting.clear()
    this.#selecting.set(id, policies)
    return policies
  }
}

/** Those with rules in the direction, by tier. @param policies in order */
export function inTiers(tierOf: (name: string) => Tier, policies: readonly Policy[], direction: Direction): readonly TierPolicies[] {
  const byTier = Map.groupBy(
    policies.filter((policy) => policy[direction] !== undefined),
    ({ tier }) => tier,
  )
  const tiers = [...byTier].map(([name, own]): TierPolicies => ({ tier: tierOf(name), policies: own }))
  return tiers.toSorted((a, b) => compareTiers(a.tier, b.tier))
}
