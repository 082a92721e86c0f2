/** What a user may have meant who wrote a value of the wrong type, or a field in the wrong place: words to add to a reason. */
import { hint } from './did-you-mean.ts'
import { shortJson } from './short-json.ts'

/** What of a schema helps to guess. @property examples of JSON Schema: values of the right type */
export type HintSchema = {
  readonly properties?: Readonly<Record<string, HintSchema>>
  readonly items?: HintSchema
  readonly examples?: readonly unknown[]
  /** Words of others by what they are called here, in lower case. */
  readonly meant?: Readonly<Record<string, string>>
}

/** Never holds the value, which may be a secret at a wrong place. @param expected types of JSON Schema */
export function typeHint(expected: readonly string[], value: unknown, { examples = [] }: HintSchema): string {
  const wants = (...types: readonly string[]) => types.some((type) => expected.includes(type))
  if (wants('array')) return isObject(value) ? ': begin each item with "- "' : listHint(value)
  if (wants('number', 'integer') && typeof value === 'string' && /^[\d.]+$/.test(value)) return ': leave out the quotes'
  if (wants('boolean') && typeof value === 'string') return booleanHint(value)
  if (wants('string') && (typeof value === 'number' || typeof value === 'boolean')) return ': put it in quotes'
  return examples.length === 0 ? '' : `, as in ${shortJson(examples[0])}`
}

/** YAML 1.1 knew more words for it than the two of YAML 1.2. */
function booleanHint(value: string): string {
  if (/^(true|false)$/i.test(value)) return ': leave out the quotes'
  if (/^(yes|on)$/i.test(value)) return ': write true'
  return /^(no|off)$/i.test(value) ? ': write false' : ''
}

/** A word that is not one of those allowed. */
export function wordHint(value: unknown, allowed: readonly unknown[], { meant = {} }: HintSchema): string {
  if (typeof value !== 'string') return ''
  const known = value.toLowerCase()
  if (Object.hasOwn(meant, known)) return `, did you mean "${meant[known]}"?`
  return hint(
    value,
    allowed.flatMap((word) => (typeof word === 'string' ? [word] : [])),
  )
}

/**
 * A field that an object does not know: where it would belong, or what it may be a slip of.
 * @param schema of the object
 * @param above the objects around it with their fields' names, the nearest first; '' is the spec itself
 */
export function fieldHint(name: string, schema: HintSchema, above: readonly (readonly [field: string, schema: HintSchema])[]): string {
  const own = Object.entries(schema.properties ?? {})
  const below = own.filter(([, { properties, items }]) => hasField(properties ?? items?.properties, name)).map(([field]) => field)
  if (below.length > 0) return `: it belongs below ${below.slice(0, 3).join(' or ')}, further to the right`
  const slip = hint(
    name,
    own.map(([field]) => field),
  )
  if (slip !== '') return slip
  const longer = own.map(([field]) => field).filter((field) => isBeginning(name, field) || isBeginning(field, name))
  if (longer.length > 0) return `, did you mean "${longer[0]}"?`
  if (own.some(([field]) => field === 'matchLabels')) return ': labels belong below matchLabels'
  const around = above.find(([, { properties }]) => hasField(properties, name))
  if (around === undefined) return ''
  return `: it belongs ${around[0] === '' ? 'to the spec' : `directly below ${around[0]}`}, further to the left`
}

/** "interface" of "interfaceName". */
function isBeginning(part: string, whole: string): boolean {
  return part.length >= 4 && whole.toLowerCase().startsWith(part.toLowerCase())
}

function hasField(properties: HintSchema['properties'], name: string): boolean {
  return properties !== undefined && Object.hasOwn(properties, name)
}

function listHint(value: unknown): string {
  return value === null || typeof value === 'object' ? '' : ': put it in brackets'
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
