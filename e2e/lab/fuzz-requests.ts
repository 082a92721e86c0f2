/** Requests for the API made from its own OpenAPI document: right ones, almost right ones and hostile ones. */
import fc from 'fast-check'
import { hostileTexts, type Sample, sampleResources } from './fuzz-samples.ts'

type Schema = Readonly<Record<string, unknown>>

type Operation = {
  readonly parameters?: readonly Schema[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> }
}

export type Document = {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: Readonly<Record<string, Readonly<Record<string, Schema>>>>
}

/** @property octets of one whole request  @property shown for the report of a failure  @property reads by its method it changes nothing */
export type FuzzRequest = { readonly shown: string; readonly octets: Buffer; readonly reads: boolean }

/** One to three requests that go out on one connection without waiting for an answer. */
export function fuzzRequests(document: Document): fc.Arbitrary<readonly FuzzRequest[]> {
  const operations = Object.entries(document.paths).flatMap(([url, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ url, method: method.toUpperCase(), operation })),
  )
  const request = fc.constantFrom(...operations).chain(({ url, method, operation: { parameters = [], requestBody } }) => {
    const samples = samplesOf(requestBody?.content['application/json']?.schema)
    const query = parameters.map((one) => resolve(document, one)).filter(({ in: place }) => place === 'query')
    return fc.constantFrom(...samples).chain((sample) =>
      fc
        .record({
          method: usually(fc.constant(method), fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS', 'TRACE', 'FOO')),
          path: pathOf(url, sample),
          query: queryOf(query),
          headers: headerLines,
          body: requestBody === undefined ? usually(fc.constant(Buffer.alloc(0)), body([sample])) : body(samples),
          end: usually(fc.constant('exact' as const), fc.constantFrom('short', 'chunked', 'none')),
        })
        .map(toRequest),
    )
  })
  return fc.array(request, { minLength: 1, maxLength: 3 })
}

/** Those that the body is to be one of; all, if it may be any. */
function samplesOf(schema: Schema | undefined): readonly Sample[] {
  const name = typeof schema?.$ref === 'string' ? schema.$ref.split('/').at(-1) : undefined
  const meant = sampleResources.filter(({ apiVersion, kind }) => `${apiVersion.replace('/', '.')}.${kind}` === name)
  return meant.length > 0 ? meant : sampleResources
}

function resolve(document: Document, schema: Schema): Schema {
  const [, , room = '', name = ''] = (typeof schema.$ref === 'string' ? schema.$ref : '').split('/')
  return document.components[room]?.[name] ?? schema
}

/** Nineteen times of twenty the first. */
function usually<T>(usual: fc.Arbitrary<T>, seldom: fc.Arbitrary<T>): fc.Arbitrary<T> {
  return fc.oneof({ weight: 19, arbitrary: usual }, { weight: 1, arbitrary: seldom })
}

const names = fc.constantFrom('default', 'shop', 'web', 'db', 'default.web', 'a', 'kns.shop', 'default-allow')
const hostile = fc.oneof(fc.constantFrom(...hostileTexts), fc.string({ maxLength: 30 }), fc.string({ unit: 'binary', maxLength: 12 }))

function pathOf(url: string, sample: Sample): fc.Arbitrary<string> {
  const own: Readonly<Record<string, string>> = { name: sample.metadata.name, namespace: sample.metadata.namespace ?? 'shop' }
  const parameters = [...url.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name)
  const values = fc.tuple(...parameters.map((name) => usually(fc.constant(own[name] ?? 'web'), fc.oneof(names, hostile))))
  const path = values.map((given) => {
    const left = [...given]
    return url.replaceAll(/\{\w+\}/g, () => encodeText(left.shift() ?? ''))
  })
  return usually(
    path,
    fc.tuple(path, fc.constantFrom('/', '//', '%00', '%zz', '/../..', ';x', '?')).map((parts) => parts.join('')),
  )
}

function queryOf(parameters: readonly Schema[]): fc.Arbitrary<string> {
  const pair = (parameter: Schema) =>
    fc
      .tuple(fc.constant(String(parameter.name)), usually(textOf(parameter.schema as Schema), hostile))
      .map(([name, value]) => `${encodeText(name)}=${encodeText(value)}`)
  const known = parameters.length === 0 ? fc.constant([]) : fc.subarray([...parameters]).chain((some) => fc.tuple(...some.map(pair)))
  const extra = usually<readonly string[]>(fc.constant([]), fc.array(hostile.map(encodeText), { maxLength: 2 }))
  return fc.tuple(known, extra).map((parts) => parts.flat().join('&'))
}

