import type { HostEndpointSpec } from '../../src/model/host-endpoint.ts'
import type { Resource } from '../../src/model/resource.ts'
import { LabelIndex, type Labels } from '../label-index.ts'
import { comparePolicies, type Policy } from '../policy.ts'
import { profileOf } from '../profiles.ts'
import { resourceKey } from '../resource-key.ts'
import type { Profile } from '../rule-chains.ts'
import { type Tier, tierOf } from '../tiers.ts'
import { assignHosts, type HostAssignment, type HostProblem, type InterfaceAddresses } from './host-interfaces.ts'
import type { Host, HostScope } from './host-scope.ts'

/** What must be rendered again. @property hosts whether the chains of the host endpoints themselves may be others */
export type HostChanges = { readonly policies: ReadonlySet<string>; readonly profiles: ReadonlySet<string>; readonly hosts: boolean }

export type HostEndpointsOptions = { readonly nodeName: string; readonly interfacePrefix: string }

/** The HostEndpoints of this node: which interfaces they govern, and what applies to them at each stage (resource reference §6.3, §6.5). */
export class HostEndpoints implements HostScope {
  readonly #options: HostEndpointsOptions
  readonly #hosts = new Map<string, Host>()
  readonly #policies = new Map<string, Policy>()
  readonly #tiers = new Map<string, Resource>()
  readonly #profiles = new Map<string, Resource>()
  readonly #subjects = new LabelIndex((policy) => this.#touchPolicy(policy))
  #addresses: InterfaceAddresses = new Map()
  #assignment: HostAssignment | undefined
  #changes = noChanges()

  constructor(options: HostEndpointsOptions) {
    this.#options = options
  }

