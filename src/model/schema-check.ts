import Type, { type StaticDecode, type TProperties, type TSchema } from 'typebox'
import Compile, { type Validator } from 'typebox/compile'
import type { TLocalizedValidationError } from 'typebox/error'
import { Settings } from 'typebox/system'
import Value, { DecodeUnsafe, HasCodec } from 'typebox/value'
import { fieldHint, type HintSchema, typeHint, wordHint } from './mistake-hints.ts'
import { formatPath, joinPath, type PathSegment, valueAt } from './path.ts'
import type { Problem } from './resource.ts'

/**
 * The library's knobs are global, so each check sets them. Its default hides all errors but eight; more than a thousand are not
 * worth reading. Sorting unions would walk the whole schema for every value that is decoded, and our schemas have none.
 */
const settings = { maxErrors: 1_000, unionPrioritySort: false }

/** What an error's schema can tell beyond the error itself. */
type ErrorSchema = HintSchema & {
  /** Set by `closedObject`. */
  readonly refused?: Readonly<Record<string, string>>
  readonly '~refine'?: readonly { readonly check: object }[]
}

type CrossCheck = (value: unknown) => readonly Problem[]

/** A refinement of the library has one message for its whole value; ours have problems with paths. By the refinement's check. */
const crossChecks = new WeakMap<object, CrossCheck>()

/**
 * An object that takes no other fields: a typo must not silently widen a policy.
 * @param refused fields others know, each with the reason
 * @param example shown to who wrote no object
 */
export function closedObject<Properties extends TProperties>(
  properties: Properties,
  refused: Readonly<Record<string, string>> = {},
  example?: object,
) {
  return Type.Object(properties, { additionalProperties: false, refused, ...(example !== undefined && { examples: [example] }) })
}

/**
 * The schema with a check across its fields, whose problems carry paths relative to the value. It runs only when the value has the
 * right shape, and sees the canonical form.
 */
export function crossChecked<Schema extends TSchema>(schema: Schema, check: (value: StaticDecode<Schema>) => readonly Problem[]) {
  const crossCheck: CrossCheck = (value) => check(decode(schema, value))
  const passes = (value: unknown) => crossCheck(value).length === 0
  crossChecks.set(passes, crossCheck)
  return Type.Refine(schema, passes)
}

/**
 * A text that `read` understands; what it returns is kept in place of what was written.
 * @param expected completes "must be …"
 * @param meant what a text that is not understood may have been meant to be
 */
export function text<Canonical>(
  read: (text: string) => Canonical | undefined,
  expected: string,
  meant: (text: string) => string | undefined = () => undefined,
) {
  const checked = Type.Refine(
    Type.String({ description: expected }),
    (value) => read(value) !== undefined,
    (value) => `must be ${expected}${meantHint(meant(value))}`,
  )
  return Type.Decode(checked, (value) => read(value) as Canonical) // decoding follows checking
}

/** As `text`, for what may be written as a whole number or as a text. */
export function textOrInteger<Canonical>(
  read: (value: string | number) => Canonical | undefined,
  expected: string,
  meant: (value: string | number) => string | undefined = () => undefined,
) {
  const checked = Type.Refine(
    Type.Unsafe<string | number>({ type: ['string', 'number'], description: expected }),
    (value) => (typeof value === 'string' || Number.isInteger(value)) && read(value) !== undefined,
    (value) => `must be ${expected}${meantHint(meant(value))}`,
  )
  return Type.Decode(checked, (value: string | number) => read(value) as Canonical) // decoding follows checking
}

function meantHint(meant: string | undefined): string {
  return meant === undefined ? '' : `, did you mean ${meant}?`
}

export type Checked<T> =
  | { readonly value: T; readonly problems?: never }
  | { readonly value?: never; readonly problems: readonly Problem[] }

/**
 * Every problem of a value, or its canonical form; the value itself stays as it is.
 * @param base path of the value in its document, put before the path of each problem
 */
export function checkSchema<Schema extends TSchema>(schema: Schema, value: unknown, base = ''): Checked<StaticDecode<Schema>> {
  Settings.Set(settings)
  if (passes(schema, value)) return { value: decode(schema, value) }
  const problems = Value.Errors(schema, value).flatMap((error) => problemsOf(error, schema, value))
  return { problems: problems.slice(0, settings.maxErrors).map((problem) => ({ ...problem, path: joinPath(base, problem.path) })) }
}

/** A schema is compiled once it was checked against so often: that costs as much as some hundred checks, and most kinds are few. */
const compiledAfter = 200

type Use = { times: number; compiled?: Validator }
const uses = new WeakMap<TSchema, Use>()

