import type { DocumentLimits } from './document-limits.ts'
import { jsonMistake } from './json-mistake.ts'
import type { ParseResult } from './parsed-document.ts'
import { formatPath, type PathSegment, parsePath } from './path.ts'
import type { Problem } from './resource.ts'

/**
 * The one value of a JSON text (RFC 8259). A name that is there twice in one object is a problem (§4: readers differ on it).
 * @param limits only `maxDepth` is looked at
 */
export function readJson(text: string, { maxDepth }: Pick<DocumentLimits, 'maxDepth'>): ParseResult {
  const { deep, members } = scan(text, maxDepth)
  if (deep !== undefined)
    return { problems: [{ path: '', reason: `is nested deeper than ${maxDepth} levels`, line: lineCounter(text)(deep) }] }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return { problems: [syntaxProblem(text, error.message)] }
    throw error
  }
  // Of two members of one name JSON.parse keeps one.
  const problems = membersOf(value) === members ? [] : duplicateProblems(text)
  if (problems.length > 0) return { problems }
  let lines: ReadonlyMap<string, number> | undefined
  const lineOf = (path: string) => {
    lines ??= linesOf(text) // only when asked: it takes as long as all the rest
    return lineOfPath(lines, path)
  }
  const tooLarge = infiniteIn(value)
  if (tooLarge !== undefined) {
    const path = formatPath(tooLarge)
    const line = lineOf(path)
    return { problems: [{ path, reason: 'is a number beyond 1.8e308', ...(line !== undefined && { line }) }] }
  }
  return { documents: [{ value, lineOf }] }
}

/** Of V8's words without the piece of text that it shows, which may be a secret. */
function syntaxProblem(text: string, message: string): Problem {
  const { offset, hint } = jsonMistake(text) ?? { offset: text.length, hint: '' }
  const words = message.replace(/, (?:\.\.\.)?".*$/s, '').replace(/ in JSON at position .*$/s, '')
  return { path: '', reason: `is not JSON: ${words}${hint}`, line: lineCounter(text)(offset) }
}

function duplicateProblems(text: string): readonly Problem[] {
  const problems: Problem[] = []
  const line = lineCounter(text)
  walk(text, (path, offset, twice) => {
    if (twice) problems.push({ path: formatPath(path), reason: 'this key is there twice', line: line(offset) })
  })
  return problems
}

/** Of all paths; of the value alone where one line is all there is, as programs write. */
function linesOf(text: string): ReadonlyMap<string, number> {
  const lines = new Map<string, number>([['', 1]])
  if (!text.includes('\n')) return lines
  const line = lineCounter(text)
  walk(text, (path, offset) => lines.set(formatPath(path), line(offset)))
  return lines
}

function lineOfPath(lines: ReadonlyMap<string, number>, path: string): number | undefined {
  const segments = parsePath(path) ?? []
  for (let length = segments.length; length >= 0; length--) {
    const line = lines.get(formatPath(segments.slice(0, length)))
    if (line !== undefined) return line
  }
  return undefined
}

type Visit = (path: readonly PathSegment[], offset: number, twice: boolean) => void

const token = /"(?:[^"\\]|\\.)*"|[{}[\],]|[^\s{}[\],:"]+/g

/** Calls back for the value itself, each member (at its name) and each item (at its value) of a valid JSON text, in their order. */
function walk(text: string, visit: Visit): void {
  const levels: { readonly keys: Set<string> | undefined; expectsKey: boolean }[] = []
  const path: PathSegment[] = []
  for (const { 0: lexeme, index: offset } of text.matchAll(token)) {
    const level = levels.at(-1)
    if (lexeme === ',') {
      if (level?.keys !== undefined) level.expectsKey = true
      else path.push(Number(path.pop()) + 1)
    } else if (lexeme === '}' || lexeme === ']') {
      levels.pop()
      path.pop()
    } else if (level?.expectsKey) {
      const key = String(JSON.parse(lexeme))
      path[path.length - 1] = key
      visit(path, offset, level.keys?.has(key) ?? false)
      level.keys?.add(key)
      level.expectsKey = false
    } else {
      if (level?.keys === undefined) visit(path, offset, false)
      if (lexeme === '{' || lexeme === '[') {
        levels.push({ keys: lexeme === '{' ? new Set() : undefined, expectsKey: lexeme === '{' })
        path.push(lexeme === '{' ? '' : 0)
      }
    }
  }
}

const [quote, backslash, colon] = [0x22, 0x5c, 0x3a]
const [openBracket, closeBracket, openBrace, closeBrace] = [0x5b, 0x5d, 0x7b, 0x7d]

/**
 * Once over a text that may be no JSON.
 * @returns deep: offset of the first bracket that opens a level too many; members: how many all objects have together
 */
function scan(text: string, maxDepth: number): { readonly deep?: number; readonly members: number } {
  let [depth, members] = [0, 0]
  for (let offset = 0; offset < text.length; offset++) {
    const code = text.charCodeAt(offset)
    if (code === quote) offset = endOfString(text, offset)
    else if (code === colon) members++
    else if (code === openBrace || code === openBracket) depth++
    else if (code === closeBrace || code === closeBracket) depth--
    if (depth > maxDepth) return { deep: offset, members }
  }
  return { members }
}

/** The offset of the quote that ends a string, or the end of a text that lacks it. @param start of the quote that begins it */
function endOfString(text: string, start: number): number {
  for (let offset = start + 1; offset < text.length; offset++) {
    const code = text.charCodeAt(offset)
    if (code === quote) return offset
    if (code === backslash) offset++
  }
  return text.length
}

function membersOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  let members = Array.isArray(value) ? 0 : Object.keys(value).length
  for (const part of Object.values(value)) members += membersOf(part)
  return members
}

/** The path of a number that became infinite when it was read, which JSON cannot write again; undefined: there is none. */
function infiniteIn(value: unknown): readonly PathSegment[] | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : []
  if (typeof value !== 'object' || value === null) return undefined
  for (const name of Object.keys(value)) {
    const found = infiniteIn((value as Readonly<Record<string, unknown>>)[name])
    if (found !== undefined) return [Array.isArray(value) ? Number(name) : name, ...found]
  }
  return undefined
}

/** Line of an offset, 1-based; offsets must not go back. */
function lineCounter(text: string): (offset: number) => number {
  let line = 1
  let counted = 0
  return (offset) => {
    for (; counted < offset; counted++) if (text.charCodeAt(counted) === 10) line++
    return line
  }
}
