import { createHash } from 'node:crypto'
import type { Comparison, Selector } from './selector.ts'

const words: Readonly<Record<Comparison['type'], string>> = {
  equal: '==',
  'not-equal': '!=',
  contains: 'contains',
  'starts-with': 'starts with',
  'ends-with': 'ends with',
}

/**
 * The one text of a selector: selectors with equal trees have equal text, and the text parses to the same tree.
 * @throws RangeError for a value with both quotes: `parseSelector` never makes one
 */
export function canonical(selector: Selector): string {
  switch (selector.type) {
    case 'all':
    case 'global':
      return `${selector.type}()`
    case 'has':
      return `has(${selector.label})`
    case 'equal':
    case 'not-equal':
    case 'contains':
    case 'starts-with':
    case 'ends-with':
      return `${selector.label} ${words[selector.type]} ${quoted(selector.value)}`
    case 'in':
      return `${selector.label} in {${selector.values.map(quoted).join(', ')}}`
    case 'not-in':
      return `${selector.label} not in {${selector.values.map(quoted).join(', ')}}`
    case 'not':
      return `!${canonical(selector.operand)}`
    case 'and':
      return `(${selector.operands.map(canonical).join(' && ')})`
    case 'or':
      return `(${selector.operands.map(canonical).join(' || ')})`
  }
}

/** A short name for the selector, the same for equal canonical texts: "s:" and the SHA-224 in base64url (40 characters in all). */
export function selectorId(selector: Selector): string {
  return `s:${createHash('sha224')
    .update(`s:${canonical(selector)}`)
    .digest('base64url')}`
}

function quoted(value: string): string {
  if (!value.includes('"')) return `"${value}"`
  if (!value.includes("'")) return `'${value}'`
  throw new RangeError(`a selector string cannot contain both quotes: ${JSON.stringify(value)}`)
}
