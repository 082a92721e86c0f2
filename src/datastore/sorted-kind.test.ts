import fc from 'fast-check'
import t from 'tap'
import type { StoredResource } from './datastore.ts'
import { SortedKind } from './sorted-kind.ts'

const stored = (namespace: string, name: string, revision: number): StoredResource => ({
  resource: { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace, name }, spec: {} },
  revision,
})
const namesOf = (list: readonly StoredResource[]) =>
  list.map(({ resource: { metadata }, revision }) => `${metadata.namespace}/${metadata.name} ${revision}`)

t.test('lists are in the order of namespace, name; a namespace is none whose name only begins like it', async (t) => {
  const kind = new SortedKind()
  for (const [revision, [namespace = '', name = '']] of [
    ['b', 'x'],
    ['a', 'z'],
    ['a-b', 'x'],
    ['a', 'a'],
  ].entries())
    kind.put(namespace, name, stored(namespace, name, revision))
  t.strictSame(namesOf(kind.list()), ['a/a 3', 'a/z 1', 'a-b/x 2', 'b/x 0'])
  t.strictSame(namesOf(kind.list('a')), ['a/a 3', 'a/z 1'])
  t.strictSame(namesOf(kind.list('c')), [])
  t.equal(kind.get('b', 'x')?.revision, 0)
  t.equal(kind.get('b', 'y'), undefined)
})

t.test('whatever is put and deleted between lists, each list is that of the names that are there', async () => {
  const word = fc.constantFrom('a', 'a-b', 'b', 'c')
  const step = fc.record({ namespace: word, name: word, do: fc.constantFrom('put', 'put', 'delete', 'list') })
  fc.assert(
    fc.property(fc.array(step), word, (steps, namespace) => {
      const kind = new SortedKind()
      const expected = new Map<string, StoredResource>()
      for (const [revision, each] of steps.entries()) {
        const one = stored(each.namespace, each.name, revision)
        const key = `${each.namespace}\0${each.name}`
        if (each.do === 'put') {
          kind.put(each.namespace, each.name, one)
          expected.set(key, one)
        } else if (each.do === 'delete') {
          kind.delete(each.namespace, each.name)
          expected.delete(key)
        } else kind.list()
      }
      const all = [...expected].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one)
      const own = all.filter(({ resource }) => resource.metadata.namespace === namespace)
      const [listed, ofOne] = [kind.list(), kind.list(namespace)]
      return kind.size === all.length && JSON.stringify([namesOf(listed), namesOf(ofOne)]) === JSON.stringify([namesOf(all), namesOf(own)])
    }),
  )
})
