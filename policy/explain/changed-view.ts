import { isEndpointSlice } from '../../src/model/endpoint-slice.ts'
import { type Resource, type ResourceRef, refOf } from '../../src/model/resource.ts'
import type { IpAddress } from '../../src/net/address.ts'
import type { SelectorTerm } from '../effective-selector.ts'
import type { AppliedHost } from '../host/host-places.ts'
import { appliedAt, appliedOn } from '../host/host-scope.ts'
import { inheritanceOf } from '../inherited-labels.ts'
import type { Labels } from '../label-index.ts'
import type { Direction } from '../names.ts'
import { comparePolicies, type Policy } from '../policy.ts'
import type { PolicyActions } from '../policy-actions.ts'
import { profileOf } from '../profiles.ts'
import { policyOf } from '../read-policy.ts'
import { resourceKey } from '../resource-key.ts'
import type { Profile } from '../rule-chains.ts'
import { matches } from '../selector/evaluate.ts'
import { type ServiceName, type ServiceSlice, sliceOf } from '../sets/service-slices.ts'
import { setItemOf } from '../sets/set-item.ts'
import { type Tier, tierOf } from '../tiers.ts'
import type { AllowedTunnels } from '../workload-tunnels.ts'
import { AddressIndex } from './address-index.ts'
import { ChangedHosts } from './changed-hosts.ts'
import { type FoundHost, type Holder, holderOf, type PolicyView, type TierPolicies } from './explain-ends.ts'
import { foundHost } from './found-host.ts'
import { type GraphParts, type GraphView, inTiers } from './graph-view.ts'

/** @property resource checked, with defaults filled in */
export type PolicyChange = { readonly type: 'put'; readonly resource: Resource } | { readonly type: 'delete'; readonly ref: ResourceRef }

/** A graph as it would be after some changes: what they touch is looked up here, all else there. Neither is changed by it. */
export class ChangedView implements PolicyView {
  readonly #base: GraphView
  readonly #parts: GraphParts
  /** By key; undefined: deleted. */
  readonly #resources = new Map<string, Resource | undefined>()
  readonly #policies = new Map<string, Policy | undefined>()
  readonly #addresses = new AddressIndex()
  readonly #slices: ServiceSlice[] = []
  /** Of namespaces, service accounts and profiles, by parent. */
  readonly #handedDown = new Map<string, Labels>()
  readonly #selecting = new Map<string, readonly Policy[]>()
  /** Of everybody whose labels may be others. */
  readonly #labels = new Map<string, Labels>()
  /** The host endpoints of this node. */
  readonly hosts: ChangedHosts

