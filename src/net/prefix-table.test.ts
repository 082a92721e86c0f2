import fc from 'fast-check'
import t from 'tap'
import { Ipv4PrefixTable } from './ipv4-prefix-table.ts'
import { Ipv6PrefixTable } from './ipv6-prefix-table.ts'
import { formatPrefix, parsePrefix } from './prefix.ts'
import type { PrefixTable } from './prefix-table.ts'

const make = { 4: () => new Ipv4PrefixTable(), 6: () => new Ipv6PrefixTable() } as const

function put(table: PrefixTable, text: string): number {
  const prefix = parsePrefix(text)
  if (prefix === undefined) throw new Error(`not a prefix: ${text}`)
  return table.insert(prefix.bytes, 0, prefix.length)
}

const samples: Record<4 | 6, string[]> = {
  4: ['0.0.0.0/0', '128.0.0.0/1', '10.0.0.0/8', '10.0.0.0/9', '10.128.0.0/9', '192.168.255.0/24', '255.255.255.255/32', '10.1.2.3/32'],
  6: ['::/0', '8000::/1', '2001:db8::/32', '2001:db8::/33', '2001:db8:0:1::/64', '::1/128', 'ffff::/128', 'fd00:1:2:3:4:5:6:7/128'],
}

for (const family of [4, 6] as const) {
  t.test(`IPv${family}: equal prefixes have one id, others their own, and text and octets come back`, async (t) => {
    const table = make[family]()
    const ids = samples[family].map((text) => put(table, text))
    t.same(ids, [0, 1, 2, 3, 4, 5, 6, 7])
    t.same(
      samples[family].map((text) => put(table, text)),
      ids,
    )
    t.same([...table.ids()], ids)
    t.same(
      ids.map((id) => table.format(id)),
      samples[family],
    )
    for (const [i, text] of samples[family].entries()) {
      const prefix = parsePrefix(text)
      const octets = Math.ceil((prefix?.length ?? 0) / 8)
      const nlri = new Uint8Array(20)
      t.equal(table.writeNlri(i, nlri, 2), 3 + octets)
      t.same([...nlri.subarray(2, 3 + octets)], [prefix?.length, ...(prefix?.bytes.subarray(0, octets) ?? [])])
      const address = new Uint8Array(18)
      t.equal(table.copyAddress(i, address, 1), family === 4 ? 4 : 16)
      t.same(address.subarray(1, family === 4 ? 5 : 17), prefix?.bytes)
      t.equal(table.lengthOf(i), prefix?.length)
    }
  })

  t.test(`IPv${family}: RFC 4271 §4.3 host bits do not matter and octets behind the prefix are not read`, async (t) => {
    const table = make[family]()
    const id = table.insert(Uint8Array.of(10, 255), 0, 9)
    t.equal(table.insert(Uint8Array.of(9, 9, 10, 128, 7, 7, 7, 7), 2, 9), id)
    t.equal(table.find(Uint8Array.of(10, 254), 0, 9), id)
    t.equal(table.find(Uint8Array.of(10, 254), 0, 10), -1)
    t.equal(table.size, 1)
  })

  t.test(`IPv${family}: ids are dense and reused, so that churn does not grow the table`, async (t) => {
    const table = make[family]()
    let highest = 0
    for (let round = 0; round < 1000; round++) {
      const ids = [0, 1, 2, 3, 4].map((i) => table.insert(Uint8Array.of(round >> 8, round, i), 0, 24))
      highest = Math.max(highest, ...ids)
      for (const id of ids) table.remove(id)
    }
    t.equal(highest, 4)
    t.equal(table.size, 0)
    t.equal(table.capacity, 64)
    t.same([...table.ids()], [])
  })

  t.test(`IPv${family}: behaves as a map of texts under any inserts and removals`, async () => {
    const bits = family === 4 ? 32 : 128
    const arbitrary = fc.array(
      fc.record({ bytes: fc.uint8Array({ minLength: bits / 8, maxLength: bits / 8, max: 3 }), length: fc.nat(bits), gone: fc.boolean() }),
      { maxLength: 400 },
    )
    fc.assert(
      fc.property(arbitrary, (steps) => {
        const table = make[family]()
        const model = new Map<string, number>()
        for (const { bytes, length, gone } of steps) {
          const text = formatPrefix(parsePrefix(`${formatPrefix({ family, bytes, length })}`) ?? { family, bytes, length })
          const known = model.get(text)
          if (table.find(bytes, 0, length) !== (known ?? -1)) return false
          if (gone && known !== undefined) {
            table.remove(known)
            model.delete(text)
          } else if (!gone) model.set(text, table.insert(bytes, 0, length))
        }
        const texts = [...table.ids()].map((id) => table.format(id))
        return table.size === model.size && texts.sort().join() === [...model.keys()].sort().join()
      }),
      { numRuns: 60 },
    )
  })
}

t.test('the table survives growth: 100,000 neighbours keep their ids', async (t) => {
  const table = new Ipv4PrefixTable()
  const bytes = new Uint8Array(4)
  const insertAll = () => {
    let wrong = 0
    for (let i = 0; i < 100_000; i++) {
      bytes.set([10, i >> 16, i >> 8, i])
      if (table.insert(bytes, 0, 32) !== i) wrong++
    }
    return wrong
  }
  t.equal(insertAll(), 0)
  t.equal(insertAll(), 0)
  t.equal(table.size, 100_000)
})
