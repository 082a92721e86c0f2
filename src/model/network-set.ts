import Type from 'typebox'
import { defineKind } from './kind.ts'
import type { Metadata, Problem } from './resource.ts'
import { cidr } from './scalars.ts'
import { closedObject } from './schema-check.ts'

/** Resource reference §6.4, for both kinds of set. `nets` are masked when stored. */
export type NetworkSetSpec = { readonly nets?: readonly string[] }

const namespaceLabel = 'projectcalico.org/namespace'

const shared = {
  group: 'projectcalico.org',
  version: 'v3',
  spec: closedObject({ nets: Type.Optional(Type.Array(cidr)) }),
  crossCheck: ({ metadata }: { readonly metadata: Metadata }) => reservedLabelProblems(metadata),
}

export const networkSet = defineKind({ ...shared, kind: 'NetworkSet', plural: 'networksets', namespaced: true })
export const globalNetworkSet = defineKind({ ...shared, kind: 'GlobalNetworkSet', plural: 'globalnetworksets', namespaced: false })

/** A set's namespace is known from where it is: a label could claim another. */
function reservedLabelProblems({ labels = {} }: Metadata): readonly Problem[] {
  if (!Object.hasOwn(labels, namespaceLabel)) return []
  return [{ path: `metadata.labels["${namespaceLabel}"]`, reason: 'is set by the agent', value: labels[namespaceLabel] }]
}
