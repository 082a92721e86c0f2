/** Resources as a busy node has them: a tenth workloads of this node, four tenths of other nodes, four tenths policies, the rest network sets. */

const applications = 20

/** @returns YAML for one request, and the host interfaces that the local workloads need */
export function manyResources(count: number, node: string): { readonly yaml: string; readonly interfaces: readonly string[] } {
  const interfaces: string[] = []
  const documents = Array.from({ length: count }, (_, n) => {
    const app = `app${n % applications}`
    switch (n % 10) {
      case 0: {
        interfaces.push(`tort${n}`)
        return endpoint(`local-${n}`, node, `tort${n}`, `10.244.${n >> 8}.${n & 255}`, app)
      }
      case 1:
      case 2:
      case 3:
      case 4:
        return endpoint(`remote-${n}`, 'node-b', `tort${n}`, `10.245.${n >> 8}.${n & 255}`, app)
      case 5:
        return networkSet(`set-${n}`, app, n)
      default:
        return policy(`policy-${n}`, app, `app${(n * 7) % applications}`, 1000 + n)
    }
  })
  return { yaml: documents.join('\n---\n'), interfaces }
}

/** Lets one application reach a port of another. */
export function policy(name: string, app: string, from: string, port: number): string {
  return `apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: { name: ${name} }
spec:
  order: ${port}
  selector: app == '${app}'
  ingress: [{ action: Allow, protocol: TCP, source: { selector: app == '${from}' }, destination: { ports: [${port}] } }]`
}

export function endpoint(name: string, node: string, interfaceName: string, address: string, app: string): string {
  return `apiVersion: projectcalico.org/v3
kind: WorkloadEndpoint
metadata: { name: ${name}, namespace: default, labels: { app: ${app} } }
spec: { node: ${node}, orchestrator: k8s, pod: ${name}, endpoint: eth0, interfaceName: ${interfaceName}, ipNetworks: [${address}/32] }`
}

function networkSet(name: string, app: string, n: number): string {
  return `apiVersion: projectcalico.org/v3
kind: GlobalNetworkSet
metadata: { name: ${name}, labels: { app: ${app} } }
spec: { nets: [192.0.${n & 255}.0/24] }`
}
