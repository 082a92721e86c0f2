import fc from 'fast-check'
import t from 'tap'
import type { Cidr } from '../../src/net/prefix.ts'
import { parsePrefix } from '../../src/net/prefix.ts'
import { AddressSet } from './address-set.ts'

const set = new AddressSet(['10.0.0.1/32', 'fd00::a00:2/128'] as Cidr[])

const table: [address: string, expected: boolean][] = [
  ['10.0.0.1/32', true],
  ['10.0.0.2/32', false],
  ['fd00::a00:2/128', true],
  ['fd01::a00:2/128', false],
  ['::a00:1/128', false],
]
for (const [address, expected] of table) {
  t.test(`${address} is ${expected ? '' : 'not '}in ${set.size} addresses, wherever it stands`, async (t) => {
    const { bytes } = parsePrefix(address) ?? { bytes: new Uint8Array() }
    const packet = Uint8Array.of(1, 2, 3, ...bytes, 4)
    t.equal(set.has(packet, 3, 3 + bytes.length), expected)
  })
}

t.test('a range is no address', async (t) => {
  t.throws(() => new AddressSet(['10.0.0.0/24' as Cidr]), { message: '"10.0.0.0/24" is no host address' })
})

t.test('what was put in is in, and nothing else', async () => {
  const address = fc.oneof(fc.ipV4(), fc.ipV6())
  fc.assert(
    fc.property(fc.array(address, { maxLength: 5 }), address, (list, other) => {
      const texts = [...list, other].map((text) => parsePrefix(text.includes(':') ? `${text}/128` : `${text}/32`))
      const octets = texts.map((prefix) => prefix?.bytes ?? new Uint8Array())
      const some = new AddressSet(list.map((text) => (text.includes(':') ? `${text}/128` : `${text}/32`) as Cidr))
      return octets.every((bytes, i) => {
        const isIn = octets.slice(0, list.length).some((one) => Buffer.compare(one, bytes) === 0)
        return some.has(bytes, 0, bytes.length) === (i < list.length || isIn)
      })
    }),
  )
})

t.test('noise of any length is in no set of other addresses, and never throws', async () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 3 }), (bytes) => !set.has(bytes, 0, bytes.length)))
})
