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

t.test('what belongs to a resource is told by the resource, once for all its chains', async (t) => {
  const closed: ObjectStatus = { state: 'failed', reason: 'Invalid argument', closed: true, owner: 'networkpolicy/shop/web' }
  t.strictSame(
    problemsOf(
      new Map([
        ['chain filter/tort-pi-np/shop/web (IPv4)', closed],
        ['chain filter/tort-po-np/shop/web (IPv4)', closed],
      ]),
    ),
    [
      {
        severity: 'error',
        subject: 'networkpolicy/shop/web',
        message: 'chain filter/tort-pi-np/shop/web (IPv4): Invalid argument; until it is programmed, what comes to it is dropped',
      },
    ],
  )
})

t.test('a kernel that refuses everything is 100 problems and one that counts the rest', async (t) => {
  const all = Array.from({ length: 250 }, (_, i): [string, ObjectStatus] => [`chain ${i}`, { state: 'failed', reason: `line ${i}` }])
  const problems = problemsOf(new Map(all))
  t.equal(problems.length, 101)
  t.strictSame(problems.at(-1), { severity: 'error', subject: 'kernel', message: '150 more problems like these' })
})
