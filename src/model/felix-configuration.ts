import Type, { type StaticDecode } from 'typebox'
import { unusedFelixFields } from './felix-fields.ts'
import { acceptOrReturn, count, dropOrReject, interfacePrefixes, ipv4Nets, markMask } from './felix-scalars.ts'
import type { Frozen } from './frozen.ts'
import { defineKind } from './kind.ts'
import type { Metadata, Problem, Resource } from './resource.ts'
import { selector } from './scalars.ts'
import { closedObject } from './schema-check.ts'
import { logSeverity, word } from './word.ts'

const bpfEnabled = Type.Refine(
  Type.Boolean(),
  (enabled) => !enabled,
  () => 'is not supported: policy is enforced with iptables or nftables',
)

const spec = closedObject({
  nodeSelector: Type.Optional(selector),
  allowIPIPPacketsFromWorkloads: Type.Optional(Type.Boolean()),
  allowVXLANPacketsFromWorkloads: Type.Optional(Type.Boolean()),
  bpfEnabled: Type.Optional(bpfEnabled),
  chainInsertMode: Type.Optional(word('Insert', 'Append')),
  defaultEndpointToHostAction: Type.Optional(word('Drop', 'Return', 'Accept')),
  externalNodesList: Type.Optional(ipv4Nets),
  interfacePrefix: Type.Optional(interfacePrefixes),
  ipipEnabled: Type.Optional(Type.Boolean()),
  ipipMTU: Type.Optional(count),
  iptablesBackend: Type.Optional(word('Auto', 'Legacy', 'NFT')),
  iptablesFilterAllowAction: Type.Optional(acceptOrReturn),
  iptablesFilterDenyAction: Type.Optional(dropOrReject),
  iptablesMarkMask: Type.Optional(markMask),
  logSeverityScreen: Type.Optional(logSeverity),
  nftablesFilterAllowAction: Type.Optional(acceptOrReturn),
  nftablesFilterDenyAction: Type.Optional(dropOrReject),
  nftablesMarkMask: Type.Optional(markMask),
  nftablesMode: Type.Optional(word('Auto', 'Enabled', 'Disabled')),
  ...unusedFelixFields,
})

/** What is absent is left to a configuration of less weight, and then to the default. */
export type FelixConfigurationSpec = Frozen<StaticDecode<typeof spec>>
export type FelixConfiguration = Resource<'FelixConfiguration', FelixConfigurationSpec>

/** Resource reference §6.13: `default` for all nodes, `node.NAME` for one, any other name with a `nodeSelector`. */
export const felixConfiguration = defineKind({
  group: 'projectcalico.org',
  version: 'v3',
  kind: 'FelixConfiguration',
  plural: 'felixconfigurations',
  namespaced: false,
  spec,
  crossCheck: ({ metadata, spec }) => [...scopeProblems(metadata, spec), ...exclusionProblems(spec)],
})

function scopeProblems({ name }: Metadata, { nodeSelector }: FelixConfigurationSpec): readonly Problem[] {
  const byName = name === 'default' || name.startsWith('node.')
  if (byName === (nodeSelector === undefined)) return []
  return byName
    ? [{ path: 'spec.nodeSelector', reason: `is not for ${name}, which says by its name where it applies` }]
    : [{ path: 'spec.nodeSelector', reason: 'is required unless the name is default or node.NAME' }]
}

function exclusionProblems(spec: FelixConfigurationSpec): readonly Problem[] {
  const { routeTableRange, routeTableRanges } = spec
  const priorities = ([4, 6] as const).flatMap((family): readonly Problem[] => {
    const { [`ipv${family}NormalRoutePriority` as const]: normal = 1024, [`ipv${family}ElevatedRoutePriority` as const]: elevated } = spec
    if (elevated === undefined || elevated < normal) return []
    return [{ path: `spec.ipv${family}ElevatedRoutePriority`, reason: `must be below the normal priority, ${normal}`, value: elevated }]
  })
  const both = routeTableRange !== undefined && routeTableRanges !== undefined
  return [...(both ? [{ path: 'spec.routeTableRanges', reason: 'excludes routeTableRange' }] : []), ...priorities]
}
