import t from 'tap'
import { encodeAttributes } from '../wire/encode-attributes.ts'
import { external } from '../wire/fixture.ts'
import { AttributeTable } from './attribute-table.ts'
import { attributesOf } from './fixture.ts'
import { NextHopTable } from './next-hop-table.ts'
import { OutSets } from './out-sets.ts'

function outSets() {
  const attributes = new AttributeTable(
    { asNumber: 65000, routerId: 1, clusterId: 2, ownAddresses: [] },
    new NextHopTable({ metricOf: () => 0, isConnected: () => true }),
  )
  const context = attributes.contextOf(external)
  const sets = new OutSets(attributes)
  /** Held by nobody but rows. */
  const set = (med: number): number => {
    const block = encodeAttributes(attributesOf({ med }), { fourOctetAs: true, internal: false })
    return Number(attributes.intern(context, block, 0, block.length, () => {}))
  }
  return { attributes, sets, set }
}

t.test('a row for each set, source, BGP Identifier and variant', async (t) => {
  const { sets, set } = outSets()
  const [a, b] = [set(1), set(2)]
  const row = sets.add(a, 3, 7, 0)
  t.strictSame([sets.set[row], sets.source[row], sets.variant[row]], [a, 3, 0])
  t.equal(sets.find(a, 3, 7, 0), row)
  for (const [wanted, source, routerId, variant] of [
    [b, 3, 7, 0],
    [a, 4, 7, 0],
    [a, 3, 8, 0],
    [a, 3, 7, 1],
    [100_000, 3, 7, 0],
  ] as const)
    t.equal(sets.find(wanted, source, routerId, variant), 0)
  const other = sets.add(a, 4, 7, 0)
  t.strictSame([sets.find(a, 3, 7, 0), sets.find(a, 4, 7, 0)], [row, other])
})

t.test('a row holds its set until no prefix has it, and is used again', async (t) => {
  const { attributes, sets, set } = outSets()
  const id = set(1)
  const row = sets.add(id, 3, 7, 0)
  const other = sets.add(id, 4, 7, 0)
  for (const each of [row, row, other]) sets.hold(each)
  sets.release(row)
  t.equal(sets.find(id, 3, 7, 0), row)
  sets.release(row)
  t.equal(sets.find(id, 3, 7, 0), 0)
  t.equal(sets.find(id, 4, 7, 0), other)
  t.equal(attributes.size, 1)
  sets.release(other)
  t.equal(attributes.size, 0)
  t.ok([row, other].includes(sets.add(set(2), 3, 7, 0)))
})

t.test('a group that is dissolved lets go of every set', async (t) => {
  const { attributes, sets, set } = outSets()
  for (let med = 0; med < 1000; med++) sets.hold(sets.add(set(med), med % 3, 7, 0))
  t.equal(attributes.size, 1000)
  sets.clear()
  t.equal(attributes.size, 0)
})
