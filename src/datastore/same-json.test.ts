import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import t from 'tap'
import { sameFields, sameJson } from './same-json.ts'

const table: [title: string, a: unknown, b: unknown, expected: boolean][] = [
  ['the order of members says nothing', { a: 1, b: { c: [1], d: 2 } }, { b: { d: 2, c: [1] }, a: 1 }, true],
  ['an undefined member is an absent one', { a: 1, b: undefined }, { a: 1 }, true],
  ['on the other side, too', { a: 1 }, { a: 1, b: undefined }, true],
  ['a member more is another value', { a: 1 }, { a: 1, b: null }, false],
  ['a member less is another value', { a: 1, b: null }, { a: 1 }, false],
  ['the order of a list counts', [1, 2], [2, 1], false],
  ['a list that goes on is another one', [1], [1, 2], false],
  ['a list is no object of its indexes', ['x'], { 0: 'x' }, false],
  ['1 is not "1"', 1, '1', false],
  ['null is no object', null, {}, false],
  ['what every object inherits is no member', {}, { toString: 'x' }, false],
  ['a member of such a name counts', { constructor: 'x' }, { constructor: 'x' }, true],
]
for (const [title, a, b, expected] of table) t.equal(sameJson(a, b), expected, title)

t.test('members that are not looked at may differ, be more or be fewer', async (t) => {
  const except = new Set(['uid', 'generation'])
  t.equal(sameFields({ name: 'a', uid: '1', generation: 2 }, { uid: '2', name: 'a' }, except), true)
  t.equal(sameFields({ name: 'a', uid: '1' }, { name: 'b', uid: '1' }, except), false)
})

t.test('values of JSON are the same exactly if they are deeply equal', async () => {
  const value = fc.jsonValue({ maxDepth: 3 })
  const near = fc.oneof(
    fc.tuple(value, value),
    value.map((one) => [one, JSON.parse(JSON.stringify(one))]),
  )
  fc.assert(
    fc.property(near, ([a, b]) => {
      const copies = [a, b].map((one) => JSON.parse(JSON.stringify(one)))
      return sameJson(a, b) === isDeepStrictEqual(copies[0], copies[1])
    }),
  )
})
