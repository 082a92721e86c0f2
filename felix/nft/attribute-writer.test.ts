import fc from 'fast-check'
import t from 'tap'
import { eachAttribute } from '../netlink/netlink-message.ts'
import { AttributeWriter, machineU32, networkU32 } from './attribute-writer.ts'

function hex(write: (writer: AttributeWriter) => void): string {
  const writer = new AttributeWriter()
  write(writer)
  return Buffer.from(writer.bytes).toString('hex')
}

t.test('numbers in network order, texts with their zero, everything padded to 4 octets', async (t) => {
  // length and type are in the order of the machine: this table is of a little-endian one
  const table: readonly (readonly [(writer: AttributeWriter) => void, string])[] = [
    [(w) => w.u8(1, 0xab), '05000100ab000000'],
    [(w) => w.u16(2, 0x1234), '0600020012340000'],
    [(w) => w.u32(3, -3), '08000300fffffffd'],
    [(w) => w.u64(4, 2 ** 32), '0c0004000000000100000000'],
    [(w) => w.text(5, 'abc'), '0800050061626300'],
    [(w) => w.nested(6, () => w.u8(1, 1)), '0c0006800500010001000000'],
    [(w) => w.nested(7, () => {}), '04000780'],
  ]
  for (const [write, expected] of table) t.equal(hex(write), expected)
})

t.test('a mark is as the machine holds it, a length as the network does', async (t) => {
  t.strictSame([...networkU32(0x0102_0304)], [1, 2, 3, 4])
  t.strictSame([...machineU32(0x0102_0304)], [...new Uint8Array(Uint32Array.of(0x0102_0304).buffer)])
})

t.test('a list that its length cannot say is a bug', async (t) => {
  const writer = new AttributeWriter()
  const much = () => {
    for (let i = 0; i < 10_000; i++) writer.u32(1, i)
  }
  t.throws(() => writer.nested(1, much), { message: 'a netlink attribute of 80004 octets' })
})

t.test('whatever is written is read back, however the buffer grew', async () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(0x3fff), fc.uint8Array({ maxLength: 3_000 })), { maxLength: 20 }), (attributes) => {
      const writer = new AttributeWriter()
      for (const [type, payload] of attributes) writer.octets(type, payload)
      const { bytes } = writer
      const read: [number, string][] = []
      eachAttribute(bytes, 0, bytes.length, (type, from, to) => read.push([type, Buffer.from(bytes.subarray(from, to)).toString('hex')]))
      const expected = attributes.map(([type, payload]): [number, string] => [type, Buffer.from(payload).toString('hex')])
      return JSON.stringify(read) === JSON.stringify(expected)
    }),
  )
})
