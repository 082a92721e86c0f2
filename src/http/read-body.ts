/** The resources, or the names, in a body: pure, since a large body is read in a thread of its own. */

import type { DocumentFormat } from '../model/document-limits.ts'
import { type CheckedItem, checkDocuments, type DocumentItem, type NamedItem, nameDocuments, readDocuments } from '../model/documents.ts'
import type { CheckContext } from '../model/kind.ts'
import type { Problem } from '../model/resource.ts'
import { decodeText } from './decode-text.ts'

export type Body = { readonly format: DocumentFormat; readonly octets: Uint8Array }

/** What a body can be read as. */
export type Contents = {
  /** Checked resources, in the order of the body. */
  readonly resources: CheckedItem
  /** What the body names, whatever else it says of it. */
  readonly names: NamedItem
}

export type BodyRead<Item> =
  | { readonly items: readonly Item[]; readonly problems?: never }
  /** 400: cannot be parsed. 422: does not say what it must. */
  | { readonly items?: never; readonly problems: readonly Problem[]; readonly status: 400 | 422 }

type Check<Item> = (items: readonly DocumentItem[], context: CheckContext) => { items: readonly Item[] } | { problems: readonly Problem[] }

const checks: { readonly [As in keyof Contents]: Check<Contents[As]> } = { resources: checkDocuments, names: nameDocuments }

export function readBody<As extends keyof Contents>(as: As, { format, octets }: Body, context: CheckContext): BodyRead<Contents[As]> {
  const text = decodeText(octets)
  if (text === undefined) return { status: 400, problems: [{ path: '', reason: 'is not UTF-8' }] }
  if (text.trim() === '') return { status: 400, problems: [{ path: '', reason: 'holds no resource' }] }
  const documents = readDocuments(text, format)
  if (documents.problems) return { status: 400, problems: documents.problems }
  const checked = checks[as](documents.items, context)
  return 'items' in checked ? { items: checked.items } : { status: 422, problems: checked.problems }
}
