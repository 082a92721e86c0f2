import { readJson } from './json-document.ts'
import type { CheckContext } from './kind.ts'
import { checkResource, kindOfDocument } from './kinds.ts'
import { joinPath, valueAt } from './path.ts'
import { type Problem, type Resource, type ResourceRef, refOf } from './resource.ts'
import { readYaml } from './yaml-documents.ts'

/** What is read at most. A text beyond `maxBytes` or nested deeper than `maxDepth` is refused before it is parsed. */
export type DocumentLimits = {
  /** Of UTF-8. */
  readonly maxBytes: number
  readonly maxDepth: number
  /** Resources in all documents and lists together. */
  readonly maxItems: number
}

export type DocumentFormat = 'yaml' | 'json'

/** YAML costs about a second of one core per MB, and meanwhile nobody else is served: hence less of it than of JSON. */
export const documentLimits: Readonly<Record<DocumentFormat, DocumentLimits>> = {
  yaml: { maxBytes: 2 * 1024 * 1024, maxDepth: 64, maxItems: 20_000 },
  json: { maxBytes: 8 * 1024 * 1024, maxDepth: 64, maxItems: 20_000 },
}

/** Where a value of a text begins. @returns 1-based line of the deepest part of `path` that exists */
export type LineOf = (path: string) => number | undefined

/** One document as a parser hands it over: not checked at all. */
export type ParsedDocument = { readonly value: unknown; readonly lineOf: LineOf }

/** One resource, not checked yet. @property document 0-based: which resource of the text, lists taken apart */
export type DocumentItem = { readonly value: unknown; readonly document: number; readonly lineOf: LineOf }

export type ReadResult =
  | { readonly items: readonly DocumentItem[]; readonly problems?: never }
  | { readonly items?: never; readonly problems: readonly Problem[] }

/** More problems than this are not told: nobody reads them, and a hostile text could have millions. */
const maxProblems = 1_000

/**
 * The resources of a text: several YAML documents, JSON objects, arrays and `List`s. Duplicate keys, aliases, tags and whatever the
 * parser warns of are problems, because they make a text mean something else than it says.
 */
export function readDocuments(text: string, format: DocumentFormat, limits: DocumentLimits = documentLimits[format]): ReadResult {
  if (Buffer.byteLength(text) > limits.maxBytes) return { problems: [{ path: '', reason: `is larger than ${limits.maxBytes} bytes` }] }
  const read = format === 'json' ? readJson(text, limits) : readYaml(text, limits)
  if (read.problems !== undefined) return { problems: read.problems.slice(0, maxProblems) }
  const parts = read.documents.flatMap(takeApart)
  if (parts.length === 0) return { problems: [{ path: '', reason: 'holds no resource' }] }
  if (parts.length > limits.maxItems) return { problems: [{ path: '', reason: `holds more than ${limits.maxItems} resources` }] }
  return { items: parts.map((part, document) => ({ ...part, document })) }
}

/** A checked resource and where it was read. */
export type CheckedItem = { readonly resource: Resource; readonly document: number; readonly lineOf: LineOf }

export type CheckDocumentsResult =
  | { readonly resources: readonly CheckedItem[]; readonly problems?: never }
  | { readonly resources?: never; readonly problems: readonly Problem[] }

/** Every problem of every item, each with its document and line, or all of them as checked resources. */
export function checkDocuments(items: readonly DocumentItem[], context: CheckContext): CheckDocumentsResult {
  const problems: Problem[] = []
  const resources: CheckedItem[] = []
  const seen = new Map<string, number>()
  for (const item of items) {
    const checked = checkResource(item.value, context)
    if (checked.problems === undefined) {
      resources.push({ resource: checked.resource, document: item.document, lineOf: item.lineOf })
      problems.push(...duplicateProblems(refOf(checked.resource), item, seen))
    } else problems.push(...checked.problems.slice(0, maxProblems).map((problem) => located(problem, item)))
    if (problems.length > maxProblems) break
  }
  return problems.length > 0 ? { problems: problems.slice(0, maxProblems) } : { resources }
}

export type NamedItem = { readonly ref: ResourceRef; readonly document: number; readonly lineOf: LineOf }

export type NameDocumentsResult =
  | { readonly names: readonly NamedItem[]; readonly problems?: never }
  | { readonly names?: never; readonly problems: readonly Problem[] }

/** What the items name, for deleting them: nothing but kind, namespace and name is looked at, so that an invalid resource can go too. */
export function nameDocuments(items: readonly DocumentItem[]): NameDocumentsResult {
  const read = items.map((item) => ({ item, named: nameOf(item.value) }))
  const problems = read.flatMap(({ item, named }) => (named.problems ?? []).map((problem) => located(problem, item)))
  if (problems.length > 0) return { problems: problems.slice(0, maxProblems) }
  return { names: read.flatMap(({ item, named }) => (named.ref ? [{ ref: named.ref, document: item.document, lineOf: item.lineOf }] : [])) }
}

/** The problem with its document, and its line unless it has one. */
export function located(problem: Problem, { document, lineOf }: Pick<DocumentItem, 'document' | 'lineOf'>): Problem {
  const line = problem.line ?? lineOf(problem.path)
  return { ...problem, document, ...(line !== undefined && { line }) }
}

function takeApart({ value, lineOf }: ParsedDocument): readonly ParsedDocument[] {
  const [path, members] = Array.isArray(value) ? ['', value] : isList(value) ? ['items', value.items] : []
  if (path === undefined || members === undefined) return [{ value, lineOf }]
  return members.flatMap((member, i) => takeApart({ value: member, lineOf: (rest: string) => lineOf(joinPath(`${path}[${i}]`, rest)) }))
}

/** `kind: List` or `<Kind>List` with an array of items. */
function isList(value: unknown): value is { readonly items: readonly unknown[] } {
  const kind = valueAt(value, ['kind'])
  return typeof kind === 'string' && kind.endsWith('List') && Array.isArray(valueAt(value, ['items']))
}

function duplicateProblems(ref: ResourceRef, item: DocumentItem, seen: Map<string, number>): readonly Problem[] {
  const key = JSON.stringify(ref)
  const first = seen.get(key)
  seen.set(key, first ?? item.document)
  if (first === undefined) return []
  return [located({ path: 'metadata.name', reason: `the same resource is document ${first} already`, value: ref.name }, item)]
}

function nameOf(
  value: unknown,
): { readonly ref: ResourceRef; readonly problems?: never } | { readonly ref?: never; readonly problems: readonly Problem[] } {
  const found = kindOfDocument(value)
  if ('problems' in found) return found
  const { group, kind, namespaced } = found.kind
  const name = valueAt(value, ['metadata', 'name'])
  const namespace = valueAt(value, ['metadata', 'namespace']) ?? 'default'
  if (typeof name !== 'string' || name === '') return { problems: [{ path: 'metadata.name', reason: 'is required' }] }
  if (typeof namespace !== 'string') return { problems: [{ path: 'metadata.namespace', reason: 'must be a string' }] }
  return { ref: { group, kind, namespace: namespaced ? namespace : '', name } }
}
