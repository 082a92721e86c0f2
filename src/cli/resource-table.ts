/** Resources as rows for people: what each kind is about. Pure. */
import type { KindName } from './kind-names.ts'

export type Shown = {
  readonly kind?: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly labels?: Readonly<Record<string, string>>
    readonly creationTimestamp?: string
    readonly resourceVersion?: string
  }
  readonly spec?: Readonly<Record<string, unknown>>
}

/** Columns beside NAMESPACE, NAME and CREATED, of the kinds of projectcalico.org. */
const columns: Readonly<Record<string, readonly [heading: string, field: string][]>> = {
  NetworkPolicy: [
    ['ORDER', 'order'],
    ['SELECTOR', 'selector'],
  ],
  GlobalNetworkPolicy: [
    ['ORDER', 'order'],
    ['SELECTOR', 'selector'],
  ],
  Tier: [['ORDER', 'order']],
  NetworkSet: [['NETS', 'nets']],
  GlobalNetworkSet: [['NETS', 'nets']],
  WorkloadEndpoint: [
    ['NODE', 'node'],
    ['INTERFACE', 'interfaceName'],
    ['NETWORKS', 'ipNetworks'],
  ],
  IPPool: [
    ['CIDR', 'cidr'],
    ['IPIP', 'ipipMode'],
    ['VXLAN', 'vxlanMode'],
    ['DISABLED', 'disabled'],
  ],
  BGPPeer: [
    ['PEER IP', 'peerIP'],
    ['PEER AS', 'asNumber'],
    ['NODE', 'node'],
  ],
}

export function headingsOf(kind: KindName): readonly string[] {
  return [...(kind.namespaced ? ['NAMESPACE'] : []), 'NAME', ...ownColumns(kind).map(([heading]) => heading), 'CREATED']
}

/** As long as the headings. */
export function rowOf(kind: KindName, { metadata, spec }: Shown): readonly (string | undefined)[] {
  return [
    ...(kind.namespaced ? [metadata.namespace] : []),
    metadata.name,
    ...ownColumns(kind).map(([, field]) => fieldText(spec?.[field])),
    metadata.creationTimestamp,
  ]
}

function ownColumns({ apiVersion, kind }: KindName): readonly [heading: string, field: string][] {
  return (apiVersion === 'projectcalico.org/v3' ? columns[kind] : undefined) ?? []
}

function fieldText(value: unknown): string | undefined {
  if (value === undefined || typeof value === 'string') return value
  return Array.isArray(value) ? value.join(',') : JSON.stringify(value)
}
