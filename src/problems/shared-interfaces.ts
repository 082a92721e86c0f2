import type { StatusProblem } from '../http/agent-face.ts'
import type { WorkloadEndpoint } from '../model/workload-endpoint.ts'

const maxTold = 20

/**
 * Endpoints whose interface has another one of theirs: policy is that of the first by namespace and name, and only its addresses may send.
 * @param endpoints of this node
 */
export function sharedInterfaces(endpoints: Iterable<WorkloadEndpoint>): readonly StatusProblem[] {
  const byInterface = Map.groupBy(endpoints, ({ spec }) => spec.interfaceName ?? '')
  const shared = [...byInterface].filter(([interfaceName, some]) => interfaceName !== '' && some.length > 1)
  const told = shared.flatMap(([interfaceName, some]) => {
    const [first, ...others] = some.toSorted((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1)).map(subjectOf)
    const message = `is not connected: its interface ${interfaceName} is that of ${first}, whose name comes first`
    return others.map((subject): StatusProblem => ({ severity: 'error', subject, message }))
  })
  return told.slice(0, maxTold)
}

/** Policy's order: by namespace, then by name. */
function placeOf({ metadata: { namespace = '', name } }: WorkloadEndpoint): string {
  return `${namespace} ${name}`
}

function subjectOf({ metadata: { namespace = '', name } }: WorkloadEndpoint): string {
  return `workloadendpoint/${namespace}/${name}`
}
