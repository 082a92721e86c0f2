import type { Selector } from './selector.ts'

/** True where all of them are. `all()` adds nothing and nested conjunctions are joined, so that equal meanings print the same more often. */
export function and(...selectors: readonly Selector[]): Selector {
  const operands = selectors
    .flatMap((selector) => (selector.type === 'and' ? selector.operands : [selector]))
    .filter(({ type }) => type !== 'all')
  const [first] = operands
  if (first === undefined) return { type: 'all' }
  return operands.length === 1 ? first : { type: 'and', operands }
}

/** The same selector over labels that carry a prefix, as endpoints inherit those of their namespace ("pcns.") and service account ("pcsa."). */
export function withLabelPrefix(selector: Selector, prefix: string): Selector {
  switch (selector.type) {
    case 'all':
    case 'global':
      return selector
    case 'has':
    case 'equal':
    case 'not-equal':
    case 'contains':
    case 'starts-with':
    case 'ends-with':
    case 'in':
    case 'not-in':
      return { ...selector, label: prefix + selector.label }
    case 'not':
      return { type: 'not', operand: withLabelPrefix(selector.operand, prefix) }
    case 'and':
    case 'or':
      return { type: selector.type, operands: selector.operands.map((operand) => withLabelPrefix(operand, prefix)) }
  }
}
