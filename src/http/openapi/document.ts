/** The OpenAPI 3.1 document, made from what the handlers themselves work with: their descriptions and the schemas of the kinds. Pure. */
import Type, { type TSchema } from 'typebox'
import { apiVersionOf, type Kind } from '../../model/kind.ts'
import { problemStatuses, titleOf } from '../answer.ts'
import { deleteOptions } from '../delete-options.ts'
import type { Description, Endpoints } from '../endpoint.ts'
import type { Parameters } from '../query.ts'
import { resourceDescriptions } from '../resource-endpoints.ts'
import { answerSchemas } from './answer-schemas.ts'
import { anyResource, kindSchemas, schemaName } from './kind-schemas.ts'

export type OpenApi = {
  readonly openapi: '3.1.0'
  readonly info: object
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: {
    readonly schemas: Readonly<Record<string, object>>
    readonly parameters: object
    readonly responses: object
    readonly securitySchemes: object
  }
  readonly security: readonly object[]
  readonly tags: readonly object[]
}

export type Operation = {
  readonly operationId: string
  readonly summary: string
  readonly tags: readonly string[]
  readonly parameters?: readonly (Parameter | { readonly $ref: string })[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: object }>> }
  readonly responses: Readonly<Record<string, object>>
}

export type Parameter = { readonly name: string; readonly in: string; readonly schema: object }

/** @param endpoints all but those of resources, which are the same for each kind */
export function openApiDocument(endpoints: Endpoints, kinds: readonly Kind[], version: string): OpenApi {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Tortie',
      version,
      description:
        'The API of one node. Errors are RFC 9457 problem details with every mistake at once; a refused request changes nothing.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    security: [{}, { token: [] }, { certificate: [] }],
    tags: [{ name: 'node', description: 'This node' }, ...kinds.map((kind) => ({ name: tagOf(kind) }))],
    paths: Object.fromEntries([
      ...Object.entries(endpoints).map(([url, methods]) => path(url.replaceAll(/:(\w+)/g, '{$1}'), methods, 'node')),
      ...kinds.flatMap(kindPaths),
    ]),
    components: {
      schemas: { ...answerSchemas, ...kindSchemas(kinds), 'delete-options': plain(deleteOptions) },
      parameters: resourceParameters(),
      responses: {
        problem: problemResponse('What was wrong with the request, or why it cannot be answered now'),
        ...Object.fromEntries(problemStatuses.map((status) => [String(status), problemResponse(titleOf(status))])),
      },
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'Over TCP with api.tokenFile; the Unix socket needs none' },
        certificate: { type: 'mutualTLS', description: 'Over TCP with api.tls.clientCaFile' },
      },
    },
  }
}

type Described = Readonly<Record<string, Description>>

/** @param kind which resource "resource" and "list" stand for */
function path(url: string, methods: Described, tag: string, kind?: Kind): [url: string, operations: Record<string, Operation>] {
  return [
    url,
    Object.fromEntries(Object.entries(methods).map(([method, each]) => [method.toLowerCase(), operation(method, url, each, tag, kind)])),
  ]
}

function kindPaths(kind: Kind): readonly [string, Record<string, Operation>][] {
  const root = kind.group === '' ? `/api/${kind.version}` : `/apis/${kind.group}/${kind.version}`
  const list = (url: string) => path(url, resourceDescriptions.list, tagOf(kind), kind)
  const one = (url: string) => path(`${url}/{name}`, resourceDescriptions.one, tagOf(kind), kind)
  const all = `${root}/${kind.plural}`
  if (!kind.namespaced) return [list(all), one(all)]
  const inNamespace = `${root}/namespaces/{namespace}/${kind.plural}`
  return [list(all), list(inNamespace), one(inNamespace)]
}

function operation(method: string, url: string, description: Description, tag: string, kind: Kind | undefined): Operation {
  const { summary, query = {}, body, answers, refusals = [] } = description
  const shared = Object.keys(query).map((name) => ({ $ref: `#/components/parameters/${parameterKey(method, name)}` }))
  const parameters = [...pathParameters(url), ...(kind === undefined ? queryParameters(query) : shared)]
  return {
    operationId: `${method.toLowerCase()}${url.replaceAll(/[^A-Za-z0-9]+(.)?/g, (_, next: string = '') => next.toUpperCase())}`,
    summary,
    tags: [tag],
    ...(parameters.length > 0 && { parameters }),
    ...(body !== undefined && { requestBody: requestBody(body, kind) }),
    responses: {
      ...Object.fromEntries(Object.entries(answers).map(([status, answer]) => [status, response(answer, kind)])),
      ...Object.fromEntries([400, ...refusals].map((status) => [status, { $ref: `#/components/responses/${status}` }])),
      default: { $ref: '#/components/responses/problem' },
    },
  }
}

function pathParameters(url: string) {
  const names = [...url.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name)
  return names.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } }))
}

/** Those of the resources, which are the same for each kind. */
function resourceParameters() {
  const methods = [...Object.entries(resourceDescriptions.one), ...Object.entries(resourceDescriptions.list)]
  return Object.fromEntries(
    methods.flatMap(([method, { query }]) => queryParameters(query).map((parameter) => [parameterKey(method, parameter.name), parameter])),
  )
}

function parameterKey(method: string, name: string): string {
  return `${method.toLowerCase()}-${name}`
}

function queryParameters(query: Parameters) {
  return Object.entries(query).map(([name, { schema, description, required }]) => ({
    name,
    in: 'query',
    ...(required && { required }),
    ...(description !== undefined && { description }),
    schema,
  }))
}

function requestBody(body: NonNullable<Description['body']>, kind: Kind | undefined) {
  const several = { oneOf: [anyResource, { type: 'array', items: anyResource }, { $ref: '#/components/schemas/List' }] }
  const bodies = {
    resources: several,
    names: several,
    resource: kind === undefined ? anyResource : { $ref: `#/components/schemas/${schemaName(kind)}` },
    'delete-options': { $ref: '#/components/schemas/delete-options' },
  }
  const types = ['application/json', 'application/yaml', 'text/yaml', 'application/x-yaml']
  const content = Object.fromEntries(types.map((type) => [type, { schema: bodies[body] }]))
  return { required: body !== 'delete-options', content }
}

function response({ description, schema, type = 'application/json' }: Description['answers'][number], kind: Kind | undefined) {
  const names: Readonly<Record<string, string>> = kind === undefined ? {} : { resource: schemaName(kind), list: `${schemaName(kind)}List` }
  const content = {
    schema: typeof schema === 'string' ? { $ref: `#/components/schemas/${names[schema] ?? schema}` } : plain(schema ?? anyText),
  }
  return { description, content: { [type]: content } }
}

function problemResponse(description: string) {
  return { description, content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/problem' } } } }
}

const anyText = Type.String()

function tagOf(kind: Kind): string {
  return `${kind.kind} (${apiVersionOf(kind)})`
}

function plain(schema: TSchema): object {
  return JSON.parse(JSON.stringify(schema)) as object
}
