import t from 'tap'
import { changingSet } from '../test-members.ts'
import { type Comparison, SetContent } from './set-content.ts'
import { elementId, elementsOf, type NftSet, shapeOf } from './set-elements.ts'

const plain = (type: NftSet['type'], ...members: readonly string[]): NftSet => ({ family: 4, name: 's', type, members: new Set(members) })

t.test('members that tell their changes are asked for nothing else, and what came and went again is no change', async (t) => {
  const set = changingSet('s', 'hash:ip', '10.0.0.1', '10.0.0.2')
  const content = new SetContent(set)
  t.strictSame(content.deltaTo(set), { added: [], removed: [], version: 0 })
  set.members.add('10.0.0.3')
  set.members.delete('10.0.0.1')
  set.members.add('10.0.0.4')
  set.members.delete('10.0.0.4')
  const delta = content.deltaTo(set)
  t.strictSame(delta, { added: ['10.0.0.3'], removed: ['10.0.0.1'], version: 4 })
  set.members.add('10.0.0.5') // while the kernel works
  content.note(set, delta)
  t.strictSame([...content.members], ['10.0.0.2', '10.0.0.3'])
  t.strictSame(content.deltaTo(set), { added: ['10.0.0.5'], removed: [], version: 5 })
})

t.test('members that do not tell, and other members, are compared whole', async (t) => {
  const content = new SetContent(plain('hash:ip', '10.0.0.1', '10.0.0.2'))
  t.strictSame(content.deltaTo(plain('hash:ip', '10.0.0.2', '10.0.0.3')), {
    added: ['10.0.0.3'],
    removed: ['10.0.0.1'],
    version: undefined,
  })
})

t.test('of networks, what lies in another is not written, and is when that goes', async (t) => {
  const content = new SetContent(plain('hash:net', '10.0.0.0/8', '10.1.0.0/16'))
  t.strictSame([...content.members], ['10.0.0.0/8'])
  const without = plain('hash:net', '10.1.0.0/16')
  t.strictSame(content.deltaTo(without), { added: ['10.1.0.0/16'], removed: ['10.0.0.0/8'], version: undefined })
})

const nets = plain('hash:net', '10.0.0.0/8', '10.1.0.0/16', '192.0.2.0/24')
const table: readonly (readonly [title: string, set: NftSet, read: readonly string[], Comparison])[] = [
  ['all that is written', nets, ['192.0.2.0/24', '10.0.0.0/8'], 'all'],
  ['one is missing', nets, ['10.0.0.0/8'], 'some'],
  ['one is more', nets, ['10.0.0.0/8', '192.0.2.0/24', '192.0.3.0/24'], 'other'],
  ['one is missing and one is more', nets, ['10.0.0.0/8', '192.0.3.0/24'], 'other'],
  ['none, as is expected', plain('hash:ip'), [], 'all'],
]
for (const [title, set, read, expected] of table) {
  t.test(`a set that was read: ${title}`, async (t) => {
    t.equal(compare(new SetContent(set), new Set(read.flatMap((member) => elementsOf(set, member)).map(elementId))), expected)
  })
}

t.test('a long comparison comes in steps', async (t) => {
  const set = plain('hash:ip', ...Array.from({ length: 1_000 }, (_, i) => `10.0.${i >> 8}.${i & 255}`))
  t.equal([...new SetContent(set).compare(new Set())].length, 3)
})

t.test('the shape of a set says what it may hold', async (t) => {
  const content = new SetContent(nets)
  t.equal(content.hasShape(shapeOf(nets)), true)
  t.equal(content.hasShape(shapeOf({ ...nets, type: 'hash:ip' })), false)
  t.equal(content.hasShape(shapeOf({ ...nets, family: 6 })), false)
})

function compare(content: SetContent, elements: ReadonlySet<string>): Comparison | undefined {
  const comparing = content.compare(elements)
  for (;;) {
    const { done, value } = comparing.next()
    if (done) return value
  }
}