  /** @param resource a HostEndpoint of any node; those of others have no chains here */
  putEndpoint(key: string, resource: Resource, labels: Labels): void {
    this.deleteEndpoint(key)
    const host = hostOf(key, resource, this.#options.nodeName)
    if (host === undefined) return
    this.#hosts.set(key, host)
    this.#subjects.putItem(key, labels)
    this.#reassign()
  }

  /** The labels of an endpoint changed; nothing happens if it is not of this node. */
  relabel(key: string, labels: Labels): void {
    if (this.#hosts.has(key)) this.#subjects.putItem(key, labels)
  }

  deleteEndpoint(key: string): void {
    const old = this.#hosts.get(key)
    if (old === undefined) return
    this.#reassign()
    this.#subjects.deleteItem(key)
    this.#hosts.delete(key)
    this.#assignment = undefined
  }

  /** Which addresses the interfaces of this node have now. */
  setAddresses(addresses: InterfaceAddresses): void {
    const before = this.governs
    this.#addresses = addresses
    this.#assignment = undefined
    const after = this.governs
    const same = before.size === after.size && [...before].every(([name, key]) => after.get(name) === key)
    if (!same) this.#reassign()
  }

  /** Policies of a namespace never select a host, and staged ones are asked by nobody. */
  putPolicy(key: string, policy: Policy): void {
    if (policy.namespace !== '' || policy.staged) return
    const old = this.#policies.get(key)
    if (old !== undefined && old.subject.text !== policy.subject.text) this.#subjects.deleteSelector(key)
    this.#policies.set(key, policy)
    this.#subjects.putSelector(key, policy.subject.selector)
    if (this.#subjects.itemsOf(key).size > 0) this.#touchPolicy(key)
  }

  deletePolicy(key: string): void {
    this.#subjects.deleteSelector(key)
    this.#policies.delete(key)
  }

  putTier(resource: Resource): void {
    this.#tiers.set(resource.metadata.name, resource)
    this.#changes.hosts = true
  }

  deleteTier(name: string): void {
    this.#tiers.delete(name)
    this.#changes.hosts = true
  }

  putProfile(resource: Resource): void {
    this.#profiles.set(resource.metadata.name, resource)
    this.#touchProfile(resource.metadata.name)
  }

  deleteProfile(name: string): void {
    this.#profiles.delete(name)
    this.#touchProfile(name)
  }

  takeChanges(): HostChanges {
    const changes = this.#changes
    this.#changes = noChanges()
    return changes
  }

  get interfacePrefix(): string {
    return this.#options.interfacePrefix
  }

  /** Of this node, by interface. */
  get addresses(): InterfaceAddresses {
    return this.#addresses
  }

  get governs(): HostAssignment['governs'] {
    return this.#assigned().governs
  }

  hosts(): readonly Host[] {
    return [...this.#hosts.values()]
  }

  host(key: string): Host | undefined {
    return this.#hosts.get(key)
  }

  policiesOf(key: string): readonly Policy[] {
    return this.#inOrder(this.#subjects.selectorsOf(key))
  }

  /** The policies that would select a host endpoint with these labels, in order. */
  policiesFor(labels: Labels): readonly Policy[] {
    return this.#inOrder(this.#subjects.matching(labels))
  }

  tier(name: string): Tier {
    return tierOf(name, this.#tiers.get(name))
  }

  hasProfile(name: string): boolean {
    return profileOf(name, this.#profiles.get(name)) !== undefined
  }

  /** @param id of a policy in tiers answered here */
  policyOfId(id: string): Policy | undefined {
    const [prefix, name] = id.split('/')
    const policy = this.#policies.get(
      resourceKey({ group: 'projectcalico.org', kind: 'GlobalNetworkPolicy', namespace: '', name: name ?? '' }),
    )
    return prefix === 'gnp' ? policy : undefined
  }

  get problems(): readonly HostProblem[] {
    return this.#assigned().problems
  }

  /** A policy that selects a host endpoint in force here. */
  activePolicy(key: string): Policy | undefined {
    const selected = this.#subjects.itemsOf(key)
    if (selected.size === 0) return undefined
    return [...this.governs.values()].some((host) => selected.has(host)) ? this.#policies.get(key) : undefined
  }

  /** A profile that a host endpoint in force here lists. */
  activeProfile(name: string): Profile | undefined {
    const isListed = [...this.governs.values()].some((key) => this.#hosts.get(key)?.profiles.includes(name))
    return isListed ? profileOf(name, this.#profiles.get(name)) : undefined
  }

  #inOrder(keys: Iterable<string>): readonly Policy[] {
    return [...keys].flatMap((key) => this.#policies.get(key) ?? []).toSorted(comparePolicies)
  }

  #assigned(): HostAssignment {
    const { interfacePrefix } = this.#options
    this.#assignment ??= assignHosts(this.#hosts.values(), this.#addresses, (name) => name.startsWith(interfacePrefix))
    return this.#assignment
  }

  /** Endpoints or addresses are others: whatever selects an endpoint of this node may be needed now, or not any more. */
  #reassign(): void {
    this.#assignment = undefined
    this.#changes.hosts = true
    for (const [key, { profiles }] of this.#hosts) {
      for (const policy of this.#subjects.selectorsOf(key)) this.#changes.policies.add(policy)
      for (const profile of profiles) this.#changes.profiles.add(profile)
    }
  }

  #touchPolicy(policy: string): void {
    this.#changes.policies.add(policy)
    this.#changes.hosts = true
  }

  #touchProfile(name: string): void {
    if (![...this.#hosts.values()].some(({ profiles }) => profiles.includes(name))) return
    this.#changes.profiles.add(name)
    this.#changes.hosts = true
  }
}

/** undefined: it is of another node. */
export function hostOf(key: string, { metadata, spec }: Resource, nodeName: string): Host | undefined {
  const { node, interfaceName, expectedIPs = [], profiles = [] } = spec as HostEndpointSpec
  if (node !== nodeName) return undefined
  return { key, name: metadata.name, expectedIPs, profiles, ...(interfaceName !== undefined && { interfaceName }) }
}

function noChanges() {
  return { policies: new Set<string>(), profiles: new Set<string>(), hosts: false }
}
