/** Pods of many nodes, and policies that select them as sources. */

const applications = 20
const perNode = 100

type Document = Readonly<Record<string, unknown>>

/** Pods of other nodes, labelled as pods are: what they are, who made them, of which version. */
export function manyEndpoints(count: number): readonly Document[] {
  return Array.from({ length: count }, (_, n) => remoteEndpoint(n, n % applications))
}

/** @param n 0..8388607 names the pod and its address, 10.128.0.0 and up */
export function remoteEndpoint(n: number, app: number): Document {
  const name = `app-${n % 1_000}-${n}`
  const namespace = `shop-${n % 50}`
  return {
    apiVersion: 'projectcalico.org/v3',
    kind: 'WorkloadEndpoint',
    metadata: {
      name,
      namespace,
      labels: { app: `app${app}`, tier: `t${n % 3}`, version: `v${n % 7}`, 'pod-template-hash': `h${n % 1_000}` },
    },
    spec: {
      node: `node-${1_000 + Math.floor(n / perNode)}`,
      orchestrator: 'k8s',
      pod: name,
      endpoint: 'eth0',
      interfaceName: `tort${n}`,
      ipNetworks: [`10.${128 + (n >> 16)}.${(n >> 8) & 255}.${n & 255}/32`],
      profiles: [`kns.${namespace}`],
    },
  }
}

/** One workload here, and for each application a policy that lets it in: as many IP sets. */
export function selectingPolicies(): readonly Document[] {
  const local = {
    apiVersion: 'projectcalico.org/v3',
    kind: 'WorkloadEndpoint',
    metadata: { name: 'local', namespace: 'default', labels: { role: 'local' } },
    spec: { node: 'node-a', orchestrator: 'k8s', pod: 'local', endpoint: 'eth0', interfaceName: 'tort0', ipNetworks: ['10.244.0.1/32'] },
  }
  const policies = Array.from({ length: applications }, (_, n) => allowing(`from-app${n}`, "role == 'local'", `app${n}`, 1_000 + n))
  return [local, ...policies]
}

/** Policies that select no workload of this node. */
export function otherPolicies(count: number): readonly Document[] {
  return Array.from({ length: count }, (_, n) =>
    allowing(`other-${n}`, `app == 'elsewhere${n % 500}'`, `app${n % applications}`, 1_000 + n),
  )
}

function allowing(name: string, selector: string, from: string, port: number): Document {
  const rule = { action: 'Allow', protocol: 'TCP', source: { selector: `app == '${from}'` }, destination: { ports: [port] } }
  return { apiVersion: 'projectcalico.org/v3', kind: 'GlobalNetworkPolicy', metadata: { name }, spec: { selector, ingress: [rule] } }
}
