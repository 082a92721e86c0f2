import type { Resource } from './resource.ts'

export type EndpointPort = {
  readonly name: string
  readonly protocol: string
  readonly port: number
  readonly hostPort?: number
  readonly hostIP?: string
}

/** Resource reference §6.9. `ipNetworks` are canonical /32 and /128. */
export type WorkloadEndpointSpec = {
  readonly node: string
  readonly orchestrator?: string
  readonly workload?: string
  readonly containerID?: string
  readonly pod?: string
  readonly endpoint?: string
  readonly serviceAccountName?: string
  readonly ipNetworks?: readonly string[]
  readonly profiles?: readonly string[]
  readonly interfaceName?: string
  readonly mac?: string
  readonly ports?: readonly EndpointPort[]
}

export type WorkloadEndpoint = Resource<'WorkloadEndpoint', WorkloadEndpointSpec>
