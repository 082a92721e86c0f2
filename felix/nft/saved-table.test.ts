import t from 'tap'
import { compareRead } from './saved-table.ts'
import { SetContent } from './set-content.ts'
import { elementId, elementsOf } from './set-elements.ts'

const addresses = ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4']
const content = new SetContent({ family: 4, name: 's', type: 'hash:ip', members: new Set(addresses) })
const idsOf = (address: string) => elementsOf({ type: 'hash:ip' }, address).map(elementId)

const table: readonly (readonly [title: string, readings: readonly (readonly number[])[], found: string])[] = [
  ['all of it in the first', [[1, 2, 3, 4]], 'all'],
  ['in each something that another missed', [[1, 2], [2, 3], [4]], 'all'],
  [
    'the same is missing in two',
    [
      [1, 2],
      [2, 1],
    ],
    'some',
  ],
  ['less in the second', [[1, 2, 3], [1]], 'some'],
  ['nothing in two', [[], []], 'some'],
  ['nothing in the first', [[], [1, 2, 3, 4]], 'all'],
  ['what is not expected', [[1, 9]], 'other'],
  ['what is not expected, later', [[1], [9]], 'other'],
]
for (const [title, readings, expected] of table) {
  t.test(`a set is read until nothing new is seen: ${title}`, async (t) => {
    const elements = new Set<string>()
    let n = 0
    const read = async () => {
      for (const last of readings[n++] ?? []) for (const id of idsOf(`10.0.0.${last}`)) elements.add(id)
    }
    t.equal(await compareRead(content, elements, read, { giveWay: () => Promise.resolve() }), expected)
    t.equal(n, readings.length)
  })
}

t.test('of a set that nobody knows one reading is enough', async (t) => {
  let n = 0
  const read = async () => n++
  t.equal(await compareRead(undefined, new Set(), read, { giveWay: () => Promise.resolve() }), 'other')
  t.equal(n, 1)
})
