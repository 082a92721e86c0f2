/** `?watch=true`: what happens to some resources, as lines of JSON. Whoever is slow is a cursor into the store's history, not a queue. */
import type { ChangeSet, Datastore, StoredResource } from '../datastore/datastore.ts'
import { jsonOf } from '../datastore/resource-json.ts'
import { apiVersionOf, type Kind } from '../model/kind.ts'
import type { Resource } from '../model/resource.ts'

/** All of a kind, those of a namespace, or one. @property namespace '' with the name of a cluster-scoped one */
export type WatchTarget = { readonly kind: Kind; readonly namespace?: string; readonly name?: string }

/**
 * @property from the revision after which to begin; absent: with what is there, as ADDED
 * @property bookmarks says from time to time up to which revision nothing was left out
 */
export type WatchRequest = { readonly target: WatchTarget; readonly from?: number; readonly bookmarks?: boolean }

const bookmarkIntervalMs = 60_000

/**
 * The lines of a watch, each `{"type": "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK", "object"}`, one or more in a buffer. Ends when
 * the signal aborts, or when the reader is so slow that the store has forgotten what comes next: it has to list again.
 */
export async function* watchLines(
  { store, encoder }: { readonly store: Datastore; readonly encoder: ChangeEncoder },
  { target, from, bookmarks = false }: WatchRequest,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const follower = new Follower(store, signal)
  try {
    let revision = from ?? store.revision
    let told = from
    if (from === undefined) yield* presentLines(store, target)
    let due = from === undefined
    while (!signal.aborted) {
      const change = store.changeAfter(revision)
      if (change === 'too-old') return
      revision = change?.revision ?? revision
      const lines = change && encoder.lines(change, target)
      if (lines !== undefined) {
        yield lines
        told = revision
      }
      if (change !== undefined) continue
      if (bookmarks && due && told !== revision) {
        yield bookmark(target, revision)
        told = revision
      }
      due = (await follower.news()) === 'beat'
    }
    if (bookmarks && told !== revision) yield bookmark(target, revision)
  } finally {
    follower.end()
  }
}

/** What wakes a watch: a change, the end, and a beat for bookmarks. What came while nobody waited is not lost. */
class Follower {
  readonly #end: () => void
  #news: 'change' | 'beat' | undefined
  #wake: (() => void) | undefined

  constructor(store: Datastore, signal: AbortSignal) {
    const changed = () => this.#tell('change')
    const unsubscribe = store.subscribe(changed)
    signal.addEventListener('abort', changed)
    const beat = setInterval(() => this.#tell('beat'), bookmarkIntervalMs)
    this.#end = () => {
      clearInterval(beat)
      signal.removeEventListener('abort', changed)
      unsubscribe()
    }
  }

  async news(): Promise<'change' | 'beat'> {
    while (this.#news === undefined) await new Promise<void>((resolve) => (this.#wake = resolve))
    const news = this.#news
    this.#news = undefined
    return news
  }

  end(): void {
    this.#end()
  }

  #tell(news: 'change' | 'beat'): void {
    if (this.#news !== 'beat') this.#news = news
    this.#wake?.()
  }
}

/** Encodes a change once for all who watch the same: the newest only, since who is behind is behind alone. */
export class ChangeEncoder {
  #newest: ChangeSet | undefined
  readonly #encoded = new Map<string, Buffer | undefined>()

  /** The lines of what concerns the target; undefined if nothing does. */
  lines(change: ChangeSet, target: WatchTarget): Buffer | undefined {
    if (change.revision > (this.#newest?.revision ?? 0)) {
      this.#newest = change
      this.#encoded.clear()
    }
    if (change !== this.#newest) return encode(change, target)
    const key = `${apiVersionOf(target.kind)}/${target.kind.kind}/${target.namespace ?? '*'}/${target.name ?? '*'}`
    if (!this.#encoded.has(key)) this.#encoded.set(key, encode(change, target))
    return this.#encoded.get(key)
  }
}

function encode({ events }: ChangeSet, target: WatchTarget): Buffer | undefined {
  const meant = events.filter(({ resource }) => concerns(target, resource))
  return meant.length === 0 ? undefined : Buffer.from(meant.map(({ type, resource }) => line(type, jsonOf(resource))).join(''))
}

function concerns({ kind, namespace, name }: WatchTarget, { apiVersion, kind: itsKind, metadata }: Resource): boolean {
  if (itsKind !== kind.kind || apiVersion !== apiVersionOf(kind)) return false
  return (namespace === undefined || (metadata.namespace ?? '') === namespace) && (name === undefined || metadata.name === name)
}

function present(store: Datastore, { kind: { group, kind }, namespace, name }: WatchTarget): readonly StoredResource[] {
  return name === undefined
    ? store.list(group, kind, namespace)
    : [store.get({ group, kind, namespace: namespace ?? '', name }) ?? []].flat()
}

/** So many characters go out at once, or one resource. */
const maxBatch = 64 * 1024

function* presentLines(store: Datastore, target: WatchTarget): Generator<Buffer> {
  let batch = ''
  for (const { resource } of present(store, target)) {
    batch += line('ADDED', jsonOf(resource))
    if (batch.length < maxBatch) continue
    yield Buffer.from(batch)
    batch = ''
  }
  if (batch !== '') yield Buffer.from(batch)
}

function bookmark({ kind }: WatchTarget, revision: number): Buffer {
  const object = { apiVersion: apiVersionOf(kind), kind: kind.kind, metadata: { resourceVersion: String(revision) } }
  return Buffer.from(line('BOOKMARK', JSON.stringify(object)))
}

function line(type: string, object: string): string {
  return `{"type":"${type}","object":${object}}\n`
}
