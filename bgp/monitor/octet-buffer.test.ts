import fc from 'fast-check'
import t from 'tap'
import { address } from '../session/fixture.ts'
import { OctetBuffer } from './octet-buffer.ts'

t.test('everything is in network order; lengths are written when they are known', async (t) => {
  const buffer = new OctetBuffer(1)
  buffer
    .u8(1)
    .u16(0xffff_0203 & 0xffff)
    .u32(0xfffe_fdfc)
    .u64(2 ** 40 + 5)
    .zeros(2)
    .text('é')
    .address(address('10.0.0.1'))
    .address(address('fd00::1'))
  buffer.patchU16(1, 0x0102)
  buffer.patchU32(3, 4_294_967_295)
  t.equal(
    buffer.take().toString('hex'),
    `01 0102 ffffffff 0000010000000005 0000 c3a9 0a000001 fd000000000000000000000000000001`.replaceAll(' ', ''),
  )
  t.equal(buffer.length, 0)
  t.equal(buffer.u8(7).take().toString('hex'), '07')
})

t.test('what was taken is not written any more, whatever its length', async () =>
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 100 })), fc.uint8Array({ maxLength: 300 }), (parts, more) => {
      const buffer = new OctetBuffer(8)
      for (const part of parts) buffer.octets(part)
      const taken = buffer.take()
      buffer.octets(more)
      return taken.equals(Buffer.concat(parts)) && buffer.take().equals(Buffer.from(more))
    }),
  ),
)
