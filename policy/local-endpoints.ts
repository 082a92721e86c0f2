import type { Resource } from '../src/model/resource.ts'
import type { WorkloadEndpointSpec } from '../src/model/workload-endpoint.ts'
import { type Cidr, parseCidr } from '../src/net/prefix.ts'
import { appliedTiers } from './applied-tiers.ts'
import type { LocalEndpoint } from './endpoint-chains.ts'
import { LabelIndex, type Labels } from './label-index.ts'
import type { Direction } from './names.ts'
import { defaultChecks, type PacketChecks } from './packet-checks.ts'
import { comparePolicies, type Policy } from './policy.ts'
import { profileNames, profileOf } from './profiles.ts'
import { compareText } from './resource-key.ts'
import type { Profile } from './rule-chains.ts'
import { SetMap } from './set-map.ts'
import type { SpoofedSources } from './source-check.ts'
import { type Tier, tierOf } from './tiers.ts'

/** @property spoofed what it may send from beside its addresses */
type Endpoint = {
  readonly interfaceName: string
  readonly profiles: readonly string[]
  readonly addresses: readonly Cidr[]
  readonly spoofed: readonly Cidr[]
}

/** What must be rendered again. @property dispatch whether interfaces, or what may be spoofed on them, came or went */
export type LocalChanges = {
  readonly policies: ReadonlySet<string>
  readonly profiles: ReadonlySet<string>
  readonly interfaces: ReadonlySet<string>
  readonly dispatch: boolean
}

/** The endpoints of this node, and which policies and profiles apply to them in which order (resource reference §6.2.1). */
export class LocalEndpoints {
  readonly #nodeName: string
  readonly #allowSpoofing: boolean
  readonly #endpoints = new Map<string, Endpoint>()
  readonly #byInterface = new SetMap()
  readonly #byProfile = new SetMap()
  readonly #policies = new Map<string, Policy>()
  /** Keys of those in whose place staged ones would stand: one each. */
  readonly #replaced = new Set<string>()
  /** Interfaces on which some endpoint may have spoofed, and all that could be on them. */
  readonly #spoofing = new Set<string>()
  readonly #tiers = new Map<string, Resource>()
  readonly #profiles = new Map<string, Resource>()
  readonly #subjects = new LabelIndex((policy, endpoint) => this.#matched(policy, endpoint))
  #changes = noChanges()

  constructor(nodeName: string, { allowSpoofing }: Pick<PacketChecks, 'allowSpoofing'> = defaultChecks) {
    this.#nodeName = nodeName
    this.#allowSpoofing = allowSpoofing
  }

  /** @param resource a WorkloadEndpoint of any node; others, and those without an interface yet, have no chains here */
  putEndpoint(key: string, resource: Resource, labels: Labels): void {
    const { node, interfaceName, profiles, ipNetworks, allowSpoofedSourcePrefixes } = resource.spec as WorkloadEndpointSpec
    if (node !== this.#nodeName || interfaceName === undefined) {
      this.deleteEndpoint(key)
      return
    }
    const endpoint = {
      interfaceName,
      profiles: profileNames(profiles, resource.metadata.namespace ?? ''),
      addresses: cidrsOf(ipNetworks),
      spoofed: this.#allowSpoofing ? cidrsOf(allowSpoofedSourcePrefixes) : [],
    }
    const old = this.#endpoints.get(key)
    if (old !== undefined) this.#unlink(key, old)
    this.#endpoints.set(key, endpoint)
    this.#link(key, endpoint)
    this.relabel(key, labels)
  }

