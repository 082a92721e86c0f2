/** Query parameters, read strictly: what is unknown, given twice or not of its form is a problem. */
import type { Problem } from '../model/resource.ts'
import { parseCidr } from '../net/prefix.ts'

/**
 * @property expected the sentence part that says what is accepted: "true or false"
 * @property schema the same as JSON Schema, for the OpenAPI document
 * @property description what it is for
 */
export type Parameter<Value> = {
  readonly read: (text: string) => Value | undefined
  readonly expected: string
  readonly schema: object
  readonly description?: string
  /** Said in the document; whoever needs it looks for it, since it may depend on other parameters. */
  readonly required?: true
}

export type Parameters = Readonly<Record<string, Parameter<unknown>>>

export type QueryValues<P extends Parameters> = { readonly [Name in keyof P]?: Exclude<ReturnType<P[Name]['read']>, undefined> }

export type QueryResult<P extends Parameters> =
  | { readonly type: 'values'; readonly values: QueryValues<P> }
  | { readonly type: 'problems'; readonly errors: readonly Problem[] }

export const flag: Parameter<boolean> = {
  read: (text) => (text === 'true' ? true : text === 'false' ? false : undefined),
  expected: 'true or false',
  schema: { type: 'boolean' },
}

export const text: Parameter<string> = {
  read: (given) => (given === '' || given.length > 1024 ? undefined : given),
  expected: 'a text of 1 to 1024 characters',
  schema: { type: 'string', minLength: 1, maxLength: 1024 },
}

export const cidr = {
  read: (given: string) => parseCidr(given),
  expected: 'a CIDR or an address',
  schema: { type: 'string', examples: ['10.244.0.0/16'] },
}

export function integer(min: number, max: number): Parameter<number> {
  return {
    read: (given) => (/^(0|[1-9]\d{0,15})$/.test(given) && Number(given) >= min && Number(given) <= max ? Number(given) : undefined),
    expected: `an integer from ${min} to ${max}`,
    schema: { type: 'integer', minimum: min, maximum: max },
  }
}

export function oneOf<const Word extends string>(...words: readonly Word[]): Parameter<Word> {
  const expected = words.length === 1 ? `${words[0]}` : `one of ${words.join(', ')}`
  return { read: (given) => words.find((word) => word === given), expected, schema: { type: 'string', enum: words } }
}

/** The parameter with what it is for. */
export function about<Value>(description: string, parameter: Parameter<Value>): Parameter<Value> {
  return { ...parameter, description }
}

export function required<Value>(parameter: Parameter<Value>): Parameter<Value> {
  return { ...parameter, required: true }
}

/** @param query as the router parsed it: a parameter that was given several times is a list */
export function readQuery<P extends Parameters>(query: unknown, parameters: P): QueryResult<P> {
  const errors: Problem[] = []
  const values: Record<string, unknown> = {}
  for (const [name, given] of Object.entries(query as Record<string, string | readonly string[]>)) {
    const parameter = Object.hasOwn(parameters, name) ? parameters[name] : undefined
    const value = parameter && typeof given === 'string' ? parameter.read(given) : undefined
    if (value !== undefined) values[name] = value
    else errors.push({ path: `query.${name}`, value: given, reason: refusal(parameters, parameter, given) })
  }
  return errors.length > 0 ? { type: 'problems', errors } : { type: 'values', values: values as QueryValues<P> }
}

function refusal(parameters: Parameters, parameter: Parameter<unknown> | undefined, given: string | readonly string[]): string {
  if (parameter === undefined) {
    const known = Object.keys(parameters)
    return `unknown parameter; ${known.length === 0 ? 'there are none here' : `known: ${known.join(', ')}`}`
  }
  return typeof given === 'string' ? `must be ${parameter.expected}` : 'given more than once'
}
