import fc from 'fast-check'
import t from 'tap'
import { hex, toHex } from './fixture.ts'
import { isIpv4NextHop, readIpv6NextHop } from './next-hop.ts'

const ipv4: [address: string, expected: boolean][] = [
  ['00000000', false],
  ['00000001', false],
  ['01000000', true],
  ['7effffff', true],
  ['7f000001', false],
  ['80000000', true],
  ['dfffffff', true],
  ['e0000001', false],
  ['ffffffff', false],
]
for (const [address, expected] of ipv4)
  t.test(`RFC 4271 §6.3: ${address} ${expected ? 'can' : 'cannot'} be a next hop`, async (t) =>
    t.equal(isIpv4NextHop(hex(`ff${address}`), 1), expected),
  )

const global = '20010db8000000000000000000000001'
const linkLocal = 'fe800000000000000000000000000002'
const unspecified = '0'.repeat(32)
const loopback = '1'.padStart(32, '0')
const ipv6: [title: string, octets: string, expected: string | undefined][] = [
  ['global', global, global],
  ['global and link-local', global + linkLocal, global + linkLocal],
  ['global and something else', global + global, global],
  ['global and ::', global + unspecified, global],
  ['link-local alone', linkLocal, linkLocal],
  ['link-local twice', linkLocal + linkLocal, linkLocal + linkLocal],
  ['the last link-local address', `${global}febf${'0'.repeat(28)}`, `${global}febf${'0'.repeat(28)}`],
  ['just past link-local', `${global}fec0${'0'.repeat(28)}`, global],
  [':: and link-local', unspecified + linkLocal, linkLocal],
  ['IPv4-mapped', '00000000000000000000ffff0a000001', '00000000000000000000ffff0a000001'],
  ['::', unspecified, undefined],
  ['::1', loopback, undefined],
  [':: and global', unspecified + global, undefined],
  ['multicast', `ff02${'1'.padStart(28, '0')}`, undefined],
  ['multicast and link-local', `ff02${'1'.padStart(28, '0')}${linkLocal}`, undefined],
]
for (const [title, octets, expected] of ipv6)
  t.test(`RFC 2545 §3: ${title}`, async (t) => {
    const bytes = hex(`ff${octets}`)
    const nextHop = readIpv6NextHop(bytes, 1, bytes.length)
    t.equal(nextHop && toHex(nextHop), expected)
  })

t.test('what is read is part of what came, 16 or 32 octets', async () => {
  const anyHalf = fc.oneof(fc.uint8Array({ minLength: 16, maxLength: 16 }), fc.constantFrom(hex(linkLocal), hex(unspecified)))
  fc.assert(
    fc.property(anyHalf, anyHalf, (first, second) => {
      const bytes = Uint8Array.from([...first, ...second])
      const nextHop = readIpv6NextHop(bytes, 0, 32)
      return nextHop === undefined || (nextHop.length % 16 === 0 && toHex(bytes).includes(toHex(nextHop)))
    }),
  )
})
