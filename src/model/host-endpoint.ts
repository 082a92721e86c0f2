import Type, { type StaticDecode } from 'typebox'
import { maxEndpointPairs, pairProblems } from './address-port-pairs.ts'
import type { Frozen } from './frozen.ts'
import { defineKind } from './kind.ts'
import { address, isPortName, name, portNumber, transportProtocol } from './scalars.ts'
import { closedObject, crossChecked, text } from './schema-check.ts'

const portName = text(
  (value) => (isPortName(value) ? value : undefined),
  'a port name: at most 15 of a-z, 0-9 and single "-", with a letter, the ends alphanumeric',
)

/** `*`: all interfaces. */
const hostInterface = Type.Refine(
  Type.String(),
  (value) => value === '*' || /^[\w.-]{1,15}$/.test(value),
  () => 'must be "*" or an interface name of at most 15 of A-Z, a-z, 0-9, "_", "." and "-"',
)

const shape = closedObject({
  node: name,
  interfaceName: Type.Optional(hostInterface),
  expectedIPs: Type.Optional(Type.Array(address, { uniqueItems: true })),
  profiles: Type.Optional(Type.Array(name, { uniqueItems: true })),
  ports: Type.Optional(Type.Array(closedObject({ name: portName, protocol: transportProtocol, port: portNumber }))),
})

export type HostEndpointSpec = Frozen<StaticDecode<typeof shape>>

/** Resource reference §6.5. */
export const hostEndpoint = defineKind({
  group: 'projectcalico.org',
  version: 'v3',
  kind: 'HostEndpoint',
  plural: 'hostendpoints',
  namespaced: false,
  spec: crossChecked(shape, ({ interfaceName, expectedIPs = [] }) =>
    interfaceName === undefined && expectedIPs.length === 0
      ? [{ path: '', reason: 'needs interfaceName or expectedIPs: by one of them the interface is found' }]
      : [],
  ),
  crossCheck: ({ spec: { expectedIPs = [], ports = [] } }) =>
    pairProblems(expectedIPs.length, ports.length, maxEndpointPairs, 'spec.ports'),
})
