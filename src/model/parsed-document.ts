import type { Problem } from './resource.ts'

/** Where a value of a text begins. @returns 1-based line of the deepest part of `path` that exists */
export type LineOf = (path: string) => number | undefined

/** One document as a parser hands it over: not checked at all. */
export type ParsedDocument = { readonly value: unknown; readonly lineOf: LineOf }

/** What a parser makes of a text. */
export type ParseResult =
  | { readonly documents: readonly ParsedDocument[]; readonly problems?: never }
  | { readonly documents?: never; readonly problems: readonly Problem[] }
