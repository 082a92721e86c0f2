/** What a request wants done, all or none: resources and a store in, one result per resource out. */
import type { Change, Datastore } from '../datastore/datastore.ts'
import { sameContent } from '../datastore/state.ts'
import { type Metadata, type Problem, type Resource, type ResourceRef, refOf } from '../model/resource.ts'

/** A resource to delete: its apiVersion and kind as the user wrote them, and what it names. */
export type Named = { readonly apiVersion: string; readonly ref: ResourceRef }

export type ApplyResult = {
  readonly apiVersion: string
  readonly kind: string
  readonly namespace?: string
  readonly name: string
  readonly result: 'created' | 'configured' | 'unchanged' | 'deleted' | 'not found'
}

export type ApplyOutcome =
  | { readonly type: 'done'; readonly revision: number; readonly results: readonly ApplyResult[] }
  | { readonly type: 'conflict' | 'invalid'; readonly errors: readonly Problem[] }

/** @property replace what was read is to be replaced: the `resourceVersion` or `uid` of anything else is stale, also if what was read is gone */
export type ApplyOptions = { readonly dryRun: boolean; readonly replace?: boolean }

type Step = { readonly change: Change; readonly result: ApplyResult }
type Version = Pick<Metadata, 'resourceVersion' | 'uid'>
type Item = { readonly ref: ResourceRef; readonly step: () => Step; readonly version: Version }

const attempts = 10

/**
 * Creates or updates all or none. A resource that carries `metadata.resourceVersion` must be at it. One that carries the `uid` of
 * another object too, of another server or of one that was deleted meanwhile, carries that object's version: it says nothing here.
 * @throws what the store throws if it cannot be written
 */
export async function applyResources(store: Datastore, resources: readonly Resource[], options: ApplyOptions): Promise<ApplyOutcome> {
  const items = resources.map((resource) => {
    const ref = refOf(resource)
    return { ref, version: resource.metadata, step: () => putStep(store, ref, resource) }
  })
  return await run(store, items, options)
}

/** Deletes all or none; what is not there is "not found" and no mistake. */
export async function deleteResources(store: Datastore, named: readonly Named[], options: ApplyOptions): Promise<ApplyOutcome> {
  const items = named.map((each) => ({ ref: each.ref, version: {}, step: () => deleteStep(store, each) }))
  return await run(store, items, options)
}

/** Reads, decides, and writes only if what was read still stands; another writer in between means once more. */
async function run(store: Datastore, items: readonly Item[], { dryRun, replace = false }: ApplyOptions): Promise<ApplyOutcome> {
  const twice = duplicates(items)
  if (twice.length > 0) return { type: 'invalid', errors: twice }
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const stale = items.flatMap((item, document) => staleVersion(store, item, document, replace))
    if (stale.length > 0) return { type: 'conflict', errors: stale }
    const steps = items.map(({ step }) => step())
    const results = steps.map(({ result }) => result)
    if (dryRun) return { type: 'done', revision: store.revision, results }
    const committed = await store.commit(steps.map(({ change }) => change))
    if (committed.type === 'committed') return { type: 'done', revision: committed.revision, results }
  }
  const reason = `changed by others during each of ${attempts} attempts`
  return { type: 'conflict', errors: [{ path: '', reason }] }
}

function putStep(store: Datastore, ref: ResourceRef, resource: Resource): Step {
  const current = store.get(ref)
  const result = current === undefined ? 'created' : sameContent(current.resource, resource) ? 'unchanged' : 'configured'
  return {
    change: { type: 'put', resource, expectedRevision: current?.revision ?? 0 },
    result: resultOf(resource.apiVersion, ref, result),
  }
}

function deleteStep(store: Datastore, { apiVersion, ref }: Named): Step {
  const current = store.get(ref)
  return {
    change: { type: 'delete', ref, expectedRevision: current?.revision ?? 0 },
    result: resultOf(apiVersion, ref, current === undefined ? 'not found' : 'deleted'),
  }
}

function resultOf(apiVersion: string, { kind, namespace, name }: ResourceRef, result: ApplyResult['result']): ApplyResult {
  return { apiVersion, kind, ...(namespace !== '' && { namespace }), name, result }
}

/** An empty version or uid asks for nothing, as in Kubernetes. */
function staleVersion(store: Datastore, { ref, version }: Item, document: number, replace: boolean): readonly Problem[] {
  const current = store.get(ref)?.resource.metadata
  const isOther = (field: keyof Version) => (version[field] ?? '') !== '' && version[field] !== current?.[field]
  if (!replace && isOther('uid')) return []
  const field = (['uid', 'resourceVersion'] as const).find(isOther)
  if (field === undefined) return []
  const reason = current === undefined ? 'does not exist any more' : `is at ${field} ${current[field]}`
  return [{ path: `metadata.${field}`, value: version[field], reason: `${title(ref)} ${reason}`, document }]
}

function duplicates(items: readonly Item[]): readonly Problem[] {
  const first = new Map<string, number>()
  return items.flatMap(({ ref }, document) => {
    const key = [ref.group, ref.kind, ref.namespace, ref.name].join('/')
    const before = first.get(key)
    if (before === undefined) first.set(key, document)
    if (before === undefined) return []
    return [{ path: 'metadata.name', value: ref.name, reason: `${title(ref)} is already document ${before} of this request`, document }]
  })
}

/** "NetworkPolicy default/web", as people say it. */
export function title({ kind, namespace, name }: ResourceRef): string {
  return namespace === '' ? `${kind} ${name}` : `${kind} ${namespace}/${name}`
}
