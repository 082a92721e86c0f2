import Type, { type StaticDecode } from 'typebox'
import { familyOf } from '../net/address.ts'
import { parseCidr } from '../net/prefix.ts'
import { maxEndpointPairs, pairProblems } from './address-port-pairs.ts'
import type { Frozen } from './frozen.ts'
import { type CheckContext, defineKind } from './kind.ts'
import type { Problem, Resource } from './resource.ts'
import { address, cidr, interfaceName, ipv4, ipv6, isPortName, mac, name, portNumber, transportProtocol } from './scalars.ts'
import { closedObject, crossChecked, text } from './schema-check.ts'

/** No host has it, and no IP set of addresses holds it. */
const unspecified: ReadonlySet<string> = new Set(['0.0.0.0/32', '::/128'])

const hostNet = text<string>((value) => {
  const net = parseCidr(value, { strict: true })
  return net?.endsWith(net.includes(':') ? '/128' : '/32') && !unspecified.has(net) ? net : undefined
}, 'one address: /32 or /128, not the unspecified one')

const containerId = text(
  (value) => (/^[A-Za-z0-9]([-A-Za-z0-9]*[A-Za-z0-9])?$/.test(value) ? value : undefined),
  'letters, digits and "-", the ends alphanumeric',
)

const endpointPort = crossChecked(
  closedObject({
    name: Type.Optional(
      text(
        (value) => (value === '' || isPortName(value) ? value : undefined),
        'a port name: at most 15 of a-z, 0-9 and single "-", with a letter, the ends alphanumeric',
      ),
    ),
    protocol: transportProtocol,
    port: portNumber,
    hostPort: Type.Optional(Type.Integer({ minimum: 0, maximum: 65_535 })),
    hostIP: Type.Optional(address),
  }),
  ({ name = '', hostPort = 0 }) => (name === '' && hostPort === 0 ? [{ path: 'name', reason: 'is required without a hostPort' }] : []),
)

const nat = closedObject({ internalIP: address, externalIP: address })

const shape = closedObject(
  {
    node: name,
    orchestrator: Type.Optional(Type.String({ minLength: 1, maxLength: 253 })),
    workload: Type.Optional(Type.String({ minLength: 1, maxLength: 253 })),
    containerID: Type.Optional(containerId),
    pod: Type.Optional(Type.String({ minLength: 1, maxLength: 253 })),
    endpoint: Type.Optional(Type.String({ minLength: 1, maxLength: 253 })),
    serviceAccountName: Type.Optional(name),
    ipNetworks: Type.Optional(Type.Array(hostNet, { uniqueItems: true })),
    /** Without effect: floating IPs are off. */
    ipNATs: Type.Optional(Type.Array(nat)),
    ipv4Gateway: Type.Optional(ipv4),
    ipv6Gateway: Type.Optional(ipv6),
    profiles: Type.Optional(Type.Array(name, { uniqueItems: true })),
    interfaceName: Type.Optional(interfaceName),
    mac: Type.Optional(mac),
    ports: Type.Optional(Type.Array(endpointPort)),
    /** Counts where `workloadSourceSpoofing` is Any. */
    allowSpoofedSourcePrefixes: Type.Optional(Type.Array(cidr)),
  },
  { qosControls: 'limits of bandwidth, packets and connections are not supported yet' },
)

type Shape = Frozen<StaticDecode<typeof shape>>

/** @property name '' for one that only has a `hostPort` */
export type EndpointPort = Frozen<StaticDecode<typeof endpointPort>> & { readonly name: string }

/** Resource reference §6.9. `ipNetworks` are canonical /32 and /128. `profiles` absent means the namespace's own, [] means none. */
export type WorkloadEndpointSpec = Omit<Shape, 'ports'> & { readonly ports?: readonly EndpointPort[] }

export type WorkloadEndpoint = Resource<'WorkloadEndpoint', WorkloadEndpointSpec>

export const workloadEndpoint = defineKind({
  group: 'projectcalico.org',
  version: 'v3',
  kind: 'WorkloadEndpoint',
  plural: 'workloadendpoints',
  namespaced: true,
  spec: crossChecked(shape, natProblems),
  crossCheck: ({ spec }, context) => [
    ...interfaceProblems(spec, context),
    ...pairProblems(spec.ipNetworks?.length ?? 0, spec.ports?.length ?? 0, maxEndpointPairs, 'spec.ports'),
  ],
  complete: ({ metadata, spec: { ports, ...spec } }) => ({
    metadata,
    spec: { ...spec, ...(ports !== undefined && { ports: ports.map((port) => ({ ...port, name: port.name ?? '' })) }) },
  }),
})

function natProblems({ ipNATs = [], ipNetworks = [] }: Shape): readonly Problem[] {
  return ipNATs.flatMap(({ internalIP, externalIP }, i): readonly Problem[] => [
    ...(ipNetworks.some((net) => net.startsWith(`${internalIP}/`))
      ? []
      : [{ path: `ipNATs[${i}].internalIP`, reason: 'is none of ipNetworks', value: internalIP }]),
    ...(familyOf(internalIP) === familyOf(externalIP)
      ? []
      : [{ path: `ipNATs[${i}].externalIP`, reason: 'is not of the family of internalIP', value: externalIP }]),
  ])
}

/** On this node the interface's name is what says that it is a workload's: an unknown one with the prefix is dropped (INTERFACE §4). */
function interfaceProblems({ node, interfaceName }: Shape, { nodeName, interfacePrefix }: CheckContext): readonly Problem[] {
  if (node !== nodeName) return []
  if (interfaceName === undefined) return [{ path: 'spec.interfaceName', reason: `is required on this node, ${nodeName}` }]
  if (interfaceName.startsWith(interfacePrefix)) return []
  return [{ path: 'spec.interfaceName', reason: `must begin with "${interfacePrefix}" on this node, ${nodeName}`, value: interfaceName }]
}
