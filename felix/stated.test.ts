import t from 'tap'
import { Stated } from './stated.ts'
import { TrackedMap } from './tracked.ts'

type Item = { readonly name: string; readonly value: number }
const item = (name: string, value = 0): Item => ({ name, value })

function trackedOf(...items: readonly Item[]): TrackedMap<Item> {
  const tracked = new TrackedMap<Item>()
  for (const one of items) tracked.put(one.name, one)
  return tracked
}

t.test('of what is stated whole, what came, went or is another object has changed', async (t) => {
  const stated = new Stated<Item>()
  const [a, b, c] = [item('a'), item('b'), item('c')]
  t.strictSame(stated.state([a, b], undefined), new Set(['a', 'b']))
  t.strictSame(stated.state([a, b], undefined), new Set())
  t.strictSame(stated.state([b, a], undefined), new Set(), 'order is nothing')
  t.strictSame(stated.state([item('a', 1), c], undefined), new Set(['b', 'a', 'c']))
  t.strictSame([...stated.names()], ['a', 'c'])
  t.strictSame([stated.get('a'), stated.get('b'), stated.has('c'), stated.size], [item('a', 1), undefined, true, 2])
})

t.test('of what tells its changes, only those are named', async (t) => {
  const stated = new Stated<Item>()
  const tracked = trackedOf(item('a'), item('b'))
  t.equal(stated.state([], tracked), undefined, 'at first anything may have changed')
  t.strictSame(stated.state([item('few')], tracked), new Set(['few']))
  tracked.put('a', item('a', 1))
  tracked.delete('b')
  t.strictSame(stated.state([], tracked), new Set(['a', 'b', 'few']))
  t.strictSame([...stated.names()], ['a'])
  t.strictSame([stated.get('a'), stated.has('b'), stated.size], [item('a', 1), false, 1])
})

t.test('another collection, and changes that are not remembered any more, may be anything', async (t) => {
  const stated = new Stated<Item>()
  const tracked = trackedOf(item('a'))
  stated.state([], tracked)
  t.equal(stated.state([], trackedOf(item('a'))), undefined)
  stated.state([], tracked)
  for (let i = 0; i < 10_000; i++) tracked.put('a', item('a', i))
  t.equal(stated.state([], tracked), undefined)
  t.equal(stated.state([], undefined), undefined)
  t.strictSame([stated.size, [...stated.names()]], [0, []])
})
