import type { BgpConfigurationSpec } from '../model/bgp-configuration.ts'
import type { Cidr } from '../net/prefix.ts'

/**
 * What this node announces beside its workloads.
 * @property aggregates each in place of what lies inside it
 * @property services blocks of service addresses, which every node leads to its pods
 */
export type Originated = { readonly aggregates: readonly Cidr[]; readonly services: readonly Cidr[] }

/**
 * Blocks of service addresses as BGPConfiguration names them (resource reference §6.11.1): each field from the configuration with the most
 * weight that has it. Which services there are is not known here: load balancer blocks are announced only where they are aggregated.
 */
export function servicePrefixes(specs: readonly BgpConfigurationSpec[]): readonly Cidr[] {
  const first = <Field extends keyof BgpConfigurationSpec>(field: Field) => specs.find((spec) => spec[field] !== undefined)?.[field]
  const balanced = first('serviceLoadBalancerAggregation') === 'Disabled' ? [] : (first('serviceLoadBalancerIPs') ?? [])
  const blocks = [...(first('serviceClusterIPs') ?? []), ...(first('serviceExternalIPs') ?? []), ...balanced]
  return [...new Set(blocks.map(({ cidr }) => cidr as Cidr))]
}
