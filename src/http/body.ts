/** Which bodies are read, how large they may be, and what is in them, or the answer that refuses it. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { type DocumentFormat, documentLimits } from '../model/document-limits.ts'
import { type Answer, problem, problems } from './answer.ts'
import type { EndpointContext } from './endpoint.ts'
import type { Body, Contents } from './read-body.ts'

export type ReadRequest<Item> =
  | { readonly type: 'read'; readonly items: readonly Item[] }
  | { readonly type: 'refused'; readonly answer: Answer }

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

/** @param signal aborts when nobody waits for the answer any more, or the API closes */
export async function readRequest<As extends keyof Contents>(
  as: As,
  { reader, agent }: EndpointContext,
  request: FastifyRequest,
  signal: AbortSignal,
): Promise<ReadRequest<Contents[As]>> {
  const coding = request.headers['content-encoding'] ?? 'identity'
  if (coding !== 'identity') return { type: 'refused', answer: problem(415, `Content-Encoding ${coding} is not read here: send it plain`) }
  const { format = 'json', octets = Buffer.alloc(0) } = (request.body ?? {}) as Partial<Body>
  const read = await reader.read(as, { format, octets }, agent.checkContext(), signal)
  if (read === undefined) return { type: 'refused', answer: problem(503, 'the agent stops; nothing was changed') }
  if (read.problems !== undefined) return { type: 'refused', answer: problems(read.status, read.problems) }
  return { type: 'read', items: read.items }
}
