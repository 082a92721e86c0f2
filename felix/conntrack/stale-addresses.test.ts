import fc from 'fast-check'
import t from 'tap'
import type { Cidr } from '../../src/net/prefix.ts'
import { StaleAddresses } from './stale-addresses.ts'

const [one, two, three] = ['10.0.0.1/32', '10.0.0.2/32', '10.0.0.3/32'] as [Cidr, Cidr, Cidr]
const holders = (entries: Readonly<Record<string, string>>) => new Map(Object.entries(entries) as [Cidr, string][])

type Case = readonly [
  title: string,
  states: readonly Readonly<Record<string, string>>[],
  expected: { readonly stale: readonly Cidr[]; readonly again: readonly Cidr[] },
]
const table: readonly Case[] = [
  ['what is known first was nobody’s', [{ [one]: 'a' }], { stale: [], again: [] }],
  ['who comes takes nothing', [{ [one]: 'a' }, { [one]: 'a', [two]: 'b' }], { stale: [], again: [] }],
  ['who goes leaves an address', [{ [one]: 'a', [two]: 'b' }, { [two]: 'b' }], { stale: [one], again: [] }],
  [
    'an address changes hands',
    [
      { [one]: 'a', [two]: 'b' },
      { [one]: 'c', [two]: 'b' },
    ],
    { stale: [one], again: [one] },
  ],
  ['an address is taken up later', [{ [one]: 'a' }, {}, {}, { [one]: 'c', [two]: 'b' }], { stale: [one], again: [one] }],
  ['also by who had it', [{ [one]: 'a' }, {}, { [one]: 'a' }], { stale: [one], again: [one] }],
]
for (const [title, states, { stale, again }] of table) {
  t.test(title, async (t) => {
    const addresses = new StaleAddresses(10)
    for (const state of states) addresses.setHolders(holders(state))
    t.strictSame([...addresses.snapshot().keys()], stale)
    t.strictSame([...addresses.heldAgain], again)
  })
}

t.test('what became stale again while its connections were being forgotten stays stale', async (t) => {
  const addresses = new StaleAddresses(10)
  addresses.setHolders(holders({ [one]: 'a', [two]: 'b' }))
  addresses.setHolders(holders({}))
  const snapshot = addresses.snapshot()
  addresses.setHolders(holders({ [one]: 'c' }))
  addresses.setHolders(holders({ [one]: 'd' }))
  addresses.forgotten(snapshot)
  t.strictSame([...addresses.snapshot().keys()], [one])
  addresses.forgotten(addresses.snapshot())
  t.equal(addresses.size, 0)
})

t.test('beyond the most that are known the oldest is given up, and counted', async (t) => {
  const addresses = new StaleAddresses(2)
  addresses.setHolders(holders({ [one]: 'a', [two]: 'b', [three]: 'c' }))
  addresses.setHolders(holders({ [two]: 'b', [three]: 'c' }))
  addresses.setHolders(holders({}))
  t.strictSame([[...addresses.snapshot().keys()], addresses.givenUp], [[two, three], 1])
})

t.test('stale is exactly what some holder has lost', async () => {
  const state = fc.dictionary(fc.constantFrom(one, two, three), fc.constantFrom('a', 'b'), { noNullPrototype: true })
  fc.assert(
    fc.property(fc.array(state, { maxLength: 6 }), (states) => {
      const addresses = new StaleAddresses(3)
      for (const each of states) addresses.setHolders(holders(each))
      const lost = (address: Cidr) =>
        states.some((each, i) => each[address] !== undefined && i + 1 < states.length && states[i + 1]?.[address] !== each[address])
      const expected = [one, two, three].filter(lost)
      return JSON.stringify([...addresses.snapshot().keys()].toSorted()) === JSON.stringify(expected)
    }),
  )
})
