/** The world every scenario begins in: eight pods of one node, the node itself, and a machine outside. No policy. */
import { stringify } from 'yaml'

export type PodOptions = {
  readonly namespace: string
  readonly labels: Readonly<Record<string, string>>
  readonly serviceAccountName?: string
  readonly ports?: readonly { readonly name: string; readonly protocol: 'TCP' | 'UDP' | 'SCTP'; readonly port: number }[]
  readonly profiles?: readonly string[]
  readonly orchestrator?: string
}

export const nodeName = 'node-c'

/** In the order of their addresses: the first is 10.244.1.10 and fd00:244:1::10. */
export const pods = {
  web: {
    namespace: 'shop',
    labels: { app: 'web', tier: 'front' },
    serviceAccountName: 'server',
    ports: [
      { name: 'http', protocol: 'TCP', port: 8080 },
      { name: 'dns', protocol: 'UDP', port: 53 },
      { name: 'signal', protocol: 'SCTP', port: 3868 },
    ],
  },
  db: {
    namespace: 'shop',
    labels: { app: 'db', tier: 'back' },
    serviceAccountName: 'store',
    ports: [{ name: 'http', protocol: 'TCP', port: 80 }],
  },
  client: { namespace: 'shop', labels: { role: 'client' }, serviceAccountName: 'buyer' },
  other: { namespace: 'shop', labels: { role: 'other' }, serviceAccountName: 'thief' },
  partner: { namespace: 'bank', labels: { role: 'client' }, serviceAccountName: 'buyer' },
  vault: { namespace: 'bank', labels: { app: 'db', tier: 'back' }, serviceAccountName: 'keeper' },
  admin: { namespace: 'ops', labels: { role: 'admin', app: 'webadmin' }, serviceAccountName: 'root' },
  plain: { namespace: 'default', labels: {} },
} as const satisfies Readonly<Record<string, PodOptions>>

export type PodName = keyof typeof pods
export const podNames = Object.keys(pods) as readonly PodName[]

export const podCidrs = ['10.244.1.0/24', 'fd00:244:1::/64'] as const
export const outsideAddresses = { 4: '10.99.0.9', 6: 'fd00:99::9' } as const
export const nodeAddresses = { 4: '10.99.0.1', 6: 'fd00:99::1' } as const

export function podAddresses(name: PodName): { readonly 4: string; readonly 6: string } {
  const host = 10 + podNames.indexOf(name)
  return { 4: `10.244.1.${host}`, 6: `fd00:244:1::${host}` }
}

/** Names that expectations may use for several: `pods`, and each namespace. */
export const groups: ReadonlyMap<string, readonly string[]> = new Map([
  ['pods', podNames],
  ...['shop', 'bank', 'ops'].map((namespace): [string, readonly string[]] => [
    namespace,
    podNames.filter((name) => pods[name].namespace === namespace),
  ]),
])

/** The WorkloadEndpoint of a pod as it is, or with something changed. */
export function pod(name: PodName, changes: Partial<PodOptions> = {}): string {
  const { namespace, labels, ports = [], serviceAccountName, profiles, orchestrator = 'k8s' }: PodOptions = { ...pods[name], ...changes }
  const addresses = podAddresses(name)
  const spec = {
    node: nodeName,
    orchestrator,
    ...(orchestrator === 'cni' ? { containerID: name } : { pod: name }),
    endpoint: 'eth0',
    interfaceName: `tort${name}`,
    ipNetworks: [`${addresses[4]}/32`, `${addresses[6]}/128`],
    ...(serviceAccountName !== undefined && { serviceAccountName }),
    ...(ports.length > 0 && { ports }),
    ...(profiles !== undefined && { profiles }),
  }
  return `---\n${stringify({ apiVersion: 'projectcalico.org/v3', kind: 'WorkloadEndpoint', metadata: { name, namespace, labels }, spec })}`
}

/** @param labels flow YAML */
export function namespace(name: string, labels: string): string {
  return `---\napiVersion: v1\nkind: Namespace\nmetadata: { name: ${name}, labels: ${labels} }\n`
}

export function serviceAccount(where: string, labels: string): string {
  const [namespace, name] = where.split('/')
  return `---\napiVersion: v1\nkind: ServiceAccount\nmetadata: { name: ${name}, namespace: ${namespace}, labels: ${labels} }\n`
}

export const world = [
  namespace('shop', '{ team: a, env: prod }'),
  namespace('bank', '{ team: b, env: prod }'),
  namespace('ops', '{ team: ops }'),
  serviceAccount('shop/buyer', '{ trusted: "yes" }'),
  serviceAccount('bank/buyer', '{ trusted: "no" }'),
  serviceAccount('shop/server', '{ }'),
  ...podNames.map((name) => pod(name)),
].join('')
