import Type, { type StaticDecode } from 'typebox'
import type { Frozen } from './frozen.ts'
import { labels } from './metadata.ts'
import type { Problem } from './resource.ts'
import { isLabelValue, isQualifiedName } from './scalars.ts'
import { closedObject, crossChecked, text } from './schema-check.ts'

const shape = closedObject({
  key: text((value) => (isQualifiedName(value) ? value : undefined), 'a label key'),
  operator: Type.Enum(['In', 'NotIn', 'Exists', 'DoesNotExist']),
  values: Type.Optional(Type.Array(text((value) => (isLabelValue(value) ? value : undefined), 'a label value'))),
})

/** Kubernetes' LabelSelector (resource reference §6.15); `{}` selects everything. */
export const labelSelector = closedObject(
  {
    matchLabels: Type.Optional(labels),
    matchExpressions: Type.Optional(Type.Array(crossChecked(shape, valuesProblems))),
  },
  {},
  { matchLabels: { app: 'web' } },
)

export type LabelSelector = Frozen<StaticDecode<typeof labelSelector>>
export type LabelRequirement = Frozen<StaticDecode<typeof shape>>

function valuesProblems({ operator, values = [] }: LabelRequirement): readonly Problem[] {
  const takesValues = operator === 'In' || operator === 'NotIn'
  if (takesValues === values.length > 0) return []
  return [
    { path: 'values', reason: takesValues ? `operator ${operator} needs at least one value` : `operator ${operator} takes no values` },
  ]
}
