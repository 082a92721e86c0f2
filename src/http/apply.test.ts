import t, { type Test } from 'tap'
import type { Datastore } from '../datastore/datastore.ts'
import { openEmbedded } from '../datastore/embedded.ts'
import type { Resource, ResourceRef } from '../model/resource.ts'
import { applyResources, deleteResources } from './apply.ts'

const tier = (name: string, order: number, resourceVersion?: string): Resource => ({
  apiVersion: 'projectcalico.org/v3',
  kind: 'Tier',
  metadata: { name, ...(resourceVersion && { resourceVersion }) },
  spec: { order },
})
const withUid = ({ metadata, ...resource }: Resource, uid: string): Resource => ({ ...resource, metadata: { ...metadata, uid } })
const ref = (name: string): ResourceRef => ({ group: 'projectcalico.org', kind: 'Tier', namespace: '', name })
const result = (name: string, done: string) => ({ apiVersion: 'projectcalico.org/v3', kind: 'Tier', name, result: done })
const write = { dryRun: false }

async function open(t: Test): Promise<Datastore> {
  const opened = await openEmbedded(t.testdir())
  if (opened.type === 'problem') throw new Error(opened.problem)
  t.teardown(() => opened.datastore.close())
  return opened.datastore
}

/** The store as one sees it whose every write another writer precedes, `times` times. */
function contended(store: Datastore, times: number, other: () => Promise<unknown>): Datastore {
  let left = times
  const commit: Datastore['commit'] = async (changes) => {
    left -= 1
    if (left >= 0) await other()
    return await store.commit(changes)
  }
  return new Proxy(store, {
    get: (target, name) => {
      if (name === 'commit') return commit
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

t.test('another writer in between: decided anew, so that the result says what happened', async (t) => {
  const store = await open(t)
  const busy = contended(store, 1, () => store.commit([{ type: 'put', resource: tier('a', 7) }]))
  const outcome = await applyResources(busy, [tier('a', 8)], write)
  t.strictSame(outcome, { type: 'done', revision: 2, results: [result('a', 'configured')] }, 'created by the other, configured by us')
  t.strictSame(store.get(ref('a'))?.resource.spec, { order: 8 })
})

t.test('another writer in between, and a resourceVersion that was right before: a conflict', async (t) => {
  const store = await open(t)
  await applyResources(store, [tier('a', 1)], write)
  const busy = contended(store, 1, () => store.commit([{ type: 'put', resource: tier('a', 7) }]))
  t.match(await applyResources(busy, [tier('a', 8, '1')], write), {
    type: 'conflict',
    errors: [{ path: 'metadata.resourceVersion', value: '1', reason: 'Tier a is at resourceVersion 2', document: 0 }],
  })
  t.strictSame(store.get(ref('a'))?.resource.spec, { order: 7 })
})

t.test('a writer who never rests is a conflict in the end', async (t) => {
  const store = await open(t)
  let order = 0
  const busy = contended(store, Number.POSITIVE_INFINITY, () => store.commit([{ type: 'put', resource: tier('a', order++) }]))
  t.strictSame(await applyResources(busy, [tier('a', -1)], write), {
    type: 'conflict',
    errors: [{ path: '', reason: 'changed by others during each of 10 attempts' }],
  })
})

t.test('all or none: one stale document keeps the others from being written', async (t) => {
  const store = await open(t)
  t.match(await applyResources(store, [tier('a', 1), tier('b', 1, '3')], write), { type: 'conflict', errors: [{ document: 1 }] })
  t.strictSame([store.revision, store.all()], [0, []])
})

t.test('one name twice in a request is a mistake, for deletes too', async (t) => {
  const store = await open(t)
  const named = { apiVersion: 'projectcalico.org/v3', ref: ref('a') }
  const errors = [{ path: 'metadata.name', value: 'a', reason: 'Tier a is already document 0 of this request', document: 1 }]
  t.strictSame(await applyResources(store, [tier('a', 1), tier('a', 2)], write), { type: 'invalid', errors })
  t.strictSame(await deleteResources(store, [named, named], write), { type: 'invalid', errors })
})

t.test('what another server says of its own object, or of one that is gone, is no conflict: backups can be applied', async (t) => {
  const store = await open(t)
  t.match(await applyResources(store, [withUid(tier('a', 1, '9'), 'theirs')], write), { type: 'done', results: [{ result: 'created' }] })
  t.match(await applyResources(store, [withUid(tier('a', 2, '9'), 'theirs')], write), { type: 'done', results: [{ result: 'configured' }] })
  const ours = store.get(ref('a'))?.resource.metadata.uid ?? ''
  t.not(ours, 'theirs')
  t.match(await applyResources(store, [withUid(tier('a', 3, '1'), ours)], write), { type: 'conflict' }, 'of ours it is stale')
  t.match(await applyResources(store, [withUid(tier('a', 3, '2'), ours)], write), { type: 'done', results: [{ result: 'configured' }] })
  await deleteResources(store, [{ apiVersion: 'projectcalico.org/v3', ref: ref('a') }], write)
  t.match(await applyResources(store, [withUid(tier('a', 3, '3'), ours)], write), { type: 'done', results: [{ result: 'created' }] })
})
