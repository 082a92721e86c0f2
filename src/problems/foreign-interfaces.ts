import type { StatusProblem } from '../http/agent-face.ts'
import type { WorkloadEndpoint } from '../model/workload-endpoint.ts'

/**
 * Whether the endpoint's interface is named as those of workloads are. One that was posted under another prefix gets no route: what the
 * host knows of an interface that is not there yet, it knows by the prefix.
 */
export function isNamedAsWorkload({ spec }: WorkloadEndpoint, interfacePrefix: string): boolean {
  return spec.interfaceName?.startsWith(interfacePrefix) === true
}

/** @param endpoints of this node */
export function foreignInterfaces(endpoints: Iterable<WorkloadEndpoint>, interfacePrefix: string): readonly StatusProblem[] {
  return [...endpoints]
    .filter((endpoint) => !isNamedAsWorkload(endpoint, interfacePrefix))
    .map(({ metadata: { namespace = '', name }, spec: { interfaceName = '' } }) => ({
      severity: 'error',
      subject: `workloadendpoint/${namespace}/${name}`,
      message: `is not connected: its interface ${interfaceName} does not begin with "${interfacePrefix}", as those of workloads on this node do`,
    }))
}
