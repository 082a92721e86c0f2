import { Composer, type Document, isAlias, isMap, isNode, isScalar, isSeq, Lexer, LineCounter, type Pair, Parser, type YAMLMap } from 'yaml'
import type { DocumentLimits } from './document-limits.ts'
import type { ParsedDocument, ParseResult } from './parsed-document.ts'
import { formatPath, type PathSegment, parsePath } from './path.ts'
import type { Problem } from './resource.ts'
import { yamlHint } from './yaml-hints.ts'

/**
 * The documents of a YAML 1.2 text. Empty ones are left out.
 * @param limits of a text that is refused before it is understood; the others are not looked at
 */
export function readYaml(text: string, { maxDepth, maxTokens }: Pick<DocumentLimits, 'maxDepth' | 'maxTokens'>): ParseResult {
  const lines = new LineCounter()
  // its own check of unique keys is quadratic, ours below is not
  const composer = new Composer({ uniqueKeys: false, version: '1.2' })
  const parser = new Parser(lines.addNewLine)
  const documents: Document.Parsed[] = []
  lines.addNewLine(0)
  let tokens = 0
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) documents.push(...composer.next(token))
    // the composer calls itself for each level: what is too deep must not reach it. The document is a level of the stack
    if (parser.stack.length > maxDepth + 1) return refusedAt(lines.linePos(parser.offset).line, `is nested deeper than ${maxDepth} levels`)
    if (++tokens > maxTokens) return refusedAt(lines.linePos(parser.offset).line, 'has too many values: send it in several requests')
  }
  for (const token of parser.end()) documents.push(...composer.next(token))
  documents.push(...composer.end(false, text.length))
  const problems = documents.flatMap((document, i) => documentProblems(document, lines).map((problem) => ({ ...problem, document: i })))
  if (problems.length > 0) return { problems }
  return { documents: documents.filter(({ contents }) => !isEmpty(contents)).map((document) => parsed(document, lines)) }
}

function refusedAt(line: number, reason: string): ParseResult {
  return { problems: [{ path: '', reason, line }] }
}

function parsed(document: Document.Parsed, lines: LineCounter): ParsedDocument {
  const members: Members = new Map()
  return { value: document.toJS({ maxAliasCount: 0 }), lineOf: (path) => lineOfPath(document.contents, path, lines, members) }
}

function isEmpty(contents: unknown): boolean {
  return contents === null || (isScalar(contents) && contents.value === null)
}

function documentProblems(document: Document.Parsed, lines: LineCounter): readonly Problem[] {
  const { errors, warnings, directives } = document
  // what comes after the first is mostly its consequence
  const [first] = [...errors, ...warnings]
  if (first !== undefined) return [{ path: '', reason: first.message + yamlHint(first.message), line: lines.linePos(first.pos[0]).line }]
  const { explicit, version } = directives.yaml
  if (explicit && version !== '1.2')
    return [{ path: '', reason: `YAML ${version} reads some values in another way: only YAML 1.2 is taken`, line: 1 }]
  const problems: Problem[] = []
  look(document.contents, [], (node, path, reason) => {
    const line = lineOfNode(node, lines)
    problems.push({ path: formatPath(path), reason, ...(line !== undefined && { line }) })
  })
  return problems
}

/** Pairs by key of the maps that were asked for: a map of many keys may have many problems. */
type Members = Map<YAMLMap, ReadonlyMap<string, Pair>>

const notFinite = 'must be a number that JSON has, which .inf, .nan and one beyond 1.8e308 are not: put it in quotes if it is a text'

type Refuse = (node: unknown, path: readonly PathSegment[], reason: string) => void

/** Finds what is legal YAML and still refused, because readers could differ on what it means. @param path of `node`; as it was on return */
function look(node: unknown, path: PathSegment[], refuse: Refuse): void {
  if (isAlias(node)) refuse(node, path, 'aliases are not taken: write the value out, or put one that begins with "*" in quotes')
  else if (isNode(node) && node.tag !== undefined)
    refuse(node, path, `tags are not taken (${node.tag}): put a value that begins with "!" in quotes`)
  if (isScalar(node) && typeof node.value === 'number' && !Number.isFinite(node.value)) refuse(node, path, notFinite)
  if (isSeq(node)) for (const [i, item] of node.items.entries()) lookBelow(i, item, path, refuse)
  if (!isMap(node)) return
  const seen = new Set<string>()
  for (const { key, value } of node.items) {
    const name = keyText(key)
    if (name === undefined) {
      refuse(key ?? node, path, 'a key must be a text or a number')
      continue
    }
    if (isNode(key) && key.tag !== undefined) refuse(key, [...path, name], `tags are not taken (${key.tag})`)
    if (seen.has(name)) refuse(key, [...path, name], 'this key is there twice')
    seen.add(name)
    lookBelow(name, value, path, refuse)
  }
}

function lookBelow(segment: PathSegment, node: unknown, path: PathSegment[], refuse: Refuse): void {
  path.push(segment)
  look(node, path, refuse)
  path.pop()
}

/** The key as the name of a property, which is what the parser makes of it too. */
function keyText(key: unknown): string | undefined {
  const value: unknown = isScalar(key) ? key.value : undefined
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined
}

/** The line of a map's key or a list's item: where a reader looks, also when the value begins further down. */
function lineOfPath(contents: unknown, path: string, lines: LineCounter, members: Members): number | undefined {
  let node = contents
  let line = lineOfNode(contents, lines)
  for (const segment of parsePath(path) ?? []) {
    const pair = isMap(node) ? membersOf(node, members).get(String(segment)) : undefined
    const next = isSeq(node) ? node.items[Number(segment)] : pair?.value
    if (pair === undefined && next === undefined) break
    line = lineOfNode(pair?.key ?? next, lines) ?? line
    node = next
  }
  return line
}

function membersOf(map: YAMLMap, members: Members): ReadonlyMap<string, Pair> {
  const known = members.get(map) ?? new Map(map.items.map((pair) => [keyText(pair.key) ?? '', pair]))
  members.set(map, known)
  return known
}

function lineOfNode(node: unknown, lines: LineCounter): number | undefined {
  const start = isNode(node) ? node.range?.[0] : undefined
  return start === undefined ? undefined : lines.linePos(start).line
}