  /** The labels of an endpoint changed; nothing happens if it is not of this node. */
  relabel(key: string, labels: Labels): void {
    if (this.#endpoints.has(key)) this.#subjects.putItem(key, labels)
  }

  deleteEndpoint(key: string): void {
    const old = this.#endpoints.get(key)
    if (old === undefined) return
    this.#subjects.deleteItem(key)
    this.#unlink(key, old)
    this.#endpoints.delete(key)
  }

  putPolicy(key: string, policy: Policy): void {
    const old = this.#policies.get(key)
    this.#restage(old, policy)
    if (old !== undefined && old.subject.text !== policy.subject.text) this.#subjects.deleteSelector(key)
    this.#policies.set(key, policy)
    this.#subjects.putSelector(key, policy.subject.selector)
    this.#changes.policies.add(key)
    if (old !== undefined && standsAlike(old, policy)) return
    for (const endpoint of this.#subjects.itemsOf(key)) this.#touch(endpoint)
  }

  deletePolicy(key: string): void {
    this.#subjects.deleteSelector(key)
    this.#restage(this.#policies.get(key), undefined)
    if (this.#policies.delete(key)) this.#changes.policies.add(key)
  }

  putTier(resource: Resource): void {
    this.#tiers.set(resource.metadata.name, resource)
    this.#touchAll()
  }

  deleteTier(name: string): void {
    this.#tiers.delete(name)
    this.#touchAll()
  }

  putProfile(resource: Resource): void {
    this.#profiles.set(resource.metadata.name, resource)
    this.#touchProfile(resource.metadata.name)
  }

  deleteProfile(name: string): void {
    this.#profiles.delete(name)
    this.#touchProfile(name)
  }

  takeChanges(): LocalChanges {
    const changes = this.#changes
    this.#changes = noChanges()
    return changes
  }

  /** Of all endpoints of this node, each once, in no order. */
  interfaces(): readonly string[] {
    return [...this.#byInterface.keys()]
  }

  /** What applies on an interface. Two endpoints with one interface: the first by namespace and name has it. */
  endpointOn(interfaceName: string): LocalEndpoint | undefined {
    const { key, endpoint } = this.#holderOf(interfaceName) ?? {}
    if (key === undefined || endpoint === undefined) return undefined
    const policies = [...this.#subjects.selectorsOf(key)].flatMap((policy) => this.#policies.get(policy) ?? []).toSorted(comparePolicies)
    const tiers = (direction: Direction) => appliedTiers(policies, direction, (name) => this.tier(name))
    return {
      interfaceName,
      sources: [...endpoint.addresses, ...endpoint.spoofed],
      tiers: { ingress: tiers('ingress'), egress: tiers('egress') },
      profiles: endpoint.profiles.map((name) => ({ name, known: profileOf(name, this.#profiles.get(name)) !== undefined })),
    }
  }

  /** What workloads may send from beside their addresses, by interface in text order; interfaces without any are not in it. */
  spoofedSources(): SpoofedSources {
    const names = [...this.#spoofing].toSorted(compareText)
    const entries = names.map((name) => [name, this.#holderOf(name)?.endpoint.spoofed ?? []] as const)
    return new Map(entries.filter(([, spoofed]) => spoofed.length > 0))
  }

  /** A policy that selects some endpoint of this node; nobody needs the chains of others, or of those that are only staged. */
  activePolicy(key: string): Policy | undefined {
    const policy = this.#subjects.itemsOf(key).size > 0 ? this.#policies.get(key) : undefined
    return policy?.staged ? undefined : policy
  }

  /** A profile that some endpoint of this node lists. */
  activeProfile(name: string): Profile | undefined {
    return this.#byProfile.get(name).size > 0 ? profileOf(name, this.#profiles.get(name)) : undefined
  }

  /** The policies that select an endpoint of any node, in order. @param labels of one that is not of this node */
  policiesOf(key: string, labels: () => Labels): readonly Policy[] {
    return this.#endpoints.has(key) ? this.#inOrder([...this.#subjects.selectorsOf(key)]) : this.policiesFor(labels())
  }

  /** The policies that would select an endpoint with these labels, in order. */
  policiesFor(labels: Labels): readonly Policy[] {
    return this.#inOrder(this.#subjects.matching(labels))
  }

  policy(key: string): Policy | undefined {
    return this.#policies.get(key)
  }

  /** Of one tier, in no order. */
  policiesIn(tier: string): readonly Policy[] {
    return [...this.#policies.values()].filter((policy) => policy.tier === tier)
  }

  get hasStaged(): boolean {
    return this.#replaced.size > 0
  }

  /** Whether a staged policy would take the place of this one. */
  isReplaced(key: string): boolean {
    return this.#replaced.has(key)
  }

  tier(name: string): Tier {
    return tierOf(name, this.#tiers.get(name))
  }

  /** A profile, whether or not an endpoint lists it; undefined if nobody defined it. */
  profile(name: string): Profile | undefined {
    return profileOf(name, this.#profiles.get(name))
  }

  #inOrder(keys: readonly string[]): readonly Policy[] {
    return keys.flatMap((key) => this.#policies.get(key) ?? []).toSorted(comparePolicies)
  }

  #restage(old: Policy | undefined, policy: Policy | undefined): void {
    if (old?.replaces !== undefined) this.#replaced.delete(old.replaces)
    if (policy?.replaces !== undefined) this.#replaced.add(policy.replaces)
  }

  #holderOf(interfaceName: string): { readonly key: string; readonly endpoint: Endpoint } | undefined {
    const [key] = [...this.#byInterface.get(interfaceName)].toSorted(compareText)
    const endpoint = key === undefined ? undefined : this.#endpoints.get(key)
    return key === undefined || endpoint === undefined ? undefined : { key, endpoint }
  }

  #link(key: string, { interfaceName, profiles, spoofed }: Endpoint): void {
    if (spoofed.length > 0) this.#spoofing.add(interfaceName)
    if (this.#spoofing.has(interfaceName)) this.#changes.dispatch = true
    if (this.#byInterface.add(interfaceName, key) === 'first') this.#changes.dispatch = true
    this.#changes.interfaces.add(interfaceName)
    for (const profile of profiles) if (this.#byProfile.add(profile, key) === 'first') this.#changes.profiles.add(profile)
  }

  #unlink(key: string, { interfaceName, profiles }: Endpoint): void {
    if (this.#spoofing.has(interfaceName)) this.#changes.dispatch = true
    if (this.#byInterface.delete(interfaceName, key) === 'last') {
      this.#changes.dispatch = true
      this.#spoofing.delete(interfaceName)
    }
    this.#changes.interfaces.add(interfaceName)
    for (const profile of profiles) if (this.#byProfile.delete(profile, key) === 'last') this.#changes.profiles.add(profile)
  }

  #matched(policy: string, endpoint: string): void {
    this.#changes.policies.add(policy)
    this.#touch(endpoint)
  }

  #touch(endpoint: string): void {
    const { interfaceName } = this.#endpoints.get(endpoint) ?? {}
    if (interfaceName !== undefined) this.#changes.interfaces.add(interfaceName)
  }

  #touchAll(): void {
    for (const name of this.#byInterface.keys()) this.#changes.interfaces.add(name)
  }

  #touchProfile(name: string): void {
    this.#changes.profiles.add(name)
    for (const endpoint of this.#byProfile.get(name)) this.#touch(endpoint)
  }
}

/** Whether endpoints name both at the same place in the same directions: what their rules say is not in the endpoints' chains. */
function standsAlike(a: Policy, b: Policy): boolean {
  const sameDirections = (a.ingress === undefined) === (b.ingress === undefined) && (a.egress === undefined) === (b.egress === undefined)
  return a.id === b.id && a.tier === b.tier && a.order === b.order && sameDirections
}

function cidrsOf(nets: readonly string[] = []): readonly Cidr[] {
  return [...new Set(nets.flatMap((net) => parseCidr(net) ?? []))]
}

function noChanges() {
  return { policies: new Set<string>(), profiles: new Set<string>(), interfaces: new Set<string>(), dispatch: false }
}
