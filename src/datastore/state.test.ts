import fc from 'fast-check'
import t from 'tap'
import type { Resource } from '../model/resource.ts'
import type { Change } from './datastore.ts'
import { planCommit, ResourceState, sameContent } from './state.ts'

const policy = (name: string, spec: unknown, metadata: object = {}): Resource => ({
  apiVersion: 'projectcalico.org/v3',
  kind: 'GlobalNetworkPolicy',
  metadata: { name, ...metadata },
  spec,
})
const ref = (name: string) => ({ group: 'projectcalico.org', kind: 'GlobalNetworkPolicy', namespace: '', name })
const stamp = (revision: number) => ({ revision, now: `2026-01-0${revision}T00:00:00Z`, newUid: () => `uid-${revision}` })

/** Does it and returns what came of it. */
function commit(state: ResourceState, revision: number, ...changes: Change[]) {
  const plan = planCommit(state, changes, stamp(revision))
  if (plan.type === 'plan') state.apply(plan.events)
  return plan
}

t.test('uid and creationTimestamp are given once, resourceVersion with each change, generation with each change of spec', async (t) => {
  const state = new ResourceState()
  const metadataAfter = (revision: number, resource: Resource) => {
    commit(state, revision, { type: 'put', resource })
    return state.get(ref('a'))?.resource.metadata
  }
  const born = { name: 'a', uid: 'uid-1', creationTimestamp: '2026-01-01T00:00:00Z' }
  t.strictSame(metadataAfter(1, policy('a', { order: 1 })), { ...born, resourceVersion: '1', generation: 1 })
  t.strictSame(metadataAfter(2, policy('a', { order: 1 }, { labels: { x: 'y' } })), {
    ...born,
    labels: { x: 'y' },
    resourceVersion: '2',
    generation: 1,
  })
  t.strictSame(metadataAfter(3, policy('a', { order: 2 })), { ...born, resourceVersion: '3', generation: 2 })
  t.strictSame(
    metadataAfter(4, policy('a', { order: 2 }, { uid: 'mine', resourceVersion: '9', generation: 9, creationTimestamp: 'x' })),
    { ...born, resourceVersion: '3', generation: 2 },
    'what the user says about server-set fields says nothing',
  )
})

const same: [title: string, a: unknown, b: unknown, expected: boolean][] = [
  ['the order of keys says nothing', { a: 1, b: { c: [1], d: 2 } }, { b: { d: 2, c: [1] }, a: 1 }, true],
  ['an undefined member is an absent one', { a: 1, b: undefined }, { a: 1 }, true],
  ['the order of a list counts', { a: [1, 2] }, { a: [2, 1] }, false],
  ['1 is not "1"', { a: 1 }, { a: '1' }, false],
  ['an empty list is not an absent one', { a: [] }, {}, false],
]
for (const [title, a, b, expected] of same)
  t.test(`content: ${title}`, async (t) => {
    t.equal(sameContent(policy('a', a), policy('a', b)), expected)
    const state = new ResourceState()
    commit(state, 1, { type: 'put', resource: policy('a', a) })
    const plan = commit(state, 2, { type: 'put', resource: policy('a', b) })
    t.equal(plan.type === 'plan' && plan.events.length, expected ? 0 : 1)
  })

const compareAndSet: [title: string, change: Change, expected: unknown][] = [
  ['0 refuses what exists', { type: 'put', resource: policy('a', {}), expectedRevision: 0 }, { ref: ref('a'), actualRevision: 1 }],
  ['another revision refuses', { type: 'delete', ref: ref('a'), expectedRevision: 2 }, { ref: ref('a'), actualRevision: 1 }],
  [
    'n refuses what is absent',
    { type: 'put', resource: policy('b', {}), expectedRevision: 1 },
    { ref: ref('b'), actualRevision: undefined },
  ],
  ['the revision it is at is let through', { type: 'delete', ref: ref('a'), expectedRevision: 1 }, undefined],
  ['0 lets the absent through', { type: 'put', resource: policy('b', {}), expectedRevision: 0 }, undefined],
  ['undefined lets everything through', { type: 'put', resource: policy('a', { order: 1 }) }, undefined],
]
for (const [title, change, expected] of compareAndSet)
  t.test(`compare-and-set: ${title}`, async (t) => {
    const state = new ResourceState()
    commit(state, 1, { type: 'put', resource: policy('a', {}) })
    const plan = commit(state, 2, change)
    t.strictSame(plan.type === 'conflict' ? { ref: plan.ref, actualRevision: plan.actualRevision } : undefined, expected)
  })

