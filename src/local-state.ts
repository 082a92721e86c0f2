/** What follows from this node's workloads, its pod CIDRs and the plan of its tunnel, apart from policy; pure. */
import type { KernelState } from '../felix/kernel.ts'
import type { TunnelPlan } from '../ipip/tunnel-plan.ts'
import type { WorkloadEndpoint } from './model/workload-endpoint.ts'
import type { Cidr } from './net/prefix.ts'
import { aggregatesInUse, blockRoutes, originatedPrefixes } from './originated.ts'
import { isNamedAsWorkload } from './problems/foreign-interfaces.ts'
import { isIpv6 } from './problems/no-ipv6.ts'
import type { Originated } from './settings/originated-prefixes.ts'
import { workloadState } from './workloads.ts'

/** @property endpoints of this node, in any order */
export type LocalInput = {
  readonly plan: TunnelPlan
  readonly endpoints: readonly WorkloadEndpoint[]
  readonly interfacePrefix: string
  readonly podCidrs: readonly Cidr[]
  readonly originated: Originated
  readonly hasIpv6: boolean
  readonly allowSpoofing: boolean
}

/** @property announced the prefixes that this node announces, each once */
export type LocalState = { readonly kernel: Omit<KernelState, 'policy'>; readonly announced: readonly Cidr[] }

export function localState(input: LocalInput): LocalState {
  const { plan, endpoints, interfacePrefix, podCidrs, originated, hasIpv6, allowSpoofing } = input
  const { kernel } = plan
  const connected = endpoints.filter((endpoint) => isNamedAsWorkload(endpoint, interfacePrefix))
  const { links, sysctls, routes, holders, gateway } = workloadState(connected, { kernelHasIpv6: hasIpv6, allowSpoofing })
  const usable = podCidrs.filter((cidr) => hasIpv6 || !isIpv6(cidr))
  const { aggregates, services } = originated
  const own = originatedPrefixes(usable, [...routes.map(({ destination }) => destination), ...plan.originated], aggregates)
  const blocks = [...new Set([...usable, ...aggregatesInUse(own, aggregates)])]
  return {
    kernel: {
      links,
      tunnels: kernel.tunnels,
      tunnelGuard: kernel.tunnelGuard,
      sysctls: [...sysctls, ...kernel.sysctls],
      chains: kernel.chains,
      hooks: kernel.hooks,
      ipSets: kernel.ipSets,
      routes: [...blockRoutes(blocks), ...routes, ...gateway],
      holders,
    },
    announced: [...new Set([...own, ...services])],
  }
}
