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
} & Partial<SliceContent>

/** What an EndpointSlice has beside its metadata. */
type SliceContent = {
  readonly addressType: string
  readonly endpoints: readonly { readonly addresses: readonly string[] }[]
  readonly ports: readonly { readonly protocol?: string; readonly port?: number }[]
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

type Column = readonly [heading: string, cell: (resource: Shown) => string | undefined]

/** So many addresses of a slice are shown. */
const shownAddresses = 3

const sliceColumns: readonly Column[] = [
  ['SERVICE', ({ metadata: { labels = {} } }) => labels['kubernetes.io/service-name']],
  ['ADDRESSTYPE', ({ addressType }) => addressType],
  ['PORTS', ({ ports = [] }) => joined(ports.map(({ protocol = 'TCP', port = '*' }) => `${port}/${protocol.toLowerCase()}`))],
  [
    'ENDPOINTS',
    ({ endpoints = [] }) =>
      joined(
        endpoints.flatMap(({ addresses }) => addresses),
        shownAddresses,
      ),
  ],
]

export function headingsOf(kind: KindName): readonly string[] {
  return [...(kind.namespaced ? ['NAMESPACE'] : []), 'NAME', ...ownColumns(kind).map(([heading]) => heading), 'CREATED']
}

/** As long as the headings. */
export function rowOf(kind: KindName, resource: Shown): readonly (string | undefined)[] {
  const { metadata } = resource
  return [
    ...(kind.namespaced ? [metadata.namespace] : []),
    metadata.name,
    ...ownColumns(kind).map(([, cell]) => cell(resource)),
    metadata.creationTimestamp,
  ]
}

function ownColumns({ apiVersion, kind }: KindName): readonly Column[] {
  if (kind === 'EndpointSlice') return sliceColumns
  const fields = (apiVersion === 'projectcalico.org/v3' ? columns[kind] : undefined) ?? []
  return fields.map(([heading, field]) => [heading, ({ spec }) => fieldText(spec?.[field])])
}

/** @param limit of what is named; of the rest their number is */
function joined(texts: readonly string[], limit = texts.length): string | undefined {
  if (texts.length === 0) return undefined
  return `${texts.slice(0, limit).join(',')}${texts.length > limit ? ` + ${texts.length - limit} more` : ''}`
}

function fieldText(value: unknown): string | undefined {
  if (value === undefined || typeof value === 'string') return value
  return Array.isArray(value) ? value.join(',') : JSON.stringify(value)
}
