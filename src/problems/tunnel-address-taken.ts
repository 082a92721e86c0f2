import type { Tunnel } from '../../felix/kernel.ts'
import type { StatusProblem } from '../http/agent-face.ts'
import type { WorkloadEndpoint } from '../model/workload-endpoint.ts'

/** A workload with the tunnel's address is not reached: the host takes what is sent there for its own. @param endpoints of this node */
export function tunnelAddressTaken(tunnels: readonly Tunnel[], endpoints: Iterable<WorkloadEndpoint>): readonly StatusProblem[] {
  const own = new Map(tunnels.map(({ address, name }) => [`${address}/32`, name]))
  return [...endpoints].flatMap(({ metadata: { namespace = '', name }, spec: { ipNetworks = [] } }) =>
    ipNetworks.flatMap((net) => {
      const device = own.get(net)
      if (device === undefined) return []
      const message = `is not reached at ${net}: ${device} of this node has that address; give it another by spec.bgp.ipv4IPIPTunnelAddr of the Node resource`
      return [{ severity: 'error' as const, subject: `workloadendpoint/${namespace}/${name}`, message }]
    }),
  )
}
