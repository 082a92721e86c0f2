import t from 'tap'
import { Turn } from './turn.ts'

const nextTurn = () => new Promise((resolve) => setImmediate(resolve))

t.test('however much input came in a turn, it is decided on once, then written once per peer', async (t) => {
  const done: string[] = []
  const turn = new Turn({
    flush: () => {
      done.push('flush')
      return false
    },
  })
  const [one, two] = [() => void done.push('one'), () => void done.push('two')]
  for (let i = 0; i < 5; i++) {
    turn.schedule()
    turn.output(one)
    turn.output(two)
  }
  t.strictSame(done, [], 'nothing happens while input is handled')
  await nextTurn()
  t.strictSame(done, ['flush', 'one', 'two'])
  await nextTurn()
  t.strictSame(done, ['flush', 'one', 'two'])
})

t.test('a long decision is spread over turns, and output flows between them', async (t) => {
  const done: string[] = []
  let left = 3
  const turn: Turn = new Turn({
    flush: (budgetMs) => {
      done.push(`flush ${budgetMs}`)
      turn.output(write)
      return --left > 0
    },
  })
  const write = () => void done.push('write')
  turn.schedule()
  while (done.length < 6) await nextTurn()
  await nextTurn()
  t.strictSame(done, ['flush 2', 'write', 'flush 2', 'write', 'flush 2', 'write'])
})

t.test('settled means the last of many turns: what was decided before it was handed over', async (t) => {
  const done: string[] = []
  let left = 4
  const turn = new Turn({
    flush: () => {
      done.push('flush')
      return --left > 0
    },
  })
  const settled = turn.settled().then(() => void done.push('settled'))
  await nextTurn()
  await nextTurn()
  t.strictSame(done, ['flush', 'flush'])
  await settled
  t.strictSame(done, ['flush', 'flush', 'flush', 'flush', 'settled'])
  await turn.settled()
  t.equal(done.length, 6, 'asked again, it takes one more turn')
})

t.test('what a write asks for comes with the next turn', async (t) => {
  let writes = 0
  const turn: Turn = new Turn({ flush: () => false })
  const write = () => {
    if (++writes < 3) turn.output(write)
  }
  turn.output(write)
  await nextTurn()
  t.equal(writes, 1)
  while (writes < 3) await nextTurn()
})

t.test('output that cannot be written now costs no turn: the RIB may name a slow peer in every flush', async (t) => {
  let flushes = 0
  const blocked = () => {}
  const turn: Turn = new Turn({
    flush: () => {
      flushes++
      turn.output(blocked)
      return false
    },
  })
  turn.schedule()
  for (let i = 0; i < 5; i++) await nextTurn()
  t.equal(flushes, 1)
})

t.test('after stop nothing is decided or written any more, not even what was scheduled', async (t) => {
  let calls = 0
  const count = () => {
    calls++
    return false
  }
  const turn = new Turn({ flush: count })
  turn.output(count)
  turn.stop()
  turn.schedule()
  await nextTurn()
  await nextTurn()
  t.equal(calls, 0)
})
