/** A stored resource as JSON, written once while it is new: for the disk, for the history, and for everybody who watches it. */
import type { Metadata, Resource } from '../model/resource.ts'
import { SharedTexts } from './shared-texts.ts'

/** In all. What 1,000 endpoints take three times; the texts of all that is stored would be as much memory again. */
export const keptCharacters = 2 * 1024 * 1024

/** In the order they were written. */
const texts = new Map<Resource, string>()
let characters = 0

/** @param resource one that is never changed any more, as all that are stored */
export function jsonOf(resource: Resource): string {
  const known = texts.get(resource)
  if (known !== undefined) return known
  const text = JSON.stringify(resource)
  keep(resource, text)
  return text
}

/** A copy as it is to be stored: it shares nothing with the original, and takes as little memory as it can. */
export function storedCopy(original: Resource): Resource {
  const text = JSON.stringify(original)
  const resource = parseResource(text)
  keep(resource, text)
  return resource
}

const shared = new SharedTexts()

/** @param text of one resource. @throws SyntaxError */
export function parseResource(text: string): Resource {
  const resource = JSON.parse(text) as Fresh
  const { apiVersion, kind, metadata } = resource
  resource.apiVersion = shared.one(apiVersion)
  resource.kind = shared.one(kind)
  if (metadata.creationTimestamp !== undefined) metadata.creationTimestamp = shared.one(metadata.creationTimestamp)
  return resource
}

type Writable<T> = { -readonly [Name in keyof T]: T[Name] }
type Fresh = Writable<Omit<Resource, 'metadata'>> & { readonly metadata: Writable<Metadata> }

function keep(resource: Resource, text: string): void {
  if (text.length > keptCharacters / 2) return
  texts.set(resource, text)
  characters += text.length
  for (const [oldest, its] of texts) {
    if (characters <= keptCharacters) break
    texts.delete(oldest)
    characters -= its.length
  }
}
