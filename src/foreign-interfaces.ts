import type { StatusProblem } from './http/agent-face.ts'
import type { WorkloadEndpoint } from './model/workload-endpoint.ts'

/**
 * Whether our chains see what passes the endpoint's interface: they look at names with the prefix. One that was posted under another prefix
 * gets no route, because nothing would police it.
 */
export function isPoliced({ spec }: WorkloadEndpoint, interfacePrefix: string): boolean {
  return spec.interfaceName?.startsWith(interfacePrefix) === true
}

/** @param endpoints of this node */
export function foreignInterfaces(endpoints: Iterable<WorkloadEndpoint>, interfacePrefix: string): readonly StatusProblem[] {
  return [...endpoints]
    .filter((endpoint) => !isPoliced(endpoint, interfacePrefix))
    .map(({ metadata: { namespace = '', name }, spec: { interfaceName = '' } }) => ({
      severity: 'error',
      subject: `workloadendpoint/${namespace}/${name}`,
      message: `is not connected: its interface ${interfaceName} does not begin with "${interfacePrefix}", so no policy would apply to it`,
    }))
}
