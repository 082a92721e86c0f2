/** The host endpoints of this node as they would be after some changes. */
import type { Resource } from '../../src/model/resource.ts'
import { type HostEndpoints, hostOf } from '../host/host-endpoints.ts'
import { assignHosts, type HostAssignment, type InterfaceAddresses } from '../host/host-interfaces.ts'
import type { Host, HostScope } from '../host/host-scope.ts'
import type { Labels } from '../label-index.ts'
import { comparePolicies, type Policy } from '../policy.ts'
import { profileOf } from '../profiles.ts'
import { policyOf } from '../read-policy.ts'
import { resourceKey } from '../resource-key.ts'
import { matches } from '../selector/evaluate.ts'
import { type Tier, tierOf } from '../tiers.ts'

/** @property resources by key; undefined: deleted */
export type HostChange = {
  readonly nodeName: string
  readonly resources: ReadonlyMap<string, Resource | undefined>
  /** Undefined of whom they stay. */
  readonly changedLabelsOf: (id: string) => Labels | undefined
  readonly labelsOf: (id: string) => Labels
}

export class ChangedHosts implements HostScope {
  readonly #base: HostEndpoints
  readonly #change: HostChange
  readonly #hosts: ReadonlyMap<string, Host>
  /** Those that are others, by key; undefined: gone, or no more for hosts. */
  readonly #policies: ReadonlyMap<string, Policy | undefined>
  readonly #selecting = new Map<string, readonly Policy[]>()
  readonly governs: HostAssignment['governs']

  constructor(base: HostEndpoints, change: HostChange) {
    this.#base = base
    this.#change = change
    const { resources, nodeName } = change
    const kept = base.hosts().filter(({ key }) => !resources.has(key))
    const put = [...resources].flatMap(([key, resource]) =>
      resource?.kind === 'HostEndpoint' ? (hostOf(key, resource, nodeName) ?? []) : [],
    )
    this.#hosts = new Map([...kept, ...put].map((host) => [host.key, host]))
    this.#policies = new Map([...resources].map(([key, resource]) => [key, resource && hostPolicyOf(resource)]))
    this.governs = assignHosts(this.#hosts.values(), base.addresses, (name) => name.startsWith(base.interfacePrefix)).governs
  }

  /** As they would be. */
  get changedPolicies(): readonly Policy[] {
    return [...this.#policies.values()].flatMap((policy) => policy ?? [])
  }

  get interfacePrefix(): string {
    return this.#base.interfacePrefix
  }

  get addresses(): InterfaceAddresses {
    return this.#base.addresses
  }

  host(key: string): Host | undefined {
    return this.#hosts.get(key)
  }

  /** Looked up once: the same interfaces are asked about again and again. */
  policiesOf(key: string): readonly Policy[] {
    const policies = this.#selecting.get(key) ?? this.#policiesSelecting(key)
    this.#selecting.set(key, policies)
    return policies
  }

  tier(name: string): Tier {
    const key = calicoKey('Tier', name)
    const { resources } = this.#change
    return resources.has(key) ? tierOf(name, resources.get(key)) : this.#base.tier(name)
  }

  hasProfile(name: string): boolean {
    const key = calicoKey('Profile', name)
    const { resources } = this.#change
    return resources.has(key) ? profileOf(name, resources.get(key)) !== undefined : this.#base.hasProfile(name)
  }

  readonly policyOfId = (id: string): Policy | undefined => {
    const [prefix, name = ''] = id.split('/')
    const key = calicoKey('GlobalNetworkPolicy', name)
    return prefix === 'gnp' && this.#policies.has(key) ? this.#policies.get(key) : this.#base.policyOfId(id)
  }

  #policiesSelecting(key: string): readonly Policy[] {
    const { changedLabelsOf, labelsOf } = this.#change
    const changed = changedLabelsOf(key)
    const labels = changed ?? labelsOf(key)
    const base = changed === undefined ? this.#base.policiesOf(key) : this.#base.policiesFor(changed)
    const put = this.changedPolicies.filter(({ subject }) => matches(subject.selector, labels))
    return [...base.filter((policy) => !this.#policies.has(policy.key)), ...put].toSorted(comparePolicies)
  }
}

function hostPolicyOf(resource: Resource): Policy | undefined {
  const policy = policyOf(resource)
  return policy?.namespace === '' && !policy.staged ? policy : undefined
}

function calicoKey(kind: string, name: string): string {
  return resourceKey({ group: 'projectcalico.org', kind, namespace: '', name })
}
