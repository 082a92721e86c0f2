import { type Selector, type SelectorError, sortedValues } from './selector.ts'
import { type Token, tokenize } from './tokenize.ts'

/** How deep parentheses, and "&&" and "||" groups, may be nested: a bound for every recursion over the tree. */
export const maxDepth = 64

/**
 * Reads a selector. Empty or blank text selects everything. Which selectors a field admits (`global()`, length) is the field's
 * rule, not the language's.
 *
 *     or-expr = and-expr { "||" and-expr }      and-expr = operation { "&&" operation }      operation = { "!" } primary
 *     primary = "all()" | "global()" | "has(" label ")" | label operator string | label [ "not" ] "in" set | "(" or-expr ")"
 *     set     = "{" [ string { "," string } [ "," ] ] "}"
 */
export function parseSelector(text: string): Selector | SelectorError {
  const tokens = tokenize(text)
  if ('message' in tokens) return tokens
  const reader = new TokenReader(tokens)
  if (reader.peek().type === 'end') return { type: 'all' }
  const selector = readOr(reader, 0)
  if (selector.type === 'error') return selector
  const rest = reader.peek()
  if (rest.type !== 'end') return failure('expected "&&", "||" or the end', rest)
  if (groupDepth(selector) > maxDepth) return tooDeep({ type: 'end', position: 0 })
  return selector
}

class TokenReader {
  readonly #tokens: readonly Token[]
  #next = 0

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  /** The next token; `end` for ever once all are taken. */
  peek(): Token {
    return this.#tokens[Math.min(this.#next, this.#tokens.length - 1)] ?? { type: 'end', position: 0 }
  }

  take(): Token {
    const token = this.peek()
    this.#next++
    return token
  }

  takeIf(type: Token['type']): boolean {
    if (this.peek().type !== type) return false
    this.#next++
    return true
  }
}

function readOr(reader: TokenReader, depth: number): Selector | SelectorError {
  return readGroup(reader, 'or', '||', () => readAnd(reader, depth))
}

function readAnd(reader: TokenReader, depth: number): Selector | SelectorError {
  return readGroup(reader, 'and', '&&', () => readNot(reader, depth))
}

function readGroup(
  reader: TokenReader,
  type: 'and' | 'or',
  separator: '&&' | '||',
  readOperand: () => Selector | SelectorError,
): Selector | SelectorError {
  const first = readOperand()
  if (first.type === 'error') return first
  const operands = [first]
  while (reader.takeIf(separator)) {
    const operand = readOperand()
    if (operand.type === 'error') return operand
    operands.push(operand)
  }
  return operands.length === 1 ? first : { type, operands }
}

function readNot(reader: TokenReader, depth: number): Selector | SelectorError {
  let negated = false
  while (reader.takeIf('!')) negated = !negated
  const operand = readPrimary(reader, depth)
  if (operand.type === 'error' || !negated) return operand
  return operand.type === 'not' ? operand.operand : { type: 'not', operand }
}

function readPrimary(reader: TokenReader, depth: number): Selector | SelectorError {
  const token = reader.take()
  switch (token.type) {
    case 'all':
    case 'global':
      return { type: token.type }
    case 'has':
      return { type: 'has', label: token.label }
    case 'label':
      return readComparison(reader, token.label)
    case '(':
      return readParenthesis(reader, token, depth + 1)
    case ')':
    case '{':
    case '}':
    case ',':
    case '&&':
    case '||':
    case '!':
    case 'operator':
    case 'string':
    case 'end':
      return failure('expected a label, has(…), all(), "!" or "("', token)
  }
}

function readParenthesis(reader: TokenReader, open: Token, depth: number): Selector | SelectorError {
  if (depth > maxDepth) return tooDeep(open)
  const inner = readOr(reader, depth)
  if (inner.type === 'error' || reader.takeIf(')')) return inner
  return failure('expected ")"', reader.peek())
}

function readComparison(reader: TokenReader, label: string): Selector | SelectorError {
  const token = reader.take()
  if (token.type !== 'operator') return failure('expected an operator after the label', token)
  const { operator } = token
  if (operator === 'in' || operator === 'not-in') {
    const values = readSet(reader)
    return 'message' in values ? values : { type: operator, label, values: sortedValues(values) }
  }
  const value = reader.take()
  return value.type === 'string' ? { type: operator, label, value: value.value } : failure('expected a string in quotes', value)
}

function readSet(reader: TokenReader): string[] | SelectorError {
  const values: string[] = []
  if (!reader.takeIf('{')) return failure('expected "{"', reader.peek())
  while (!reader.takeIf('}')) {
    const token = reader.take()
    if (token.type !== 'string') return failure('expected a string in quotes or "}"', token)
    values.push(token.value)
    if (!reader.takeIf(',') && reader.peek().type !== '}') return failure('expected "," or "}"', reader.peek())
  }
  return values
}

function groupDepth(selector: Selector): number {
  if (selector.type === 'not') return groupDepth(selector.operand)
  if (selector.type !== 'and' && selector.type !== 'or') return 0
  return 1 + Math.max(...selector.operands.map(groupDepth))
}

function tooDeep(token: Token): SelectorError {
  return failure(`nested deeper than ${maxDepth} levels`, token)
}

function failure(message: string, token: Token): SelectorError {
  return { type: 'error', message, position: token.position }
}
