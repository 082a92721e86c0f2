/** The embedded store: everything in memory to read, every change set in one file before it is answered. */
import { randomUUID } from 'node:crypto'
import type { ResourceRef } from '../model/resource.ts'
import type { Change, ChangeSet, CommitResult, Datastore, StoredResource, WatchEvent } from './datastore.ts'
import { History, type HistoryLimits, historyLimits } from './history.ts'
import { damaged, openSqliteFile, type SqliteFile } from './sqlite-file.ts'
import { planCommit, ResourceState } from './state.ts'
import { DatastoreWriteError } from './write-error.ts'

export type Opened =
  | { readonly type: 'open'; readonly datastore: Datastore }
  /** One sentence that says what to do; nothing was written. */
  | { readonly type: 'problem'; readonly problem: string }

type Listener = (events: readonly WatchEvent[], revision: number) => void

/**
 * Opens the store in a directory that one agent owns; makes it if it is missing.
 * @param now milliseconds since the epoch, for creationTimestamp
 * @param limits of what is kept for those who are behind
 */
export async function openEmbedded(
  directory: string,
  now: () => number = Date.now,
  limits: HistoryLimits = historyLimits,
): Promise<Opened> {
  const opened = openSqliteFile(directory)
  if (opened.type === 'problem') return opened
  const { file } = opened
  const state = new ResourceState()
  try {
    for (const stored of file.resources()) state.put(stored)
    return { type: 'open', datastore: new EmbeddedDatastore(file, state, { now, limits }) }
  } catch (error) {
    file.close()
    return { type: 'problem', problem: damaged(file.path, error instanceof Error ? error.message : String(error)) }
  }
}

class EmbeddedDatastore implements Datastore {
  readonly #file: SqliteFile
  readonly #state: ResourceState
  readonly #now: () => number
  readonly #listeners = new Set<Listener>()
  readonly #history: History
  #revision: number

  constructor(file: SqliteFile, state: ResourceState, { now, limits }: { readonly now: () => number; readonly limits: HistoryLimits }) {
    this.#file = file
    this.#state = state
    this.#now = now
    this.#revision = file.revision
    this.#history = new History(file.revision, limits)
  }

  get revision(): number {
    return this.#revision
  }

  get(ref: ResourceRef): StoredResource | undefined {
    return this.#state.get(ref)
  }

  list(group: string, kind: string, namespace?: string): readonly StoredResource[] {
    return this.#state.list(group, kind, namespace)
  }

  all(): readonly StoredResource[] {
    return this.#state.all()
  }

  /** @throws DatastoreWriteError */
  async commit(changes: readonly Change[]): Promise<CommitResult> {
    const revision = this.#revision + 1
    const now = `${new Date(this.#now()).toISOString().slice(0, 19)}Z` // whole seconds, as Kubernetes writes them
    const plan = planCommit(this.#state, changes, { revision, now, newUid: randomUUID })
    if (plan.type === 'conflict') return plan
    if (plan.events.length === 0) return { type: 'committed', revision: this.#revision, stored: plan.stored }
    this.#write(plan.events, revision)
    this.#state.apply(plan.events)
    this.#revision = revision
    this.#history.add({ revision, events: plan.events })
    this.#notify(plan.events, revision)
    return { type: 'committed', revision, stored: plan.stored }
  }

  subscribe(listener: Listener): () => void {
    const own: Listener = (events, revision) => listener(events, revision) // the same function may subscribe twice
    this.#listeners.add(own)
    return () => void this.#listeners.delete(own)
  }

  changeAfter(revision: number): ChangeSet | 'too-old' | undefined {
    return this.#history.after(revision)
  }

  async close(): Promise<void> {
    this.#listeners.clear()
    this.#file.close()
  }

  #write(events: readonly WatchEvent[], revision: number): void {
    try {
      this.#file.write(events, revision)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      throw new DatastoreWriteError(`cannot write ${this.#file.path}: ${reason}`, { cause: error })
    }
  }

  /** In microtasks: before the writer goes on, in order even if a listener commits, and a listener's bug is not the writer's. */
  #notify(events: readonly WatchEvent[], revision: number): void {
    for (const listener of this.#listeners) queueMicrotask(() => this.#listeners.has(listener) && listener(events, revision))
  }
}
