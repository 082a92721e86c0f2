import t from 'tap'
import type { ObjectStatus } from './kernel.ts'
import { mergeReports, problemsOf } from './table-report.ts'

const failed: ObjectStatus = { state: 'failed', reason: 'no permission' }
const pending: ObjectStatus = { state: 'pending', reason: 'no interface tort1' }

t.test('reports add up', async (t) => {
  t.strictSame(
    mergeReports([
      { changed: 1, repaired: 0, unprogrammed: new Map<string, ObjectStatus>([['a', failed]]) },
      { changed: 2, repaired: 3, unprogrammed: new Map<string, ObjectStatus>([['b', pending]]) },
    ]),
    {
      changed: 3,
      repaired: 3,
      unprogrammed: new Map<string, ObjectStatus>([
        ['a', failed],
        ['b', pending],
      ]),
    },
  )
  t.strictSame(mergeReports([]), { changed: 0, repaired: 0, unprogrammed: new Map() })
})

t.test('objects that share a reason are one problem; what failed is an error, what waits a warning', async (t) => {
  const unprogrammed = new Map<string, ObjectStatus>([
    ['chain a', failed],
    ['link tort1', pending],
    ['chain b', failed],
    ['chain c', failed],
  ])
  t.strictSame(problemsOf(unprogrammed), [
    { severity: 'error', subject: 'chain a and 2 more', message: 'no permission' },
    { severity: 'warning', subject: 'link tort1', message: 'no interface tort1' },
  ])
})
