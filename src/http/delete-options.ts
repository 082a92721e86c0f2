/** Kubernetes' DeleteOptions: what a DELETE may carry as its body. */
import type { FastifyRequest } from 'fastify'
import Type, { type Static } from 'typebox'
import { documentLimits } from '../model/document-limits.ts'
import { readJson } from '../model/json-document.ts'
import { checkSchema, closedObject } from '../model/schema-check.ts'
import { readYaml } from '../model/yaml-documents.ts'
import { type Answer, problems } from './answer.ts'
import { decodeText } from './decode-text.ts'
import type { Body } from './read-body.ts'

/** What only matters where objects own others is taken and has no effect. */
export const deleteOptions = closedObject({
  apiVersion: Type.Optional(Type.Enum(['v1', 'meta.k8s.io/v1'])),
  kind: Type.Optional(Type.Literal('DeleteOptions')),
  preconditions: Type.Optional(closedObject({ resourceVersion: Type.Optional(Type.String()), uid: Type.Optional(Type.String()) })),
  dryRun: Type.Optional(Type.Array(Type.Literal('All'), { maxItems: 1 })),
  gracePeriodSeconds: Type.Optional(Type.Integer({ minimum: 0 })),
  orphanDependents: Type.Optional(Type.Boolean()),
  propagationPolicy: Type.Optional(Type.Enum(['Background', 'Foreground', 'Orphan'])),
})

export type DeleteOptions = Static<typeof deleteOptions>

/** Octets; the options of the longest names have a few hundred. */
const maxOctets = 16 * 1024

export function readDeleteOptions({
  body,
}: FastifyRequest): { readonly type: 'read'; readonly options: DeleteOptions } | { readonly type: 'refused'; readonly answer: Answer } {
  const { format, octets } = (body ?? { format: 'json', octets: Buffer.alloc(0) }) as Body
  const refuse = (status: 400 | 413 | 422, errors: Parameters<typeof problems>[1]) =>
    ({ type: 'refused', answer: problems(status, errors) }) as const
  if (octets.length > maxOctets) return refuse(413, [{ path: '', reason: `DeleteOptions have at most ${maxOctets} octets` }])
  const given = decodeText(octets)
  if (given === undefined) return refuse(400, [{ path: '', reason: 'is not UTF-8' }])
  if (given.trim() === '') return { type: 'read', options: {} }
  const parsed = format === 'json' ? readJson(given, documentLimits.json) : readYaml(given, documentLimits.yaml)
  if (parsed.problems !== undefined) return refuse(400, parsed.problems)
  const [document, ...more] = parsed.documents
  if (document === undefined || more.length > 0) return refuse(400, [{ path: '', reason: 'must be one object' }])
  const checked = checkSchema(deleteOptions, document.value)
  return checked.problems === undefined ? { type: 'read', options: checked.value } : refuse(422, checked.problems)
}
