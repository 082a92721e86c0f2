import Type, { type StaticDecode } from 'typebox'
import { community, isCommunity } from './community.ts'
import { duration } from './duration.ts'
import type { Frozen } from './frozen.ts'
import { defineKind } from './kind.ts'
import { formatPath } from './path.ts'
import type { Metadata, Problem, Resource } from './resource.ts'
import { routePriority } from './route-priority.ts'
import { asNumber, cidr, ipv4, ipv6, portNumber } from './scalars.ts'
import { closedObject, text } from './schema-check.ts'
import { secretRef } from './secret-ref.ts'
import { logSeverity, word } from './word.ts'

/** `*` stands for any characters; alone it would leave nothing. */
const interfacePattern = text(
  (value) => (/^[\w.*-]{1,15}$/.test(value) && value !== '*' ? value : undefined),
  'an interface name of at most 15 of A-Z, a-z, 0-9, "_", ".", "-" and "*", not "*" alone',
)

const cidrs = Type.Optional(Type.Array(closedObject({ cidr })))

const spec = closedObject({
  logSeverityScreen: Type.Optional(logSeverity),
  nodeToNodeMeshEnabled: Type.Optional(Type.Boolean()),
  asNumber: Type.Optional(asNumber),
  listenPort: Type.Optional(portNumber),
  bindMode: Type.Optional(word('None', 'NodeIP')),
  serviceClusterIPs: cidrs,
  serviceExternalIPs: cidrs,
  serviceLoadBalancerIPs: cidrs,
  serviceLoadBalancerAggregation: Type.Optional(word('Enabled', 'Disabled')),
  communities: Type.Optional(
    Type.Array(closedObject({ name: Type.String({ minLength: 1, maxLength: 253 }), value: community }), { maxItems: 500 }),
  ),
  prefixAdvertisements: Type.Optional(
    Type.Array(
      closedObject({ cidr, communities: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 253 }), { maxItems: 50 })) }),
      { maxItems: 500 },
    ),
  ),
  nodeMeshPassword: Type.Optional(secretRef),
  nodeMeshMaxRestartTime: Type.Optional(duration),
  ignoredInterfaces: Type.Optional(Type.Array(interfacePattern, { uniqueItems: true })),
  localWorkloadPeeringIPV4: Type.Optional(ipv4),
  localWorkloadPeeringIPV6: Type.Optional(ipv6),
  programClusterRoutes: Type.Optional(word('Enabled', 'Disabled', 'EnabledIPIPOnly', 'EnabledNoEncapOnly')),
  ipv4NormalRoutePriority: Type.Optional(routePriority),
  ipv6NormalRoutePriority: Type.Optional(routePriority),
})

/** What is absent is left to a configuration of less weight, and then to the default. */
export type BgpConfigurationSpec = Frozen<StaticDecode<typeof spec>>
export type BgpConfiguration = Resource<'BGPConfiguration', BgpConfigurationSpec>

/** Resource reference §6.11.1: `default` for all nodes, `node.NAME` for one. */
export const bgpConfiguration = defineKind({
  group: 'projectcalico.org',
  version: 'v3',
  kind: 'BGPConfiguration',
  plural: 'bgpconfigurations',
  namespaced: false,
  spec,
  crossCheck: ({ metadata, spec }) => [...scopeProblems(metadata), ...meshProblems(metadata, spec), ...communityProblems(spec)],
})

/** A name that nothing looks up would be a setting that silently does nothing. */
function scopeProblems({ name }: Metadata): readonly Problem[] {
  if (name === 'default' || name.startsWith('node.')) return []
  return [{ path: 'metadata.name', reason: 'must be default, for all nodes, or node.NAME for one', value: name }]
}

function meshProblems({ name }: Metadata, spec: BgpConfigurationSpec): readonly Problem[] {
  return (['nodeMeshPassword', 'nodeMeshMaxRestartTime'] as const).flatMap((field): readonly Problem[] => {
    if (spec[field] === undefined) return []
    if (name !== 'default') return [{ path: `spec.${field}`, reason: 'is for the whole mesh: set it in default' }]
    return spec.nodeToNodeMeshEnabled === false ? [{ path: `spec.${field}`, reason: 'needs the mesh, which is disabled here' }] : []
  })
}

function communityProblems({ communities = [], prefixAdvertisements = [] }: BgpConfigurationSpec): readonly Problem[] {
  const defined = new Set(communities.map(({ name }) => name))
  const unused = communities.length > 0 && prefixAdvertisements.length === 0
  const undefinedNames = prefixAdvertisements.flatMap(({ communities: used = [] }, i) =>
    used.flatMap((value, j): readonly Problem[] => {
      if (defined.has(value) || isCommunity(value)) return []
      return [
        { path: formatPath(['spec', 'prefixAdvertisements', i, 'communities', j]), reason: 'is no community and no name of one', value },
      ]
    }),
  )
  return [...(unused ? [{ path: 'spec.communities', reason: 'needs at least one of prefixAdvertisements' }] : []), ...undefinedNames]
}
