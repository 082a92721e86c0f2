import fc from 'fast-check'
import t from 'tap'
import { Ipv4PrefixTable } from '../../src/net/ipv4-prefix-table.ts'
import { Ipv6PrefixTable } from '../../src/net/ipv6-prefix-table.ts'
import { FirstPrefixes } from './first-prefixes.ts'

const octets = (bytes: Uint8Array, length: number) => `${Buffer.from(bytes).toString('hex')}/${String(length).padStart(3, '0')}`

for (const [family, width] of [
  [4, 4],
  [6, 16],
] as const) {
  t.test(`IPv${family}: the first of any prefixes, whatever order they are offered in, are those of the sorted list`, async (t) => {
    // Few different octets: equal beginnings are what the order is about.
    const prefix = fc.record({
      bytes: fc.uint8Array({ minLength: width, maxLength: width, max: 3 }).map((bytes) => bytes.map((octet) => octet * 85)),
      length: fc.integer({ min: 0, max: width * 8 }),
    })
    fc.assert(
      fc.property(fc.array(prefix, { maxLength: 60 }), fc.integer({ min: 1, max: 20 }), (prefixes, limit) => {
        const table = family === 4 ? new Ipv4PrefixTable() : new Ipv6PrefixTable()
        const ids = new Set(prefixes.map(({ bytes, length }) => table.insert(bytes, 0, length)))
        const first = new FirstPrefixes(table, limit)
        for (const id of ids) first.offer(id)
        const address = new Uint8Array(width)
        const text = (id: number) => {
          table.copyAddress(id, address, 0)
          return octets(address, table.lengthOf(id))
        }
        t.strictSame(first.ids().map(text), [...ids].map(text).toSorted().slice(0, limit))
        for (const id of ids) {
          table.copyAddress(id, address, 0)
          for (const other of ids)
            if (Math.sign(table.compareTo(other, address, table.lengthOf(id))) !== Math.sign(table.compare(other, id)))
              throw new Error(`${text(other)} beside ${text(id)}`)
        }
      }),
    )
  })
}