  constructor(base: GraphView, parts: GraphParts, changes: readonly PolicyChange[]) {
    this.#base = base
    this.#parts = parts
    for (const change of changes) this.#change(change)
    for (const key of this.#resources.keys()) this.#relabel(key)
    for (const parent of this.#handedDown.keys()) for (const id of parts.labels.childrenOf(parent)) this.#relabel(id)
    this.hosts = new ChangedHosts(parts.hosts, {
      nodeName: base.nodeName,
      resources: this.#resources,
      changedLabelsOf: (id) => this.#labels.get(id),
      labelsOf: (id) => parts.labels.labelsOf(id),
    })
  }

  get nodeName(): string {
    return this.#base.nodeName
  }

  get toHost(): PolicyActions['toHost'] {
    return this.#base.toHost
  }

  get tunnels(): AllowedTunnels {
    return this.#base.tunnels
  }

  /** Before and after, of each policy that is another. */
  get changedPolicies(): readonly (readonly [before: Policy | undefined, after: Policy | undefined])[] {
    return [...this.#policies].map(([key, after]) => [this.#parts.locals.policy(key), after])
  }

  /** Endpoints and network sets that are other ones, or whose labels are others. */
  get changedHolders(): ReadonlySet<string> {
    return new Set(this.#labels.keys())
  }

  /** Whether any of it is a policy, tier or profile. */
  get isAboutPolicies(): boolean {
    return this.#policies.size > 0 || [...this.#resources.keys()].some((key) => /^projectcalico\.org (Tier|Profile) /.test(key))
  }

  /** Resources that are others, as they would be; undefined: deleted. */
  get changedResources(): ReadonlyMap<string, Resource | undefined> {
    return this.#resources
  }

  holdersOf(address: IpAddress): readonly Holder[] {
    const kept = this.#base.holdersOf(address).filter(({ id }) => !this.#resources.has(id))
    return [...kept, ...this.#addresses.at(address).flatMap((id) => this.holder(id) ?? [])]
  }

  holder(id: string): Holder | undefined {
    if (!this.#resources.has(id)) return this.#base.holder(id)
    const resource = this.#resources.get(id)
    return resource && holderOf(id, resource, () => this.#labels.get(id) ?? new Map())
  }

  tiersOf({ id }: Holder, direction: Direction): readonly TierPolicies[] {
    const enforced = this.#policiesOf(id).filter(({ staged }) => !staged)
    return inTiers((name) => this.#tier(name), enforced, direction)
  }

  /** What is only tried is told of what is, not of what may be. */
  pendingTiersOf(): undefined {
    return undefined
  }

  hostAt(address: IpAddress): FoundHost | undefined {
    return this.#found(appliedAt(this.hosts, address))
  }

  hostOn(interfaceName: string): FoundHost | undefined {
    return this.#found(appliedOn(this.hosts, interfaceName))
  }

  profileOf(name: string): Profile | undefined {
    const key = calicoKey('Profile', name)
    return this.#resources.has(key) ? profileOf(name, this.#resources.get(key)) : this.#base.profileOf(name)
  }

  selects(term: SelectorTerm, holder: Holder): boolean {
    const labels = this.#labels.get(holder.id)
    return labels === undefined ? this.#base.selects(term, holder) : matches(term.selector, labels)
  }

  slicesOf(service: ServiceName): readonly ServiceSlice[] {
    const kept = [...this.#parts.sets.slicesOf(service)].flatMap(([id, slice]) => (this.#resources.has(id) ? [] : slice))
    return [...kept, ...this.#slices.filter((slice) => slice.service === service)]
  }

  #found(applied: AppliedHost | undefined): FoundHost | undefined {
    const resource = (key: string) => (this.#resources.has(key) ? this.#resources.get(key) : this.#parts.resources.get(key))
    return foundHost(applied, { failsafe: this.#parts.failsafe, resource, policyOfId: this.hosts.policyOfId })
  }

  #change(change: PolicyChange): void {
    const ref = change.type === 'put' ? refOf(change.resource) : change.ref
    const key = resourceKey(ref)
    const resource = change.type === 'put' ? change.resource : undefined
    const before = this.#parts.resources.get(key)
    this.#resources.set(key, resource)
    const known = resource ?? before
    const inheritance = known && inheritanceOf(known)
    if (inheritance !== undefined) this.#handedDown.set(inheritance.parent, resource === undefined ? new Map() : inheritance.labels)
    const written = resource && policyOf(resource)
    // One for a stage before routing is not for workloads.
    const policy = written?.stage === undefined ? written : undefined
    if (policy !== undefined || this.#parts.locals.policy(key) !== undefined) this.#policies.set(key, policy)
    const slice = resource && isEndpointSlice(resource) ? sliceOf(resource) : undefined
    if (slice !== undefined) this.#slices.push(slice)
    const item = resource && setItemOf(resource)
    if (item !== undefined)
      this.#addresses.add(
        key,
        item.members.map(({ text }) => text),
      )
  }

  #relabel(id: string): void {
    const { labels, sets } = this.#parts
    const resource = this.#resources.has(id) ? this.#resources.get(id) : this.#parts.resources.get(id)
    if (resource !== undefined && setItemOf(resource) !== undefined) this.#labels.set(id, labels.labelsIf(resource, this.#handedDown))
    else if (sets.itemOf(id) !== undefined) this.#labels.set(id, new Map())
  }

  /** Looked up once: the same ends are asked about again and again. */
  #policiesOf(id: string): readonly Policy[] {
    const policies = this.#selecting.get(id) ?? this.#policiesSelecting(id)
    this.#selecting.set(id, policies)
    return policies
  }

  #policiesSelecting(id: string): readonly Policy[] {
    const { locals, labels } = this.#parts
    const changed = this.#labels.get(id)
    const base = changed === undefined ? locals.policiesOf(id, () => labels.labelsOf(id)) : locals.policiesFor(changed)
    const own = changed ?? (this.#policies.size === 0 ? new Map<string, string>() : labels.labelsOf(id))
    const added = [...this.#policies.values()].filter((policy) => policy !== undefined && matches(policy.subject.selector, own))
    return [...base.filter(({ key }) => !this.#policies.has(key)), ...added.flatMap((policy) => policy ?? [])].toSorted(comparePolicies)
  }

  #tier(name: string): Tier {
    const key = calicoKey('Tier', name)
    return this.#resources.has(key) ? tierOf(name, this.#resources.get(key)) : this.#parts.locals.tier(name)
  }
}

function calicoKey(kind: string, name: string): string {
  return resourceKey({ group: 'projectcalico.org', kind, namespace: '', name })
}