function passes(schema: TSchema, value: unknown): boolean {
  const use = uses.get(schema) ?? { times: 0 }
  uses.set(schema, use)
  use.times++
  if (use.times > compiledAfter) use.compiled ??= Compile(schema)
  return use.compiled?.Check(value) ?? Value.Check(schema, value)
}

/** Whether decoding changes anything, by schema. */
const codecs = new WeakMap<TSchema, boolean>()

function decode<Schema extends TSchema>(schema: Schema, value: unknown): StaticDecode<Schema> {
  const decodes = codecs.get(schema) ?? HasCodec(schema)
  codecs.set(schema, decodes)
  return (decodes ? DecodeUnsafe({}, schema, copyOf(value)) : value) as StaticDecode<Schema> // decoding writes into what it is given
}

/** @param value of JSON or YAML */
function copyOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(copyOf)
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, copyOf(field)]))
}

function problemsOf(error: TLocalizedValidationError, root: TSchema, rootValue: unknown): readonly Problem[] {
  const segments = segmentsOf(error.instancePath, rootValue)
  const value = valueAt(rootValue, segments)
  const schema = schemaAt(root, error.schemaPath)
  const refinement = error.keyword === '~refine' ? schema['~refine']?.[error.params.index] : undefined
  const crossCheck = refinement && crossChecks.get(refinement.check)
  if (crossCheck !== undefined) {
    const path = formatPath(segments)
    return crossCheck(value).map((problem) => ({ ...problem, path: joinPath(path, problem.path) }))
  }
  if (error.keyword === 'additionalProperties') return [] // each of them has its own error of keyword 'boolean'
  if (error.keyword === 'required') return error.params.requiredProperties.map((name) => missing([...segments, name]))
  if (error.keyword === 'boolean') return [unknownField(segments, root, error.schemaPath.replace(/\/[^/]*$/, ''))]
  return [{ path: formatPath(segments), reason: reasonOf(error, value, schema), ...shown(value) }]
}

function missing(segments: readonly PathSegment[]): Problem {
  return { path: formatPath(segments), reason: 'is required' }
}

/** @param schemaPath of the object that has the field */
function unknownField(segments: readonly PathSegment[], root: TSchema, schemaPath: string): Problem {
  const name = String(segments.at(-1))
  const schema = schemaAt(root, schemaPath)
  const refused = schema.refused !== undefined && Object.hasOwn(schema.refused, name) ? schema.refused[name] : undefined
  const reason = refused ?? `unknown field${fieldHint(name, schema, schemasAbove(root, schemaPath))}`
  return { path: formatPath(segments), reason }
}

/** The objects around one, the nearest first, each with the field that holds it ('' for the root). */
function schemasAbove(root: TSchema, schemaPath: string): readonly (readonly [field: string, schema: ErrorSchema])[] {
  const steps = pointerSteps(schemaPath.slice(1))
  return steps
    .flatMap((step, i): [string, ErrorSchema][] => {
      if (step !== 'properties') return []
      const field = steps.slice(0, i).findLast((part) => part !== 'items' && part !== 'properties') ?? ''
      return [[field, (valueAt(root, steps.slice(0, i)) ?? {}) as ErrorSchema]]
    })
    .toReversed()
}

function reasonOf(error: TLocalizedValidationError, value: unknown, schema: ErrorSchema): string {
  if (value === null) return 'has no value (null): give it one or leave the field out'
  if (error.keyword === 'type') {
    const types = [error.params.type].flat()
    return `must be ${types.map(article).join(' or ')}${typeHint(types, value, schema)}`
  }
  if (error.keyword === 'enum')
    return `must be ${error.params.allowedValues.join(' or ')}${wordHint(value, error.params.allowedValues, schema)}`
  return error.message
}

function article(type: string): string {
  const names: Readonly<Record<string, string>> = { array: 'a list', boolean: 'true or false', integer: 'a whole number' }
  return names[type] ?? (/^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`)
}

/** The value in a problem, unless it is too long to help. */
export function shown(value: unknown): { readonly value?: unknown } {
  if (typeof value === 'string') return { value: value.length > 200 ? `${value.slice(0, 200)}…` : value }
  return typeof value === 'number' || typeof value === 'boolean' ? { value } : {}
}

/** @param pointer RFC 6901, as the library gives it; a step into an array becomes an index */
function segmentsOf(pointer: string, root: unknown): readonly PathSegment[] {
  const segments: PathSegment[] = []
  for (const step of pointerSteps(pointer)) segments.push(Array.isArray(valueAt(root, segments)) ? Number(step) : step)
  return segments
}

function schemaAt(root: TSchema, schemaPath: string): ErrorSchema {
  return (valueAt(root, pointerSteps(schemaPath.slice(1))) ?? {}) as ErrorSchema
}

function pointerSteps(pointer: string): readonly string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
}
