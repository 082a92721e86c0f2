/** Where a text stops being JSON, and what was likely meant: the runtime's own words seldom tell the place. */

export type JsonMistake = { readonly offset: number; readonly hint: string }

/** What may come next. */
type Expected = 'value' | 'first-value' | 'key' | 'first-key' | 'colon' | 'comma'

const blank = /[ \t\n\r]*/y
/** Within a text: what stands for itself, and what is escaped. A part at a time, since a pattern for all of it overflows the stack on a long one. */
const plain = /[^"\\[\p{Cc}--[\x7f-\x9f]]]{1,4096}/vy
const escaped = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y
const scalar = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.+-])/y

/** @returns undefined for a text that is JSON */
export function jsonMistake(json: string): JsonMistake | undefined {
  const closers: string[] = []
  let expected: Expected = 'value'
  let at = endOf(blank, json, 0)
  while (expected !== 'comma' || closers.length > 0 || at < json.length) {
    const next = step(json, at, expected, closers)
    if (next === undefined) return { offset: at, hint: hintOf(json, at, expected) }
    expected = next.expected
    at = endOf(blank, json, next.end)
  }
  return undefined
}

/** @param closers of the objects and lists that are open, changed by what opens and closes */
function step(json: string, at: number, expected: Expected, closers: string[]): { expected: Expected; end: number } | undefined {
  const sign = json[at] ?? ''
  const closes = sign === closers.at(-1) && (expected === 'comma' || expected === (sign === '}' ? 'first-key' : 'first-value'))
  if (closes) {
    closers.pop()
    return { expected: 'comma', end: at + 1 }
  }
  if (expected === 'comma')
    return sign === ',' && closers.length > 0 ? { expected: closers.at(-1) === '}' ? 'key' : 'value', end: at + 1 } : undefined
  if (expected === 'colon') return sign === ':' ? { expected: 'value', end: at + 1 } : undefined
  const isKey = expected === 'key' || expected === 'first-key'
  if (!isKey && (sign === '{' || sign === '[')) {
    closers.push(sign === '{' ? '}' : ']')
    return { expected: sign === '{' ? 'first-key' : 'first-value', end: at + 1 }
  }
  const end = sign === '"' ? endOfText(json, at) : isKey ? at : endOf(scalar, json, at)
  return end === at ? undefined : { expected: isKey ? 'colon' : 'comma', end }
}

/** "" or ": …" */
function hintOf(json: string, at: number, expected: Expected): string {
  const sign = json[at] ?? ''
  if (sign === '') return ': it ends too early, is a bracket missing?'
  if (sign === '/' || sign === '#') return ': JSON has no comments'
  if (sign === '"' && expected !== 'colon' && expected !== 'comma')
    return ': a text ends on its line, with a quote; \\ only stands before what it escapes'
  if (sign === '}' || sign === ']')
    return expected === 'key' || expected === 'value' ? ': is there a comma or colon too many before it?' : ''
  if (expected === 'comma') return sign === ',' ? '' : ': is a comma missing before it?'
  if (expected === 'colon') return ': a colon stands behind a name'
  return /[\w'`]/.test(sign) ? ': names and texts stand in double quotes' : ''
}

/** @returns where the text begins, if it does not end as it should */
function endOfText(json: string, start: number): number {
  let at = start + 1
  for (let end = at; ; at = end) {
    end = endOf(escaped, json, endOf(plain, json, at))
    if (end === at) return json[at] === '"' ? at + 1 : start
  }
}

function endOf(pattern: RegExp, json: string, at: number): number {
  pattern.lastIndex = at
  return pattern.test(json) ? pattern.lastIndex : at
}
