/** Lists of resources, whole or page by page, as octets: each resource is written once, not once per list. */
import type { StoredResource } from '../datastore/datastore.ts'
import { jsonOf } from '../datastore/resource-json.ts'
import { apiVersionOf, type Kind } from '../model/kind.ts'

/**
 * Where a page ended. A list in pages is that of no single moment, but a watch from its revision makes it right: what changed between
 * the pages comes again.
 * @property revision of the first page
 */
export type PageCursor = { readonly revision: number; readonly namespace: string; readonly name: string }

export type ListPage = { readonly items: readonly StoredResource[]; readonly next?: PageCursor; readonly remaining: number }

/** @param stored in the order of namespace, name  @param limit absent: all */
export function pageOf(stored: readonly StoredResource[], revision: number, limit: number | undefined, after?: PageCursor): ListPage {
  const start = after === undefined ? 0 : firstAfter(stored, after)
  const items = stored.slice(start, limit === undefined ? undefined : start + limit)
  const remaining = stored.length - start - items.length
  const last = items.at(-1)?.resource.metadata
  if (remaining === 0 || last === undefined) return { items, remaining: 0 }
  return { items, remaining, next: { revision: after?.revision ?? revision, namespace: last.namespace ?? '', name: last.name } }
}

/** Opaque to clients. */
export function writeCursor({ revision, namespace, name }: PageCursor): string {
  return Buffer.from(JSON.stringify([revision, namespace, name])).toString('base64url')
}

/** undefined for what no page said. */
export function readCursor(text: string): PageCursor | undefined {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(text, 'base64url').toString())
    if (!Array.isArray(parsed) || parsed.length !== 3) return undefined
    const [revision, namespace, name] = parsed as readonly unknown[]
    if (!Number.isSafeInteger(revision) || typeof namespace !== 'string' || typeof name !== 'string') return undefined
    return { revision: revision as number, namespace, name }
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** So many characters are written in one go: the event loop is not kept longer. */
const maxChunk = 64 * 1024

/** Kubernetes' list object, in chunks. @param revision from which a watch goes on */
export function* listChunks(kind: Kind, revision: number, { items, next, remaining }: ListPage): Generator<Buffer> {
  const more = next && { continue: writeCursor(next), remainingItemCount: remaining }
  const head = { apiVersion: apiVersionOf(kind), kind: `${kind.kind}List`, metadata: { resourceVersion: String(revision), ...more } }
  let chunk = `${JSON.stringify(head).slice(0, -1)},"items":[`
  for (const [index, { resource }] of items.entries()) {
    chunk += `${index === 0 ? '' : ','}${jsonOf(resource)}`
    if (chunk.length < maxChunk) continue
    yield Buffer.from(chunk)
    chunk = ''
  }
  yield Buffer.from(`${chunk}]}`)
}

/** The index of the first resource behind the cursor's. */
function firstAfter(stored: readonly StoredResource[], { namespace, name }: PageCursor): number {
  const isAfter = ({ resource: { metadata } }: StoredResource) => {
    const its = metadata.namespace ?? ''
    return its === namespace ? metadata.name > name : its > namespace
  }
  let [low, high] = [0, stored.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    const item = stored[middle]
    if (item !== undefined && isAfter(item)) high = middle
    else low = middle + 1
  }
  return low
}
