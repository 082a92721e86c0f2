import { type DocumentFormat, type DocumentLimits, documentLimits } from './document-limits.ts'
import { readJson } from './json-document.ts'
import { apiVersionOf, type CheckContext } from './kind.ts'
import { checkResource, kindOfDocument } from './kinds.ts'
import type { LineOf, ParsedDocument } from './parsed-document.ts'
import { joinPath, valueAt } from './path.ts'
import { type Problem, type Resource, type ResourceRef, refOf } from './resource.ts'
import { readYaml } from './yaml-documents.ts'

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
  const items: DocumentItem[] = []
  for (const part of partsOf(read.documents)) {
    if (items.length === limits.maxItems) return { problems: [{ path: '', reason: `holds more than ${limits.maxItems} resources` }] }
    items.push({ ...part, document: items.length })
  }
  if (items.length === 0) return { problems: [{ path: '', reason: 'holds no resource' }] }
  const problems = items.flatMap((item) => lengthProblems(item, limits))
  return problems.length > 0 ? { problems } : { items }
}

/** A checked resource and where it was read. */
export type CheckedItem = { readonly resource: Resource; readonly document: number; readonly lineOf: LineOf }

export type CheckDocumentsResult =
  | { readonly items: readonly CheckedItem[]; readonly problems?: never }
  | { readonly items?: never; readonly problems: readonly Problem[] }

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
  return problems.length > 0 ? { problems: problems.slice(0, maxProblems) } : { items: resources }
}

/** What one document names. @property apiVersion as it is written there */
export type NamedItem = { readonly ref: ResourceRef; readonly apiVersion: string; readonly document: number; readonly lineOf: LineOf }

export type NameDocumentsResult =
  | { readonly items: readonly NamedItem[]; readonly problems?: never }
  | { readonly items?: never; readonly problems: readonly Problem[] }

/** What the items name, for deleting them: nothing but kind, namespace and name is looked at, so that an invalid resource can go too. */
export function nameDocuments(items: readonly DocumentItem[]): NameDocumentsResult {
  const read = items.map((item) => ({ item, named: nameOf(item.value) }))
  const problems = read.flatMap(({ item, named }) => (named.problems ?? []).map((problem) => located(problem, item)))
  if (problems.length > 0) return { problems: problems.slice(0, maxProblems) }
  return {
    items: read.flatMap(({ item: { document, lineOf }, named }) =>
      named.problems === undefined ? [{ ref: named.ref, apiVersion: named.apiVersion, document, lineOf }] : [],
    ),
  }
}

/** The problem with its document, and its line unless it has one. */
export function located(problem: Problem, { document, lineOf }: Pick<DocumentItem, 'document' | 'lineOf'>): Problem {
  const line = problem.line ?? lineOf(problem.path)
  return { ...problem, document, ...(line !== undefined && { line }) }
}

/** Documents with their arrays and lists taken apart; one by one, since a hostile array has millions. */
function* partsOf(documents: Iterable<ParsedDocument>): Generator<ParsedDocument> {
  for (const { value, lineOf } of documents) {
    const [path, members] = Array.isArray(value) ? ['', value] : isList(value) ? ['items', value.items] : []
    if (path === undefined || members === undefined) yield { value, lineOf }
    else
      for (const [i, member] of members.entries())
        yield* partsOf([{ value: member, lineOf: (rest) => lineOf(joinPath(`${path}[${i}]`, rest)) }])
  }
}

function lengthProblems(item: DocumentItem, { maxItemLength }: DocumentLimits): readonly Problem[] {
  const length = JSON.stringify(item.value)?.length ?? 0
  if (length <= maxItemLength) return []
  return [located({ path: '', reason: `has ${length} characters, a resource has at most ${maxItemLength}` }, item)]
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

type Named =
  | { readonly ref: ResourceRef; readonly apiVersion: string; readonly problems?: never }
  | { readonly problems: readonly Problem[] }

function nameOf(value: unknown): Named {
  const found = kindOfDocument(value)
  if ('problems' in found) return found
  const { group, kind, namespaced } = found.kind
  const apiVersion = apiVersionOf(found.kind)
  const name = valueAt(value, ['metadata', 'name'])
  const namespace = valueAt(value, ['metadata', 'namespace']) ?? 'default'
  if (typeof name !== 'string' || name === '') return { problems: [{ path: 'metadata.name', reason: 'is required' }] }
  if (typeof namespace !== 'string') return { problems: [{ path: 'metadata.namespace', reason: 'must be a string' }] }
  return { ref: { group, kind, namespace: namespaced ? namespace : '', name }, apiVersion }
}
