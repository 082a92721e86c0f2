import { type Selector, sortedValues } from './selector.ts'

/** What must hold for one label of every object that matches. `values: []` means that nothing matches. */
export type LabelRestriction = { readonly type: 'absent' } | { readonly type: 'present'; readonly values?: readonly string[] }

export type Restrictions = ReadonlyMap<string, LabelRestriction>

const nothing: Restrictions = new Map()

/**
 * Necessary conditions of a match, by label, for choosing an index: an object that misses one cannot match; one that meets them
 * all still has to be evaluated. A label that is not in the map is not restricted.
 */
export function restrictions(selector: Selector): Restrictions {
  switch (selector.type) {
    case 'all':
    case 'global':
    case 'not-equal':
    case 'not-in':
      return nothing
    case 'has':
    case 'contains':
    case 'starts-with':
    case 'ends-with':
      return new Map([[selector.label, { type: 'present' }]])
    case 'equal':
      return new Map([[selector.label, { type: 'present', values: [selector.value] }]])
    case 'in':
      return new Map([[selector.label, { type: 'present', values: selector.values }]])
    case 'not':
      return selector.operand.type === 'has' ? new Map([[selector.operand.label, { type: 'absent' }]]) : nothing
    case 'and':
      return selector.operands.map(restrictions).reduce(both)
    case 'or':
      return selector.operands.map(restrictions).reduce(either)
  }
}

function both(a: Restrictions, b: Restrictions): Restrictions {
  const result = new Map(a)
  for (const [label, restriction] of b) {
    const other = result.get(label)
    result.set(label, other === undefined ? restriction : bothOf(other, restriction))
  }
  return result
}

function bothOf(a: LabelRestriction, b: LabelRestriction): LabelRestriction {
  if (a.type === 'absent' && b.type === 'absent') return a
  if (a.type === 'absent' || b.type === 'absent') return { type: 'present', values: [] }
  if (a.values === undefined) return b
  if (b.values === undefined) return a
  const other = new Set(b.values)
  return { type: 'present', values: a.values.filter((value) => other.has(value)) }
}

function either(a: Restrictions, b: Restrictions): Restrictions {
  const result = new Map<string, LabelRestriction>()
  for (const [label, restriction] of a) {
    const other = b.get(label)
    const common = other === undefined ? undefined : eitherOf(restriction, other)
    if (common !== undefined) result.set(label, common)
  }
  return result
}

function eitherOf(a: LabelRestriction, b: LabelRestriction): LabelRestriction | undefined {
  if (a.type === 'absent' || b.type === 'absent') return a.type === b.type ? a : undefined
  if (a.values === undefined || b.values === undefined) return { type: 'present' }
  return { type: 'present', values: sortedValues([...a.values, ...b.values]) }
}
