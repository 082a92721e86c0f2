import type { Selector } from './selector.ts'

/** Labels of one object. Of a record only its own properties count, so a label may be called `__proto__` or `constructor`. */
export type Labels = ReadonlyMap<string, string> | Readonly<Record<string, string>>

/**
 * Whether the selector is true for an object with these labels. Comparison is case-sensitive. An absent label makes `!=` and
 * `not in` true and every other operator false. `global()` is true: its meaning is given by whoever rewrites it.
 */
export function matches(selector: Selector, labels: Labels): boolean {
  switch (selector.type) {
    case 'all':
    case 'global':
      return true
    case 'has':
      return labelOf(labels, selector.label) !== undefined
    case 'equal':
      return labelOf(labels, selector.label) === selector.value
    case 'not-equal':
      return labelOf(labels, selector.label) !== selector.value
    case 'contains':
      return labelOf(labels, selector.label)?.includes(selector.value) ?? false
    case 'starts-with':
      return labelOf(labels, selector.label)?.startsWith(selector.value) ?? false
    case 'ends-with':
      return labelOf(labels, selector.label)?.endsWith(selector.value) ?? false
    case 'in':
      return isMember(labelOf(labels, selector.label), selector.values)
    case 'not-in':
      return !isMember(labelOf(labels, selector.label), selector.values)
    case 'not':
      return !matches(selector.operand, labels)
    case 'and':
      return selector.operands.every((operand) => matches(operand, labels))
    case 'or':
      return selector.operands.some((operand) => matches(operand, labels))
  }
}

/** The value of one label, undefined if the object does not carry it. */
export function labelOf(labels: Labels, label: string): string | undefined {
  if (labels instanceof Map) return labels.get(label)
  const record = labels as Readonly<Record<string, string>>
  return Object.hasOwn(record, label) ? record[label] : undefined
}

function isMember(value: string | undefined, values: readonly string[]): boolean {
  return value !== undefined && values.includes(value)
}
