import { setImmediate } from 'node:timers/promises'
import t from 'tap'
import { inTurn } from './in-turn.ts'

/** Turns that end when the test says so. */
function setUp() {
  const ready = Promise.withResolvers<void>()
  const told: string[] = []
  const ends: (() => void)[] = []
  const ask = inTurn(ready.promise, async () => {
    const turn = ends.length + 1
    told.push(`${turn} begins`)
    await new Promise<void>((resolve) => ends.push(resolve))
    told.push(`${turn} ends`)
  })
  const end = async (turn: number) => {
    ends[turn - 1]?.()
    await setImmediate()
  }
  return { ready, told, ask, end }
}

t.test('nothing is done before it is ready; what was asked for until then is one turn', async (t) => {
  const { ready, told, ask } = setUp()
  ask()
  ask()
  await setImmediate()
  t.strictSame(told, [])
  ready.resolve()
  await setImmediate()
  t.strictSame(told, ['1 begins'])
})

t.test('what is asked for during a turn is another one, after it', async (t) => {
  const { ready, told, ask, end } = setUp()
  ready.resolve()
  ask()
  await setImmediate()
  for (let asked = 0; asked < 3; asked++) ask()
  await setImmediate()
  t.strictSame(told, ['1 begins'])
  await end(1)
  t.strictSame(told, ['1 begins', '1 ends', '2 begins'])
  await end(2)
  t.strictSame(told, ['1 begins', '1 ends', '2 begins', '2 ends'])
  ask()
  await setImmediate()
  t.equal(told.at(-1), '3 begins')
})
