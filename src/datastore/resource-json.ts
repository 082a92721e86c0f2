/** A stored resource as JSON, written once: for the disk, for every list it is in, and for everybody who watches it. */
import type { Resource } from '../model/resource.ts'

const texts = new WeakMap<Resource, string>()

/** @param resource one that is never changed any more, as all that are stored */
export function jsonOf(resource: Resource): string {
  const known = texts.get(resource)
  if (known !== undefined) return known
  const text = JSON.stringify(resource)
  texts.set(resource, text)
  return text
}
