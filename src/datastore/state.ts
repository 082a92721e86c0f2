/** The contents of a store in memory, and what a change set would do to them: pure, shared by every kind of store. */
import { type Metadata, type Resource, type ResourceRef, refOf } from '../model/resource.ts'
import type { Change, StoredResource, WatchEvent } from './datastore.ts'
import { storedCopy } from './resource-json.ts'
import { sameFields } from './same-json.ts'
import { SortedKind } from './sorted-kind.ts'

/** What a change set does. Without events it changes nothing and costs no revision. */
export type Plan =
  | { readonly type: 'conflict'; readonly ref: ResourceRef; readonly actualRevision: number | undefined }
  | { readonly type: 'plan'; readonly events: readonly WatchEvent[]; readonly stored: readonly StoredResource[] }

/** Where the server-set metadata of a change set comes from. `now` is ISO 8601. */
export type Stamp = { readonly revision: number; readonly now: string; readonly newUid: () => string }

export class ResourceState {
  readonly #kinds = new Map<string, SortedKind>()

  get(ref: ResourceRef): StoredResource | undefined {
    return this.#kinds.get(kindKey(ref.group, ref.kind))?.get(ref.namespace, ref.name)
  }

  /** In the order of namespace, name. */
  list(group: string, kind: string, namespace?: string): readonly StoredResource[] {
    return this.#kinds.get(kindKey(group, kind))?.list(namespace) ?? []
  }

  /** Kind by kind (in the order of group, kind), each in the order of namespace, name. */
  all(): readonly StoredResource[] {
    const keys = [...this.#kinds.keys()].sort()
    return keys.flatMap((key) => this.#kinds.get(key)?.list() ?? [])
  }

  put(stored: StoredResource): void {
    const ref = refOf(stored.resource)
    const key = kindKey(ref.group, ref.kind)
    const kind = this.#kinds.get(key) ?? new SortedKind()
    kind.put(ref.namespace, ref.name, stored)
    this.#kinds.set(key, kind)
  }

  apply(events: readonly WatchEvent[]): void {
    for (const event of events) {
      if (event.type !== 'DELETED') this.put({ resource: event.resource, revision: event.revision })
      else this.#delete(refOf(event.resource))
    }
  }

  #delete(ref: ResourceRef): void {
    const key = kindKey(ref.group, ref.kind)
    const kind = this.#kinds.get(key)
    kind?.delete(ref.namespace, ref.name)
    if (kind?.size === 0) this.#kinds.delete(key)
  }
}

/**
 * What `changes` would do to `state`, without doing it. A put of what is already there and a delete of what is not there do nothing.
 * @throws RangeError if a change set names one resource twice: who builds the set decides which one is meant
 */
export function planCommit(state: ResourceState, changes: readonly Change[], stamp: Stamp): Plan {
  const seen = new Set<string>()
  const events: WatchEvent[] = []
  const stored: StoredResource[] = []
  for (const change of changes) {
    const ref = change.type === 'put' ? refOf(change.resource) : change.ref
    const key = `${kindKey(ref.group, ref.kind)}/${nameKey(ref)}`
    if (seen.has(key)) throw new RangeError(`change set names ${key} twice`)
    seen.add(key)
    const current = state.get(ref)
    if (change.expectedRevision !== undefined && change.expectedRevision !== (current?.revision ?? 0))
      return { type: 'conflict', ref, actualRevision: current?.revision }
    if (change.type === 'delete') {
      if (current) events.push({ type: 'DELETED', resource: withRevision(current.resource, stamp.revision), revision: stamp.revision })
      continue
    }
    const next = stampPut(change.resource, current, stamp)
    stored.push(next)
    if (next !== current) events.push({ type: current ? 'MODIFIED' : 'ADDED', ...next })
  }
  return { type: 'plan', events, stored }
}

/** Whether two resources say the same, server-set metadata and the order of keys apart. */
export function sameContent(a: Resource, b: Resource): boolean {
  return sameFields(a, b, beside) && sameFields(a.metadata, b.metadata, serverSet)
}

/** Returns `current` itself if the put says nothing new. The result shares nothing with the caller's object. */
function stampPut(resource: Resource, current: StoredResource | undefined, { revision, now, newUid }: Stamp): StoredResource {
  if (current && sameContent(resource, current.resource)) return current
  const before = current?.resource
  const sameSpec = before !== undefined && sameFields(resource, before, beside)
  const { name, namespace, labels, annotations } = resource.metadata
  const metadata = {
    name,
    namespace,
    labels,
    annotations,
    resourceVersion: String(revision),
    uid: before?.metadata.uid ?? newUid(),
    creationTimestamp: before?.metadata.creationTimestamp ?? now,
    generation: (before?.metadata.generation ?? 0) + (sameSpec ? 0 : 1),
  }
  return { resource: storedCopy({ ...resource, metadata: metadata as Metadata }), revision }
}

const beside: ReadonlySet<string> = new Set(['metadata'])
const serverSet: ReadonlySet<string> = new Set(['resourceVersion', 'uid', 'creationTimestamp', 'generation'])

function withRevision(resource: Resource, revision: number): Resource {
  return { ...resource, metadata: { ...resource.metadata, resourceVersion: String(revision) } }
}

function kindKey(group: string, kind: string): string {
  return `${group}/${kind}`
}

function nameKey(ref: ResourceRef): string {
  return `${ref.namespace}/${ref.name}`
}
