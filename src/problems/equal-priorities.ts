/** ClusterNetworkPolicies of one tier and priority: Kubernetes leaves open which is asked first, here it is the name (resource reference §6.16). */
import type { WatchEvent } from '../datastore/datastore.ts'
import type { StatusProblem } from '../http/agent-face.ts'
import type { ClusterNetworkPolicySpec } from '../model/cluster-network-policy.ts'
import type { Resource } from '../model/resource.ts'

const maxTold = 20

/** Kept as the store changes. */
export class EqualPriorities {
  /** By name. */
  readonly #places = new Map<string, string>()

  put(resource: Resource): void {
    if (resource.kind !== 'ClusterNetworkPolicy') return
    const { tier, priority } = resource.spec as ClusterNetworkPolicySpec
    this.#places.set(resource.metadata.name, `tier ${tier} and priority ${priority}`)
  }

  take(events: readonly WatchEvent[]): void {
    for (const { type, resource } of events) {
      if (type !== 'DELETED') this.put(resource)
      else if (resource.kind === 'ClusterNetworkPolicy') this.#places.delete(resource.metadata.name)
    }
  }

  /** One a place, told of the policy that is asked first. */
  get problems(): readonly StatusProblem[] {
    const byPlace = Map.groupBy([...this.#places.keys()].toSorted(), (name) => this.#places.get(name) ?? '')
    return [...byPlace]
      .filter(([, names]) => names.length > 1)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .slice(0, maxTold)
      .map(([place, [first, second, ...more]]) => {
        const others = more.length === 0 ? `${second}` : `${second} and ${more.length} more`
        const message = `has ${place} like ${others}: they are asked in the order of their names; give each its own priority`
        return { severity: 'warning' as const, subject: `clusternetworkpolicy/${first}`, message }
      })
  }
}
