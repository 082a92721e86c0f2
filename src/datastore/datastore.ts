/** One interface over the stores. A revision is a number that grows by one with each committed change set. */
import type { Resource, ResourceRef } from '../model/resource.ts'

export type Change =
  | {
      readonly type: 'put'
      readonly resource: Resource /** compare-and-set: undefined = any, 0 = must be new, n = must be at n */
      readonly expectedRevision?: number
    }
  | { readonly type: 'delete'; readonly ref: ResourceRef; readonly expectedRevision?: number }

export type StoredResource = { readonly resource: Resource; readonly revision: number }

export type WatchEvent = { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly resource: Resource; readonly revision: number }

/** What one commit did. */
export type ChangeSet = { readonly revision: number; readonly events: readonly WatchEvent[] }

export type CommitResult =
  | { readonly type: 'committed'; readonly revision: number; readonly stored: readonly StoredResource[] }
  | { readonly type: 'conflict'; readonly ref: ResourceRef; readonly actualRevision: number | undefined }

export interface Datastore {
  /** The revision of the last committed change set, 0 for an empty store. */
  readonly revision: number
  get(ref: ResourceRef): StoredResource | undefined
  /** In the order of namespace, name. */
  list(group: string, kind: string, namespace?: string): readonly StoredResource[]
  all(): readonly StoredResource[]
  /** All or none, durable when it resolves. Server-set metadata (uid, creationTimestamp, resourceVersion, generation) is filled here. */
  commit(changes: readonly Change[]): Promise<CommitResult>
  /** Calls back with each later change set, in order, one call per revision. Returns the function that ends it. */
  subscribe(listener: (events: readonly WatchEvent[], revision: number) => void): () => void
  /** The change set that follows a revision: undefined if there is none yet, `too-old` if it is not kept any more. */
  changeAfter(revision: number): ChangeSet | 'too-old' | undefined
  close(): Promise<void>
}
