import t from 'tap'
import { RouteProblems } from './route-problems.ts'

t.test('a refusal is tried again after 0.5 s, then ever more rarely, at last every 30 s', async (t) => {
  const problems = new RouteProblems()
  const delays: number[] = []
  for (let i = 0; i < 9; i++) {
    const nowMs = 1000 * i
    problems.failed(4, 'EINVAL: no', nowMs)
    delays.push(problems.dueAtMs - nowMs)
  }
  t.same(delays, [500, 1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000])
})

t.test('what is due is what has waited long enough, or what was told to try now', async (t) => {
  const problems = new RouteProblems()
  problems.failed(1, 'EEXIST: taken', 0)
  problems.failed(2, 'EEXIST: taken', 100)
  problems.pending(3, 'link tort1 does not exist')
  t.same([problems.due(499), problems.due(500), problems.isWaiting(1, 499), problems.isWaiting(1, 500)], [[], [1], true, false])
  problems.tryNow(2)
  t.same(problems.due(0), [2])
})

t.test('what is pending waits for an event, not for a time', async (t) => {
  const problems = new RouteProblems()
  problems.pending(3, 'link tort1 does not exist')
  t.equal(problems.dueAtMs, Number.POSITIVE_INFINITY)
  t.same(problems.status(3), { state: 'pending', reason: 'link tort1 does not exist' })
})

t.test('what is solved is forgotten, with its backoff', async (t) => {
  const problems = new RouteProblems()
  problems.failed(1, 'ENETDOWN: Network is down', 0)
  problems.solved(1)
  t.same([problems.size, problems.status(1), problems.isWaiting(1, 0)], [0, undefined, false])
  problems.failed(1, 'ENETDOWN: Network is down', 0)
  t.equal(problems.dueAtMs, 500)
})

t.test('a change is what makes something else to tell: a new problem, another reason, an end; not one more try', async (t) => {
  const problems = new RouteProblems()
  const changed = (act: () => void) => {
    act()
    return problems.takeChanged()
  }
  t.same(
    [
      changed(() => problems.solved(1)),
      changed(() => problems.failed(1, 'EEXIST: taken', 0)),
      changed(() => problems.failed(1, 'EEXIST: taken', 500)),
      changed(() => problems.tryNow(1)),
      changed(() => problems.failed(1, 'EINVAL: no', 1500)),
      changed(() => problems.pending(1, 'link tort1 does not exist')),
      changed(() => problems.solved(1)),
      changed(() => {}),
    ],
    [false, true, false, false, true, true, true, false],
  )
})
