import Type, { type StaticDecode, type TSchema } from 'typebox'
import { clusterActionsOfOthers } from './foreign-fields.ts'
import type { Frozen } from './frozen.ts'
import { defineKind } from './kind.ts'
import { labelSelector } from './label-selector.ts'
import type { Problem } from './resource.ts'
import { cidr, isPortName, portNumber } from './scalars.ts'
import { closedObject, crossChecked, text } from './schema-check.ts'

const pods = closedObject({ namespaceSelector: labelSelector, podSelector: labelSelector })

const subject = crossChecked(
  closedObject({ namespaces: Type.Optional(labelSelector), pods: Type.Optional(pods) }),
  exactlyOne('namespaces', 'pods'),
)

const domainName = text(
  (value) =>
    value.length <= 253 && /^(\*\.)?([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]*[a-z0-9])?\.?$/.test(value) ? value : undefined,
  'a domain name, which may begin with "*."',
)

const portRange = crossChecked(closedObject({ start: portNumber, end: portNumber }), ({ start, end }) =>
  start < end ? [] : [{ path: 'end', reason: `must be above the start, ${start}`, value: end }],
)

const ports = closedObject({
  destinationPort: Type.Optional(
    crossChecked(closedObject({ number: Type.Optional(portNumber), range: Type.Optional(portRange) }), exactlyOne('number', 'range')),
  ),
})

const protocol = crossChecked(
  closedObject({
    tcp: Type.Optional(ports),
    udp: Type.Optional(ports),
    sctp: Type.Optional(ports),
    destinationNamedPort: Type.Optional(text((value) => (isPortName(value) ? value : undefined), 'a port name')),
  }),
  exactlyOne('tcp', 'udp', 'sctp', 'destinationNamedPort'),
)

const namespacesOrPods = { namespaces: Type.Optional(labelSelector), pods: Type.Optional(pods) }

const ingressPeer = crossChecked(closedObject(namespacesOrPods), exactlyOne('namespaces', 'pods'))

const egressPeer = crossChecked(
  closedObject({
    ...namespacesOrPods,
    nodes: Type.Optional(labelSelector),
    networks: Type.Optional(few(cidr)),
    domainNames: Type.Optional(few(domainName)),
  }),
  exactlyOne('namespaces', 'pods', 'nodes', 'networks', 'domainNames'),
)

const common = {
  name: Type.Optional(Type.String({ maxLength: 100 })),
  action: Type.Enum(['Accept', 'Deny', 'Pass'], { meant: clusterActionsOfOthers }),
  protocols: Type.Optional(few(protocol)),
}

const ingressRule = closedObject({ ...common, from: few(ingressPeer) })
const egressRule = crossChecked(closedObject({ ...common, to: few(egressPeer) }), egressProblems)

const spec = closedObject({
  tier: Type.Enum(['Admin', 'Baseline']),
  priority: Type.Integer({ minimum: 0, maximum: 1_000 }),
  subject,
  ingress: Type.Optional(Type.Array(ingressRule, { maxItems: 25 })),
  egress: Type.Optional(Type.Array(egressRule, { maxItems: 25 })),
})

export type ClusterNetworkPolicySpec = Frozen<StaticDecode<typeof spec>>

/** Resource reference §6.16. */
export const clusterNetworkPolicy = defineKind({
  group: 'policy.networking.k8s.io',
  version: 'v1alpha2',
  kind: 'ClusterNetworkPolicy',
  plural: 'clusternetworkpolicies',
  namespaced: false,
  spec,
})

/** Peers whose addresses nobody can tell: rules that name them only accept, and accept nothing for them (§6.16). */
export function peersWithoutEffect({ egress = [] }: ClusterNetworkPolicySpec): readonly string[] {
  return egress.flatMap(({ to }, i) =>
    to.flatMap(({ domainNames }, j) => (domainNames === undefined ? [] : [`egress[${i}].to[${j}].domainNames`])),
  )
}

function few<Schema extends TSchema>(item: Schema) {
  return Type.Array(item, { minItems: 1, maxItems: 25 })
}

function exactlyOne(...fields: readonly string[]) {
  return (value: object): readonly Problem[] =>
    Object.keys(value).length === 1 ? [] : [{ path: '', reason: `must have exactly one of ${fields.join(', ')}` }]
}

type EgressRule = {
  readonly action: string
  readonly to: readonly object[]
  readonly protocols?: readonly { readonly destinationNamedPort?: string }[]
}

/** A named port is looked up at a pod, and a domain name only ever opens. */
function egressProblems({ action, to, protocols = [] }: EgressRule): readonly Problem[] {
  const outside = to.some((peer) => ['nodes', 'networks', 'domainNames'].some((field) => field in peer))
  return [
    ...to.flatMap((peer, i) =>
      'domainNames' in peer && action !== 'Accept' ? [{ path: `to[${i}].domainNames`, reason: 'is for action Accept only' }] : [],
    ),
    ...protocols.flatMap(({ destinationNamedPort }, i) =>
      outside && destinationNamedPort !== undefined
        ? [{ path: `protocols[${i}].destinationNamedPort`, reason: 'is not for peers that are nodes, networks or domainNames' }]
        : [],
    ),
  ]
}
