import { mock } from 'node:test'
import t from 'tap'
import type { DrainState } from '../bgp/peer.ts'
import { Drain } from './drain.ts'

function setup() {
  const told: DrainState[] = []
  const lines: object[] = []
  const drain = new Drain({ drain: (state) => void told.push(state) }, { info: (fields: object) => void lines.push(fields) })
  t.teardown(() => drain.stop())
  return { drain, told, lines, never: new AbortController().signal }
}

t.test('announced, and withdrawn when the wait is over: then it answers', async (t) => {
  const { drain, told, lines, never } = setup()
  const { state, since } = await drain.start(0.01, never)
  t.equal(state, 'withdrawn')
  t.equal(new Date(since ?? '').toISOString(), since)
  t.strictSame(told, ['announced', 'withdrawn'])
  t.strictSame(lines, [{ state: 'announced' }, { state: 'withdrawn' }])
})

t.test('no wait: withdrawn at once, without the announcement', async (t) => {
  const { drain, told, never } = setup()
  t.match(await drain.start(0, never), { state: 'withdrawn' })
  t.strictSame(told, ['withdrawn'])
})

t.test('undone while announced: who waits is told, and nothing is withdrawn later', async (t) => {
  const { drain, told, never } = setup()
  const waiting = drain.start(3_600, never)
  t.match(drain.status, { state: 'announced' })
  t.strictSame(drain.undo(), { state: 'none' })
  t.strictSame([await waiting, drain.status, told], [{ state: 'none' }, { state: 'none' }, ['announced', 'none']])
})

t.test('what was waited for before does not happen later: undone, stopped, or asked for again', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => mock.timers.reset())
  const undone = setup()
  void undone.drain.start(30, undone.never)
  undone.drain.undo()
  const stopped = setup()
  void stopped.drain.start(30, stopped.never)
  stopped.drain.stop()
  const again = setup()
  void again.drain.start(30, again.never)
  mock.timers.tick(20_000)
  void again.drain.start(30, again.never)
  mock.timers.tick(29_000)
  t.strictSame([undone.told, stopped.told, again.told], [['announced', 'none'], ['announced'], ['announced']])
  mock.timers.tick(1_000)
  t.strictSame([undone.told, stopped.told, again.told], [['announced', 'none'], ['announced'], ['announced', 'withdrawn']])
})

t.test('undone after the withdrawal, and drained again', async (t) => {
  const { drain, told, never } = setup()
  await drain.start(0, never)
  drain.undo()
  await drain.start(0, never)
  t.strictSame(told, ['withdrawn', 'none', 'withdrawn'])
})

t.test('nothing is told twice: drained again, undone again', async (t) => {
  const { drain, told, never } = setup()
  t.strictSame(drain.undo(), { state: 'none' })
  const first = drain.start(3_600, never)
  t.match(await drain.start(0.01, never), { state: 'withdrawn' }, 'the second one waits anew, and shorter')
  t.match(await first, { state: 'withdrawn' })
  t.match(await drain.start(30, never), { state: 'withdrawn' }, 'withdrawn stays withdrawn')
  t.strictSame(told, ['announced', 'withdrawn'])
})

t.test('who stops waiting does not end the drain', async (t) => {
  const { drain, told } = setup()
  const gone = new AbortController()
  const waiting = drain.start(3_600, gone.signal)
  gone.abort()
  t.match(await waiting, { state: 'announced' })
  t.match(await drain.start(3_600, AbortSignal.abort()), { state: 'announced' })
  t.strictSame([drain.status.state, told], ['announced', ['announced']])
})
