import fc from 'fast-check'
import t from 'tap'
import type { ChangeSet } from './datastore.ts'
import { History } from './history.ts'

/** A change set with so many events, each of `size` characters and a little. */
function changeSet(revision: number, events = 1, size = 0): ChangeSet {
  const resource = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'a'.repeat(size) }, spec: {} }
  return { revision, events: Array.from({ length: events }, () => ({ type: 'ADDED', resource, revision })) }
}

t.test('what follows a revision, nothing yet, or too old', async (t) => {
  const history = new History(5)
  t.equal(history.after(5), undefined)
  t.equal(history.after(4), 'too-old', 'what was before the start is not known')
  const [six, seven] = [changeSet(6), changeSet(7, 2)]
  history.add(six)
  history.add(seven)
  t.strictSame(
    [4, 5, 6, 7, 8].map((revision) => history.after(revision)),
    ['too-old', six, seven, undefined, undefined],
  )
})

const bounds: [title: string, limits: { events: number; characters: number }, sets: readonly ChangeSet[], oldest: number][] = [
  ['events', { events: 3, characters: 1e9 }, [changeSet(1), changeSet(2, 2), changeSet(3)], 2],
  ['characters of JSON', { events: 1e9, characters: 1_000 }, [changeSet(1, 1, 500), changeSet(2, 1, 200), changeSet(3, 1, 500)], 2],
  ['the newest is kept, however large', { events: 3, characters: 1_000 }, [changeSet(1), changeSet(2, 9, 5_000)], 2],
]
for (const [title, limits, sets, oldest] of bounds) {
  t.test(`bounded by ${title}`, async (t) => {
    const history = new History(0, limits)
    for (const set of sets) history.add(set)
    const expected = sets.map((set) => (set.revision < oldest ? 'too-old' : set))
    t.strictSame(
      sets.map(({ revision }) => history.after(revision - 1)),
      expected,
    )
  })
}

t.test('whatever is added, what is kept is the newest without a gap and within the limits', async () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 40 })
  fc.assert(
    fc.property(sizes, fc.integer({ min: 1, max: 12 }), (counts, events) => {
      const history = new History(0, { events, characters: 1e9 })
      for (const [index, count] of counts.entries()) history.add(changeSet(index + 1, count))
      const kept = counts.map((_, index) => history.after(index)).filter((set) => set !== 'too-old') as ChangeSet[]
      const total = kept.reduce((sum, set) => sum + set.events.length, 0)
      const before = counts[counts.length - kept.length - 1] ?? Number.POSITIVE_INFINITY
      const newest = kept.every((set, index) => set.revision === counts.length - kept.length + index + 1)
      return newest && (total <= events || kept.length === 1) && total + before > events
    }),
  )
})
