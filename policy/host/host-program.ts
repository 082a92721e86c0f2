/** All that host endpoints add to the kernel, from what applies to them; pure. */
import type { Chain, Hook } from '../../felix/kernel.ts'
import type { Family } from '../../src/net/address.ts'
import { type HostBaseOptions, type HostSteps, hostBase, hostSteps } from './host-base.ts'
import { type HostOptions, hostChains } from './host-chains.ts'
import { hostDispatchChains, policedPlaces } from './host-dispatch.ts'
import type { AppliedHost } from './host-places.ts'

export type HostProgram = {
  readonly steps: (family: Family) => HostSteps
  readonly chains: readonly Chain[]
  readonly hooks: readonly Hook[]
}

/** @param hosts those in force here; with none of them nothing is added @param workloads patterns of their interfaces ("tort+") */
export function hostProgram(
  hosts: readonly AppliedHost[],
  workloads: readonly string[],
  options: HostBaseOptions & HostOptions,
): HostProgram {
  const { families } = options
  const places = policedPlaces(hosts)
  const base = hostBase(places, families, options)
  return {
    steps: (family) => hostSteps(places, family, options),
    chains: [...base.chains, ...hostDispatchChains(hosts, families, workloads), ...hosts.flatMap((host) => hostChains(host, options))],
    hooks: base.hooks,
  }
}
