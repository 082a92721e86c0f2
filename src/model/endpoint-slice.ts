/** EndpointSlice of discovery.k8s.io/v1, as Kubernetes writes it: the addresses and ports behind a service. */
import Type, { type StaticDecode } from 'typebox'
import { familyOf, parseAddress } from '../net/address.ts'
import { containsPrefix, parsePrefix } from '../net/prefix.ts'
import { pairProblems } from './address-port-pairs.ts'
import type { Frozen } from './frozen.ts'
import { defineKind } from './kind.ts'
import { formatPath } from './path.ts'
import { groupOf, type Problem, type Resource } from './resource.ts'
import { isDnsSubdomain, transportProtocol } from './scalars.ts'
import { closedObject, text } from './schema-check.ts'

/** Says of which service of its namespace the slice is a part. */
export const serviceNameLabel = 'kubernetes.io/service-name'

const group = 'discovery.k8s.io'
const kind = 'EndpointSlice'

/** Kubernetes takes no more either; its own slices have one address for each endpoint, and so no more pairs of address and port. */
const limits = { endpoints: 1_000, addresses: 100, ports: 100, pairs: 100_000 }

const addressOrName = text<string>(
  (value) => parseAddress(value) ?? (isDnsSubdomain(value) ? value : undefined),
  'an IPv4 or IPv6 address, or with addressType FQDN a name',
)

const notForUs = Type.Optional(Type.Unknown())

const conditions = closedObject({
  ready: Type.Optional(Type.Boolean()),
  serving: Type.Optional(Type.Boolean()),
  terminating: Type.Optional(Type.Boolean()),
})

const endpoint = closedObject({
  addresses: Type.Array(addressOrName, { minItems: 1, maxItems: limits.addresses }),
  conditions: Type.Optional(conditions),
  hostname: notForUs,
  targetRef: notForUs,
  deprecatedTopology: notForUs,
  nodeName: notForUs,
  zone: notForUs,
  hints: notForUs,
})

const port = closedObject({
  name: Type.Optional(Type.String()),
  protocol: Type.Optional(transportProtocol),
  port: Type.Optional(Type.Integer({ minimum: 1, maximum: 65_535 })),
  appProtocol: notForUs,
})

const content = closedObject({
  addressType: Type.Enum(['IPv4', 'IPv6', 'FQDN']),
  endpoints: Type.Optional(Type.Array(endpoint, { maxItems: limits.endpoints })),
  ports: Type.Optional(Type.Array(port, { maxItems: limits.ports })),
})

/** Addresses are canonical. Endpoints count whatever their conditions are, as in Calico; a port without a number is none. */
export type EndpointSliceContent = Frozen<StaticDecode<typeof content>>

export type EndpointSlice = Resource & EndpointSliceContent

export const endpointSlice = defineKind({
  group,
  version: 'v1',
  kind,
  plural: 'endpointslices',
  namespaced: true,
  spec: content,
  flat: true,
  crossCheck: ({ spec }) => [...addressProblems(spec), ...pairProblems(addressesOf(spec), spec.ports?.length ?? 0, limits.pairs, 'ports')],
})

export function isEndpointSlice(resource: Resource): resource is EndpointSlice {
  return resource.kind === kind && groupOf(resource.apiVersion) === group
}

/** What Kubernetes refuses as well: nobody else has them, or nobody at all. */
const special = [
  ['0.0.0.0/32', "is nobody's address"],
  ['::/128', "is nobody's address"],
  ['127.0.0.0/8', 'is a loopback address'],
  ['::1/128', 'is a loopback address'],
  ['169.254.0.0/16', 'is a link-local address'],
  ['fe80::/10', 'is a link-local address'],
  ['224.0.0.0/24', 'is a link-local multicast address'],
  ['ff02::/16', 'is a link-local multicast address'],
].flatMap(([net = '', reason = '']) => {
  const prefix = parsePrefix(net)
  return prefix === undefined ? [] : [{ prefix, reason }]
})

function addressProblems({ addressType, endpoints = [] }: EndpointSliceContent): readonly Problem[] {
  return endpoints.flatMap(({ addresses }, i) =>
    addresses.flatMap((value, j) => {
      const reason = addressReason(value, addressType)
      return reason === undefined ? [] : [{ path: formatPath(['endpoints', i, 'addresses', j]), reason, value }]
    }),
  )
}

function addressesOf({ endpoints = [] }: EndpointSliceContent): number {
  return endpoints.reduce((sum, endpoint) => sum + endpoint.addresses.length, 0)
}

function addressReason(value: string, addressType: EndpointSliceContent['addressType']): string | undefined {
  const address = parseAddress(value)
  if (addressType === 'FQDN') return address === undefined ? undefined : 'must be a name, as addressType says'
  if (address === undefined || `IPv${familyOf(address)}` !== addressType) return `must be an ${addressType} address, as addressType says`
  const prefix = parsePrefix(address)
  return prefix && special.find((one) => one.prefix.family === prefix.family && containsPrefix(one.prefix, prefix))?.reason
}
