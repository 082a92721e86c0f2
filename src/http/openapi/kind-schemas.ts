/** The kinds of resources as JSON Schema: what can be said of them that way. Pure. */
import { apiVersionOf, type Kind } from '../../model/kind.ts'
import { metadata } from '../../model/metadata.ts'

/** "projectcalico.org.v3.NetworkPolicy", "v1.Namespace": two groups may have a kind of one name. */
export function schemaName(kind: Kind): string {
  return `${apiVersionOf(kind).replace('/', '.')}.${kind.kind}`
}

export const anyResource = { $ref: '#/components/schemas/Resource' }

export function kindSchemas(kinds: readonly Kind[]): Readonly<Record<string, object>> {
  const refs = kinds.map((kind) => ({ $ref: `#/components/schemas/${schemaName(kind)}` }))
  return {
    Metadata: writable(metadata),
    Resource: { oneOf: refs },
    List: {
      type: 'object',
      required: ['apiVersion', 'kind', 'items'],
      properties: { apiVersion: { const: 'v1' }, kind: { const: 'List' }, metadata: {}, items: { type: 'array', items: anyResource } },
    },
    ...Object.fromEntries(kinds.flatMap((kind) => [resource(kind), list(kind)])),
  }
}

function resource(kind: Kind): [string, object] {
  const envelope = {
    apiVersion: { const: apiVersionOf(kind) },
    kind: { const: kind.kind },
    metadata: { $ref: '#/components/schemas/Metadata' },
  }
  if (kind.flat) return [schemaName(kind), flatResource(envelope, writable(kind.spec))]
  const properties = {
    ...envelope,
    spec: kind.specIgnored ? { type: 'object', description: 'Only the labels matter: it is not kept' } : writable(kind.spec),
    status: { description: 'Taken and not kept' },
  }
  const required = ['apiVersion', 'kind', 'metadata', ...(kind.specIgnored ? [] : ['spec'])]
  return [schemaName(kind), { type: 'object', required, properties }]
}

/** @param content what stands beside the envelope */
function flatResource(envelope: object, content: { readonly required?: readonly string[]; readonly properties?: object }): object {
  const required = [...Object.keys(envelope), ...(content.required ?? [])]
  return { type: 'object', required, properties: { ...envelope, ...content.properties } }
}

function list(kind: Kind): [string, object] {
  const texts = { type: 'string' }
  return [
    `${schemaName(kind)}List`,
    {
      type: 'object',
      required: ['apiVersion', 'kind', 'metadata', 'items'],
      properties: {
        apiVersion: { const: apiVersionOf(kind) },
        kind: { const: `${kind.kind}List` },
        metadata: {
          type: 'object',
          required: ['resourceVersion'],
          properties: { resourceVersion: texts, continue: texts, remainingItemCount: { type: 'integer' } },
        },
        items: { type: 'array', items: { $ref: `#/components/schemas/${schemaName(kind)}` } },
      },
    },
  ]
}

/** Without what only our own checks read. */
function writable(schema: object): object {
  return JSON.parse(JSON.stringify(schema, (key, value: unknown) => (key === 'refused' ? undefined : value))) as object
}
