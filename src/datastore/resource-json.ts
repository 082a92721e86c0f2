/** A stored resource as JSON, written once while it is new: for the disk, for the history, and for everybody who watches it. */
import type { Resource } from '../model/resource.ts'

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
  if (text.length > keptCharacters / 2) return text
  texts.set(resource, text)
  characters += text.length
  for (const [oldest, its] of texts) {
    if (characters <= keptCharacters) break
    texts.delete(oldest)
    characters -= its.length
  }
  return text
}
