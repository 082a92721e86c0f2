/** Which bodies are read, how large they may be, and the resources in them; src/model knows what they mean. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import {
  checkDocuments,
  type DocumentFormat,
  type DocumentItem,
  documentLimits,
  located,
  nameDocuments,
  readDocuments,
} from '../model/documents.ts'
import { apiVersionOf, type CheckContext } from '../model/kind.ts'
import { kinds } from '../model/kinds.ts'
import type { Problem, Resource, ResourceRef } from '../model/resource.ts'
import { type Answer, problems } from './answer.ts'
import type { Named } from './apply.ts'

/** Where an item stands in the body. */
type Place = Pick<DocumentItem, 'document' | 'lineOf'>

/** What was read, or the answer that refuses it. `locate` gives a problem of item `document` its line. */
export type Read<Item> =
  | { readonly type: 'read'; readonly items: readonly Item[]; readonly locate: (problem: Problem) => Problem }
  | { readonly type: 'refused'; readonly answer: Answer }

type Body = { readonly format: DocumentFormat; readonly octets: Buffer }

/** Octets; each format has its own limit below it. */
export const maxBodyOctets = Math.max(...Object.values(documentLimits).map(({ maxBytes }) => maxBytes))

/** Instead of fastify's own parsers: JSON.parse would take the last of two equal keys in silence. */
export function acceptBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  const types: [DocumentFormat, string[]][] = [
    ['json', ['application/json']],
    ['yaml', ['application/yaml', 'text/yaml', 'application/x-yaml']],
  ]
  for (const [format, names] of types) {
    const parse = async (_request: FastifyRequest, octets: Buffer): Promise<Body> => ({ format, octets })
    app.addContentTypeParser(names, { parseAs: 'buffer', bodyLimit: documentLimits[format].maxBytes }, parse)
  }
}

/** How many octets a body of the request's type may have. */
export function limitOf({ headers }: FastifyRequest): number {
  return documentLimits[headers['content-type']?.includes('yaml') ? 'yaml' : 'json'].maxBytes
}

/** Checked resources, in the order of the body. */
export function readResources(request: FastifyRequest, context: CheckContext): Read<Resource> {
  return read(request, (items) => {
    const { resources, problems } = checkDocuments(items, context)
    return resources ? { items: resources.map(({ resource }) => resource), places: resources } : { problems }
  })
}

/** What the body names, whatever else it says of it. */
export function readNamed(request: FastifyRequest): Read<Named> {
  return read(request, (items) => {
    const { names, problems } = nameDocuments(items)
    return names ? { items: names.map(({ ref }) => ({ ref, apiVersion: apiVersionOfRef(ref) })), places: names } : { problems }
  })
}

type Checked<Item> =
  | { readonly items: readonly Item[]; readonly places: readonly Place[] }
  | { readonly items?: never; readonly problems: readonly Problem[] }

function read<Item>(request: FastifyRequest, check: (items: readonly DocumentItem[]) => Checked<Item>): Read<Item> {
  const { format = 'json', octets = Buffer.alloc(0) } = (request.body ?? {}) as Partial<Body>
  const text = decode(octets)
  if (text === undefined) return { type: 'refused', answer: problems(400, [{ path: '', reason: 'is not UTF-8' }]) }
  if (text.trim() === '') return { type: 'refused', answer: problems(400, [{ path: '', reason: 'holds no resource' }]) }
  const documents = readDocuments(text, format)
  if (documents.problems) return { type: 'refused', answer: problems(400, documents.problems) }
  const checked = check(documents.items)
  if (checked.items === undefined) return { type: 'refused', answer: problems(422, checked.problems) }
  const { items, places } = checked
  const locate = (problem: Problem) => {
    const place = places.find(({ document }) => document === problem.document)
    return place ? located(problem, place) : problem
  }
  return { type: 'read', items, locate }
}

/** undefined if it is not UTF-8. */
function decode(octets: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(octets)
  } catch (error) {
    if (error instanceof TypeError) return undefined
    throw error
  }
}

function apiVersionOfRef({ group, kind }: ResourceRef): string {
  const found = kinds.find((candidate) => candidate.group === group && candidate.kind === kind)
  if (found === undefined) throw new Error(`no kind ${kind} in group "${group}", but a document of it was read`)
  return apiVersionOf(found)
}
