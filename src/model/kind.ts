import type { StaticDecode, TSchema } from 'typebox'
import { hint } from './did-you-mean.ts'
import { checkMetadata, type NameRule } from './metadata.ts'
import type { HintSchema } from './mistake-hints.ts'
import { formatPath } from './path.ts'
import type { Metadata, Problem, Resource } from './resource.ts'
import { type Checked, checkSchema } from './schema-check.ts'

/** What a check needs to know about the node it runs on. */
export type CheckContext = {
  readonly nodeName: string
  /** `felix.interfacePrefix`: how host sides of this node's workload interfaces begin. */
  readonly interfacePrefix: string
}

export type CheckResult =
  | { readonly resource: Resource; readonly problems?: never }
  | { readonly resource?: never; readonly problems: readonly Problem[] }

/** One kind of resource: its names and the one way to get a checked value of it. */
export type Kind = {
  readonly group: string
  readonly version: string
  readonly kind: string
  /** Lower case, as in URLs. */
  readonly plural: string
  readonly namespaced: boolean
  /** What can be said of the spec as JSON Schema; `check` knows more. */
  readonly spec: TSchema
  /** Only the labels matter: whatever the spec is, it is not kept. */
  readonly specIgnored?: true
  /** What `spec` describes stands beside `metadata`, in documents and in stored resources, whose own spec is empty. */
  readonly flat?: true
  /**
   * Every problem of the resource, or its canonical stored form: defaults filled, addresses and names in their one form. The
   * envelope's apiVersion and kind have been looked at by whoever found the kind.
   */
  check(resource: unknown, context: CheckContext): CheckResult
}

/** Each costs a search for what was meant, and a hostile document could have a million. */
const maxUnknownFields = 100

type Draft<Spec extends TSchema> = { readonly metadata: Metadata; readonly spec: StaticDecode<Spec> }

type KindOptions<Spec extends TSchema> = Omit<Kind, 'check' | 'spec'> & {
  readonly spec: Spec
  /** Fields beside `spec` that are taken and dropped: they have no meaning for networking. */
  readonly ignored?: readonly string[]
  readonly name?: NameRule
  /** Problems that need more than the spec alone; paths from the resource's root. */
  readonly crossCheck?: (draft: Draft<Spec>, context: CheckContext) => readonly Problem[]
  /** Fills defaults. */
  readonly complete?: (draft: Draft<Spec>) => { readonly metadata: Metadata; readonly spec: unknown }
}

/** A kind from its schema, its rules across fields and its defaults. */
export function defineKind<Spec extends TSchema>(options: KindOptions<Spec>): Kind {
  const { group, version, kind, plural, namespaced, spec, specIgnored, flat } = options
  const names = { group, version, kind, plural, namespaced, ...(specIgnored && { specIgnored }), ...(flat && { flat }) }
  return { ...names, spec, check: (resource, context) => check(options, resource, context) }
}

export function apiVersionOf({ group, version }: Pick<Kind, 'group' | 'version'>): string {
  return group === '' ? version : `${group}/${version}`
}

function check<Spec extends TSchema>(options: KindOptions<Spec>, resource: unknown, context: CheckContext): CheckResult {
  if (typeof resource !== 'object' || resource === null || Array.isArray(resource))
    return { problems: [{ path: '', reason: 'must be an object' }] }
  const fields = new Map<string, unknown>(Object.entries(resource))
  const metadata = checkMetadata(fields.get('metadata'), options)
  const spec = checkSpec(options, fields)
  const problems = [...unknownFields(options, fields), ...(metadata.problems ?? []), ...(spec.problems ?? [])]
  if (metadata.problems !== undefined || spec.problems !== undefined) return { problems }
  const draft = { metadata: metadata.value, spec: spec.value }
  const found = [...problems, ...(options.crossCheck?.(draft, context) ?? [])]
  if (found.length > 0) return { problems: found }
  const complete = options.complete?.(draft) ?? draft
  const envelope = { apiVersion: apiVersionOf(options), kind: options.kind, metadata: complete.metadata }
  return { resource: options.flat ? { ...envelope, spec: undefined, ...(complete.spec as object) } : { ...envelope, spec: complete.spec } }
}

function checkSpec<Spec extends TSchema>(
  { spec, specIgnored, flat }: KindOptions<Spec>,
  fields: ReadonlyMap<string, unknown>,
): Checked<StaticDecode<Spec>> {
  if (specIgnored) return checkSchema(spec, {})
  if (flat) return checkSchema(spec, contentOf(fields))
  if (!fields.has('spec')) return { problems: [{ path: 'spec', reason: 'is required' }] }
  return checkSchema(spec, fields.get('spec'), 'spec')
}

const envelopeFields: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata', 'status'])

/** What is not the envelope's, without an empty spec, which some write. Kubernetes writes null where a list is empty. */
function contentOf(fields: ReadonlyMap<string, unknown>): object {
  const own = [...fields].filter(([field, value]) => !envelopeFields.has(field) && (value ?? null) !== null)
  return Object.fromEntries(own.filter(([field, value]) => field !== 'spec' || JSON.stringify(value) !== '{}'))
}

function unknownFields<Spec extends TSchema>(options: KindOptions<Spec>, fields: ReadonlyMap<string, unknown>): readonly Problem[] {
  if (options.flat) return [] // they are unknown to the schema
  const known = [...envelopeFields, 'spec', ...(options.ignored ?? [])]
  return [...fields.keys()]
    .filter((field) => !known.includes(field))
    .slice(0, maxUnknownFields)
    .map((field) => ({ path: formatPath([field]), reason: `unknown field${placeHint(field, options.spec) || hint(field, known)}` }))
}

/** A field one level too far to the left. */
function placeHint(field: string, spec: HintSchema): string {
  const inSpec = Object.hasOwn(spec.properties ?? {}, field)
  if (!inSpec && !['name', 'namespace', 'labels', 'annotations'].includes(field)) return ''
  return `: it belongs below ${inSpec ? 'spec' : 'metadata'}, further to the right`
}
