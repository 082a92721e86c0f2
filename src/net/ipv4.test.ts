import fc from 'fast-check'
import t from 'tap'
import { formatIpv4, ipv4Mask, parseIpv4, readIpv4, writeIpv4 } from './ipv4.ts'

t.test('every 32-bit value survives text and octets unsigned', async () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0xffff_ffff }), (value) => {
      const bytes = new Uint8Array(6)
      writeIpv4(bytes, 1, value)
      return parseIpv4(formatIpv4(value)) === value && readIpv4(bytes, 1) === value
    }),
  )
})

t.test('only four plain decimal octets are an address', async (t) => {
  for (const text of ['', '10.1', '010.1.1.1', '256.1.1.1', '1.2.3.4.5', '1.2.3.4 ', '0x1.2.3.4', '1.2.3.-4'])
    t.equal(parseIpv4(text), undefined, text)
})

t.test('masks are unsigned', async (t) => {
  t.same([0, 1, 8, 24, 32].map(ipv4Mask), [0, 0x8000_0000, 0xff00_0000, 0xffff_ff00, 0xffff_ffff])
})