t.test('lists are in the order of namespace, name, and of one namespace if asked', async (t) => {
  const state = new ResourceState()
  const names = ['b/x', 'a/z', 'a/x', 'a-b/y', 'B/x']
  for (const text of names) {
    const [namespace, name = ''] = text.split('/')
    commit(state, 1, {
      type: 'put',
      resource: { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace: namespace ?? '' }, spec: {} },
    })
  }
  commit(state, 2, { type: 'put', resource: policy('p', {}) })
  const shown = (namespace?: string) =>
    state.list('', 'ServiceAccount', namespace).map(({ resource: { metadata } }) => `${metadata.namespace}/${metadata.name}`)
  t.strictSame(shown(), ['B/x', 'a/x', 'a/z', 'a-b/y', 'b/x'])
  t.strictSame(shown('a'), ['a/x', 'a/z'])
  t.strictSame(shown('none'), [])
  t.strictSame(
    state.all().map(({ resource }) => resource.kind),
    ['ServiceAccount', 'ServiceAccount', 'ServiceAccount', 'ServiceAccount', 'ServiceAccount', 'GlobalNetworkPolicy'],
  )
})

t.test('what is stored shares nothing with the object the caller keeps', async (t) => {
  const state = new ResourceState()
  const spec = { order: 1 }
  commit(state, 1, { type: 'put', resource: policy('a', spec) })
  spec.order = 2
  t.strictSame(state.get(ref('a'))?.resource.spec, { order: 1 })
})

t.test('a change set that names one resource twice is a bug of who built it', async (t) => {
  const twice: Change[] = [
    { type: 'delete', ref: ref('a') },
    { type: 'put', resource: policy('a', {}) },
  ]
  t.throws(
    () => planCommit(new ResourceState(), twice, stamp(1)),
    new RangeError('change set names projectcalico.org/GlobalNetworkPolicy//a twice'),
  )
})

t.test('any run of change sets ends in what the last put of each name said; events replayed elsewhere give the same state', async () => {
  const name = fc.constantFrom('a', 'b', 'c', 'd')
  const change = fc.record({ name, order: fc.option(fc.integer({ min: 0, max: 2 }), { nil: undefined }) })
  const changeSet = fc.uniqueArray(change, { selector: ({ name }) => name })
  fc.assert(
    fc.property(fc.array(changeSet, { maxLength: 20 }), (sets) => {
      const state = new ResourceState()
      const replica = new ResourceState()
      const expected = new Map<string, number>()
      for (const [index, set] of sets.entries()) {
        const changes = set.map(
          ({ name, order }): Change =>
            order === undefined ? { type: 'delete', ref: ref(name) } : { type: 'put', resource: policy(name, { order }) },
        )
        const plan = commit(state, index + 1, ...changes)
        if (plan.type === 'plan') replica.apply(plan.events)
        for (const { name, order } of set) {
          if (order === undefined) expected.delete(name)
          else expected.set(name, order)
        }
      }
      const found = state.all().map(({ resource }) => [resource.metadata.name, (resource.spec as { order: number }).order])
      const wanted = [...expected].sort(([a], [b]) => (a < b ? -1 : 1))
      return JSON.stringify(found) === JSON.stringify(wanted) && JSON.stringify(state.all()) === JSON.stringify(replica.all())
    }),
  )
})
