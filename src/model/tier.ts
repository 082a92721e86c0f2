import Type from 'typebox'
import { defineKind } from './kind.ts'
import { labelName } from './metadata.ts'
import type { Metadata, Problem } from './resource.ts'
import { closedObject } from './schema-check.ts'

/** Resource reference §6.12. `order` absent: last. */
export type TierSpec = { readonly order?: number; readonly defaultAction: 'Deny' | 'Pass' }

/** Tiers that exist without being stored and cannot be changed or deleted. */
export const builtInTiers: ReadonlyMap<string, TierSpec> = new Map([
  ['kube-admin', { order: 1_000, defaultAction: 'Pass' }],
  ['default', { order: 1_000_000, defaultAction: 'Deny' }],
  ['kube-baseline', { order: 10_000_000, defaultAction: 'Pass' }],
])

type Draft = { readonly metadata: Metadata; readonly spec: Partial<TierSpec> }

export const tier = defineKind({
  group: 'projectcalico.org',
  version: 'v3',
  kind: 'Tier',
  plural: 'tiers',
  namespaced: false,
  spec: closedObject({ order: Type.Optional(Type.Number()), defaultAction: Type.Optional(Type.Enum(['Deny', 'Pass'])) }),
  name: labelName,
  crossCheck: builtInProblems,
  complete: ({ metadata, spec }) => ({ metadata, spec: { ...(builtInTiers.get(metadata.name) ?? { defaultAction: 'Deny' }), ...spec } }),
})

function builtInProblems({ metadata, spec }: Draft): readonly Problem[] {
  const fixed = builtInTiers.get(metadata.name)
  if (fixed === undefined) return []
  return (['order', 'defaultAction'] as const).flatMap((field) =>
    spec[field] === undefined || spec[field] === fixed[field]
      ? []
      : [{ path: `spec.${field}`, reason: `of the built-in tier ${metadata.name} is always ${fixed[field]}`, value: spec[field] }],
  )
}
