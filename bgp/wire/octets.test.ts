import fc from 'fast-check'
import t from 'tap'
import { afiOf, familyOfAfiSafi, safiOf } from './address-family.ts'
import { attributeEnd, attributeError, attributeValueStart } from './attribute-header.ts'
import { anyU32, fault, hex } from './fixture.ts'
import { writeHeader } from './header.ts'
import { copyOctets, putU16, putU32, u16At, u32At } from './octets.ts'

t.test('every value survives writing and reading unsigned, and nothing beside it changes', async () => {
  fc.assert(
    fc.property(anyU32, fc.nat(65535), (u32, u16) => {
      const bytes = new Uint8Array(9).fill(0xaa)
      putU32(bytes, 1, u32)
      putU16(bytes, 6, u16)
      return u32At(bytes, 1) === u32 && u16At(bytes, 6) === u16 && bytes[0] === 0xaa && bytes[5] === 0xaa && bytes[8] === 0xaa
    }),
  )
})

t.test('a copy is plain octets of its own, also of a Buffer', async (t) => {
  const chunk = Buffer.from('01020304', 'hex')
  const copy = copyOctets(chunk, 1, 3)
  chunk.fill(0)
  t.strictSame(copy, hex('0203'))
  t.equal(copy.buffer.byteLength, 2)
})

t.test('RFC 4271 §4.1: the header', async (t) => {
  const bytes = new Uint8Array(21)
  t.equal(writeHeader(bytes, 1, 4, 4096), 20)
  t.strictSame(bytes, hex(`00 ${'ff'.repeat(16)} 1000 04 00`))
})

const headers: [title: string, bytes: string, valueStart: number, end: number][] = [
  ['one octet of length', '4001 01 00', 3, 4],
  ['two octets of length', '5001 0001 00', 4, 5],
  ['no value', '4006 00', 3, 3],
  ['a header alone that is cut short', '4001', 3, -1],
  ['an extended header that is cut short', '500100', 4, -1],
  ['flags alone', '40', 3, -1],
  ['a value that overruns by one', '4001 02 00', 3, -1],
  ['an extended value that overruns', '5001 ffff 00', 4, -1],
]
for (const [title, bytes, valueStart, end] of headers)
  t.test(`RFC 7606 §4: ${title}`, async (t) => {
    t.equal(attributeValueStart(hex(bytes), 0), valueStart)
    t.equal(attributeEnd(hex(bytes), 0, hex(bytes).length), end)
  })

t.test('RFC 4271 §6.3: the data of an error is the attribute, and fits a NOTIFICATION', async (t) => {
  t.equal(fault(attributeError(2, 'x', hex('ff 40c800 ff'), 1, 4)), '3/2 40c800')
  t.equal(attributeError(2, 'x', new Uint8Array(9000), 0, 9000).data.length, 4075)
})

t.test('RFC 4760 §3: the families we speak, and no other', async (t) => {
  for (const family of ['ipv4-unicast', 'ipv6-unicast'] as const) t.equal(familyOfAfiSafi(afiOf(family), safiOf(family)), family)
  for (const [afi, safi] of [
    [0, 1],
    [1, 0],
    [1, 2],
    [1, 128],
    [2, 2],
    [3, 1],
    [25, 70],
  ] as const)
    t.equal(familyOfAfiSafi(afi, safi), undefined)
})