function textOf(schema: Schema): fc.Arbitrary<string> {
  if (Array.isArray(schema.enum)) return fc.constantFrom(...schema.enum.map(String))
  if (schema.type === 'boolean') return fc.constantFrom('true', 'false')
  if (schema.type === 'integer') {
    const { minimum = 0, maximum = 100 } = schema as { readonly minimum?: number; readonly maximum?: number }
    const right = fc.constantFrom(minimum, Math.min(maximum, minimum + 1), Math.min(maximum, minimum + 79), maximum).map(String)
    return usually(right, fc.constantFrom('-1', '1e3', '01', '4294967296', '9007199254740993', '0x10'))
  }
  return fc.oneof(names, fc.constantFrom('default/web', '10.244.1.2', 'fd00::1', '10.0.0.0/8', 'tcp', 'icmp', '47'))
}

function encodeText(text: string): string {
  return [...Buffer.from(text)]
    .map((octet) => (/[\w.~-]/.test(String.fromCharCode(octet)) ? String.fromCharCode(octet) : `%${octet.toString(16).padStart(2, '0')}`))
    .join('')
}

const types = fc.constantFrom('', 'text/plain', 'application/xml', 'application/json; charset=utf-16', 'a'.repeat(300), '\x00')
const strangeLines = [
  'Expect: 100-continue',
  'Expect: 1',
  'Content-Encoding: gzip',
  `X-A: ${'x'.repeat(15_000)}`,
  'Upgrade: websocket',
  'no colon',
  'Host: other',
]
const headerLines = fc.tuple(
  usually(fc.constantFrom('application/yaml', 'application/json'), types),
  usually<readonly string[]>(fc.constant([]), fc.array(fc.constantFrom(...strangeLines), { maxLength: 3 })),
)

const value = fc.oneof(fc.jsonValue({ maxDepth: 3 }), hostile, fc.constantFrom(1e308, -0, 2 ** 53, -1, '', null, [], {}, true))

/** A good resource with one value replaced, added or taken out, or as it is. */
function almost(samples: readonly Sample[]): fc.Arbitrary<object> {
  const how = fc.constantFrom('replace', 'remove', 'add', 'keep', 'keep')
  return fc.tuple(fc.constantFrom(...samples), fc.nat(1e6), value, how).map(([sample, where, put, how]) => {
    const copy = structuredClone(sample)
    const places = placesIn(copy)
    const [holder, key] = places[where % places.length] ?? [copy, 'kind']
    if (how === 'replace') Object.assign(holder, { [key]: put })
    if (how === 'add') Object.assign(holder, { [`${key}x`]: put })
    if (how === 'remove') Reflect.deleteProperty(holder, key)
    return copy
  })
}

function placesIn(value: unknown): readonly (readonly [holder: object, key: string])[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, below]) => [[value, key] as const, ...placesIn(below)])
}

function body(samples: readonly Sample[]): fc.Arbitrary<Buffer> {
  const several = fc.array(almost(samples), { minLength: 1, maxLength: 4 })
  const good = fc
    .oneof({ weight: 4, arbitrary: almost(samples) }, { weight: 1, arbitrary: several })
    .map((one) => Buffer.from(JSON.stringify(one)))
  const cut = fc.tuple(good, fc.nat(1_000)).map(([octets, length]) => octets.subarray(0, length))
  const noise = fc.uint8Array({ minLength: 1, maxLength: 4 })
  const noisy = fc
    .tuple(good, noise, fc.nat(1_000))
    .map(([octets, some, at]) => Buffer.concat([octets.subarray(0, at), some, octets.subarray(at)]))
  const strange = fc.constantFrom(...hostileTexts).map((text) => Buffer.from(text))
  return fc.oneof(
    { weight: 12, arbitrary: good },
    { weight: 1, arbitrary: cut },
    { weight: 1, arbitrary: noisy },
    { weight: 1, arbitrary: strange },
  )
}

type Parts = {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly headers: [type: string, more: readonly string[]]
  readonly body: Buffer
  readonly end: 'exact' | 'short' | 'chunked' | 'none'
}

function toRequest({ method, path, query, headers: [type, more], body, end }: Parts): FuzzRequest {
  const target = query === '' ? path : `${path}?${query}`
  const length = { exact: body.length, short: body.length + 10, none: undefined, chunked: undefined }[end]
  const lines = [
    `${method} ${target} HTTP/1.1`,
    'Host: localhost',
    ...(body.length > 0 && type !== '' ? [`Content-Type: ${type}`] : []),
    ...(length === undefined || length === 0 ? [] : [`Content-Length: ${length}`]),
    ...(end === 'chunked' ? ['Transfer-Encoding: chunked'] : []),
    ...more,
  ]
  const payload =
    end === 'chunked' ? Buffer.concat([Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from('\r\n0\r\n\r\n')]) : body
  return {
    shown: `${lines.join(' | ').slice(0, 400)} || ${body.toString('latin1').slice(0, 400)}`,
    reads: method === 'GET' || method === 'HEAD',
    octets: Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), payload]),
  }
}
