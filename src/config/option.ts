import Type, { type TProperties, type TSchema } from 'typebox'
import { closedObject } from '../model/schema-check.ts'

/** What the reference says about one option beside its name. */
export type OptionText = {
  readonly meaning: string
  /** In words, for what is found out at run time: such an option has no value until the agent gives it one. */
  readonly otherwise?: string
  readonly unit?: string
}

/** An option that has a value in every configuration. */
export function withDefault<Schema extends TSchema>(schema: Schema, value: unknown, about: OptionText): Schema {
  return annotated(schema, { ...about, default: value })
}

/** An option that may have no value. */
export function optional<Schema extends TSchema>(schema: Schema, about: OptionText) {
  return Type.Optional(annotated(schema, about))
}

/** An option that must be given. */
export function required<Schema extends TSchema>(schema: Schema, about: OptionText): Schema {
  return annotated(schema, about)
}

/** A group of options that is there even if nobody wrote it. */
export function section<Properties extends TProperties>(properties: Properties) {
  return annotated(closedObject(properties), { default: {} })
}

/** A copy with more words; the library keeps its own hidden ones, which a spread would lose. */
function annotated<Schema extends TSchema>(schema: Schema, words: object): Schema {
  const copy = Object.defineProperties({}, Object.getOwnPropertyDescriptors(schema))
  return Object.assign(copy, words) as Schema
}
