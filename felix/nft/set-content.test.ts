import t from 'tap'
import { changingSet } from '../test-members.ts'
import { compareSaved, SetContent } from './set-content.ts'
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

function saved(set: NftSet, ...members: readonly string[]): Parameters<typeof compareSaved>[1] {
  const { keyOrder: _, ...shape } = shapeOf(set)
  return { shape, elements: new Set(members.flatMap((member) => elementsOf(set, member)).map(elementId)) }
}

const nets = plain('hash:net', '10.0.0.0/8', '10.1.0.0/16', '192.0.2.0/24')
const table: readonly (readonly [string, NftSet, Parameters<typeof compareSaved>[1], ReturnType<typeof compareSaved>])[] = [
  ['as written', nets, saved(nets, '192.0.2.0/24', '10.0.0.0/8'), 'same'],
  ['one is missing', nets, saved(nets, '10.0.0.0/8'), 'other-members'],
  ['one is more', nets, saved(nets, '10.0.0.0/8', '192.0.2.0/24', '192.0.3.0/24'), 'other-members'],
  ['a set of addresses under the name', nets, saved(plain('hash:ip')), 'other-shape'],
  ['empty', plain('hash:ip'), saved(plain('hash:ip')), 'same'],
]
for (const [title, set, found, expected] of table)
  t.test(`a set that was read: ${title}`, async (t) => t.equal(compareSaved(set, found), expected))
