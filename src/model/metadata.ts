import Type from 'typebox'
import { formatPath, valueAt } from './path.ts'
import type { Metadata, Problem } from './resource.ts'
import { isDnsLabel, isDnsSubdomain, isLabelValue, isQualifiedName } from './scalars.ts'
import { type Checked, checkSchema, closedObject, crossChecked, shown, text } from './schema-check.ts'

/** All keys and values of the annotations together, in bytes of UTF-8. */
const maxAnnotationsBytes = 256 * 1024

/** Which names a kind takes. @property expected completes "must be …" */
export type NameRule = { readonly matches: (name: string) => boolean; readonly expected: string }

export const subdomainName: NameRule = { matches: isDnsSubdomain, expected: 'a DNS-1123 subdomain of at most 253 characters' }
export const labelName: NameRule = { matches: isDnsLabel, expected: 'a DNS-1123 label: at most 63 of a-z, 0-9 and "-", no dots' }

const texts = Type.Record(Type.String(), Type.String())

/** Labels of an object, or those a selector asks for: each key and value is checked. */
export const labels = crossChecked(texts, labelProblems)

const annotations = crossChecked(texts, annotationProblems)

/** What clients send back of what servers have set is taken and dropped. */
const serverSet = Type.Optional(Type.Unknown())

/** What clients may write; what the server sets is beside it in what they read. */
export const metadata = closedObject(
  {
    name: Type.String(),
    namespace: Type.Optional(text((value) => (isDnsLabel(value) ? value : undefined), labelName.expected)),
    labels: Type.Optional(labels),
    annotations: Type.Optional(annotations),
    resourceVersion: Type.Optional(Type.String()),
    uid: serverSet,
    creationTimestamp: serverSet,
    generation: serverSet,
    managedFields: serverSet,
    ownerReferences: serverSet,
    finalizers: serverSet,
    deletionTimestamp: serverSet,
    deletionGracePeriodSeconds: serverSet,
    selfLink: serverSet,
  },
  { generateName: 'is not supported: give the resource a name' },
)

/**
 * The metadata as it is stored: without what only a server sets, with namespace `default` where a namespaced kind has none. Clients
 * write null where they have no labels or annotations. `uid` stays, to tell whose `resourceVersion` it is that stands beside it.
 * @param value of the resource's `metadata`, anything
 */
export function checkMetadata(
  value: unknown,
  kind: { readonly kind: string; readonly namespaced: boolean; readonly name?: NameRule },
): Checked<Metadata> {
  if (value === undefined) return { problems: [{ path: 'metadata', reason: 'is required' }] }
  const read = checkSchema(metadata, written(value), 'metadata')
  const problems = [
    ...(read.problems ?? []),
    ...nameProblems(valueAt(value, ['name']), kind.name ?? subdomainName),
    ...namespaceProblems(valueAt(value, ['namespace']), kind),
  ]
  if (read.problems !== undefined || problems.length > 0) return { problems }
  const { name, namespace, labels, annotations, resourceVersion, uid } = read.value
  return {
    value: {
      name,
      ...(kind.namespaced && { namespace: namespace ?? 'default' }),
      ...(labels !== undefined && { labels }),
      ...(annotations !== undefined && { annotations }),
      ...(resourceVersion !== undefined && { resourceVersion }),
      ...(typeof uid === 'string' && { uid }),
    },
  }
}

/** Without nulls, and without what a name was generated from: beside the name it says nothing. */
function written(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const isNamed = 'name' in value && typeof value.name === 'string'
  return Object.fromEntries(Object.entries(value).filter(([key, field]) => field !== null && !(isNamed && key === 'generateName')))
}

/** @param name anything: what is no text has its problem already */
function nameProblems(name: unknown, { matches, expected }: NameRule): readonly Problem[] {
  return typeof name !== 'string' || matches(name) ? [] : [{ path: 'metadata.name', reason: `must be ${expected}`, ...shown(name) }]
}

function namespaceProblems(namespace: unknown, kind: { readonly kind: string; readonly namespaced: boolean }): readonly Problem[] {
  if (namespace === undefined || kind.namespaced) return []
  return [{ path: 'metadata.namespace', reason: `${kind.kind} is in no namespace`, ...shown(namespace) }]
}

function labelProblems(entries: Readonly<Record<string, string>>): readonly Problem[] {
  return Object.entries(entries).flatMap(([key, value]): readonly Problem[] => [
    ...keyProblems(key, key),
    ...(isLabelValue(value)
      ? []
      : [
          {
            path: formatPath([key]),
            reason: 'a label value has at most 63 of A-Z, a-z, 0-9, "-", "_" and ".", the ends alphanumeric',
            ...shown(value),
          },
        ]),
  ])
}

function annotationProblems(entries: Readonly<Record<string, string>>): readonly Problem[] {
  const bytes = Object.entries(entries).reduce((sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value), 0)
  const tooLarge =
    bytes > maxAnnotationsBytes ? [{ path: '', reason: `annotations have ${bytes} bytes, at most ${maxAnnotationsBytes} are allowed` }] : []
  return [...tooLarge, ...Object.keys(entries).flatMap((key) => keyProblems(key, key.toLowerCase()))]
}

function keyProblems(key: string, checked: string): readonly Problem[] {
  return isQualifiedName(checked) ? [] : [{ path: formatPath([key]), reason: 'the key must be a qualified name: [DNS-subdomain/]name' }]
}
