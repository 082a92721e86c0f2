import type { Comparison, Membership, SelectorError } from './selector.ts'

/** Longest label name the language knows, in characters. */
export const maxLabelLength = 512

export type Token = { readonly position: number } & (
  | { readonly type: '(' | ')' | '{' | '}' | ',' | '&&' | '||' | '!' | 'end' }
  | { readonly type: 'all' | 'global' }
  | { readonly type: 'has' | 'label'; readonly label: string }
  | { readonly type: 'operator'; readonly operator: Comparison['type'] | Membership['type'] }
  | { readonly type: 'string'; readonly value: string }
)

const symbols = ['&&', '||', '(', ')', '{', '}', ',', '!'] as const

/** Operators are looked for only directly after a label, so that a label may be called "in" or "contains". */
const operators: readonly (readonly [RegExp, Comparison['type'] | Membership['type']])[] = [
  [/==/y, 'equal'],
  [/!=/y, 'not-equal'],
  [/contains(?![\w./-])/y, 'contains'],
  [/starts[ \t]*with(?![\w./-])/y, 'starts-with'],
  [/ends[ \t]*with(?![\w./-])/y, 'ends-with'],
  [/not[ \t]*in(?![\w./-])/y, 'not-in'],
  [/in(?![\w./-])/y, 'in'],
]

/**
 * The tokens of a selector, the last one `end`. White space is space and tab only; `has(x)`, `all()` and `global()` are one token
 * each, because no space may stand before their parenthesis.
 */
export function tokenize(text: string): readonly Token[] | SelectorError {
  const tokens: Token[] = []
  let position = skipBlank(text, 0)
  while (position < text.length) {
    const afterLabel = tokens.at(-1)?.type === 'label'
    const read = afterLabel ? readOperator(text, position) : readOperand(text, position)
    if ('message' in read) return read
    tokens.push(read.token)
    position = skipBlank(text, read.next)
  }
  tokens.push({ type: 'end', position })
  return tokens
}

type Read = { readonly token: Token; readonly next: number } | SelectorError

function readOperator(text: string, position: number): Read {
  for (const [pattern, operator] of operators) {
    const length = matchAt(pattern, text, position)?.[0].length
    if (length !== undefined) return { token: { type: 'operator', operator, position }, next: position + length }
  }
  return failure('expected an operator after the label', position)
}

function readOperand(text: string, position: number): Read {
  const quote = text.charAt(position)
  if (quote === '"' || quote === "'") return readString(text, position, quote)
  // "! =" is two things, "!=" only one: after anything but a label it has nothing to compare
  if (text.startsWith('!=', position)) return failure('expected a label before "!="', position)
  if (text.startsWith('==', position)) return failure('expected a label before "=="', position)
  const symbol = symbols.find((candidate) => text.startsWith(candidate, position))
  if (symbol !== undefined) return { token: { type: symbol, position }, next: position + symbol.length }
  return readCall(text, position) ?? readLabel(text, position)
}

function readString(text: string, position: number, quote: string): Read {
  const end = text.indexOf(quote, position + 1)
  if (end < 0) return failure(`the string has no closing ${quote}`, position)
  const value = text.slice(position + 1, end)
  const control = value.search(/\p{Cc}/u)
  if (control >= 0) return failure('control characters are not allowed in a string', position + 1 + control)
  if (!value.isWellFormed()) return failure('the string is not valid Unicode', position)
  return { token: { type: 'string', value, position }, next: end + 1 }
}

function readCall(text: string, position: number): Read | undefined {
  const constant = matchAt(/(all|global)\([ \t]*\)/y, text, position)
  if (constant !== undefined)
    return { token: { type: constant[1] === 'all' ? 'all' : 'global', position }, next: position + constant[0].length }
  const has = matchAt(/has\([ \t]*([\w./-]+)[ \t]*\)/y, text, position)
  const label = has?.[1]
  if (has === undefined || label === undefined) return undefined
  if (label.length > maxLabelLength) return labelTooLong(position)
  return { token: { type: 'has', label, position }, next: position + has[0].length }
}

function readLabel(text: string, position: number): Read {
  const label = matchAt(/[\w./-]+/y, text, position)?.[0]
  if (label === undefined) return failure(`unexpected ${describe(text, position)}`, position)
  if (label.length > maxLabelLength) return labelTooLong(position)
  return { token: { type: 'label', label, position }, next: position + label.length }
}

function describe(text: string, position: number): string {
  const character = String.fromCodePoint(text.codePointAt(position) ?? 0)
  if (character === '\n' || character === '\r') return 'line break: only spaces and tabs may separate'
  if (character === '=' || character === '&' || character === '|') return `single "${character}"`
  return JSON.stringify(character)
}

/** @param pattern sticky */
function matchAt(pattern: RegExp, text: string, position: number): RegExpExecArray | undefined {
  pattern.lastIndex = position
  return pattern.exec(text) ?? undefined
}

function skipBlank(text: string, position: number): number {
  let next = position
  while (text[next] === ' ' || text[next] === '\t') next++
  return next
}

function labelTooLong(position: number): SelectorError {
  return failure(`a label has at most ${maxLabelLength} characters`, position)
}

function failure(message: string, position: number): SelectorError {
  return { type: 'error', message, position }
}
