import fc from 'fast-check'
import t from 'tap'
import { BgpError } from './bgp-error.ts'
import { hex } from './fixture.ts'
import { decodeWith, Reader, ShortRead } from './reader.ts'

t.test('reads front to back, unsigned', async (t) => {
  const bytes = hex('00 ff ffff ffffffff 01 0203 04')
  const reader = new Reader(bytes, 1, bytes.length)
  t.strictSame([reader.u8(), reader.u16(), reader.u32(), reader.peek()], [255, 65535, 4294967295, 1])
  reader.skip(1)
  t.strictSame([reader.octets(2), reader.remaining, reader.rest(), reader.remaining], [hex('0203'), 1, hex('04'), 0])
  t.equal(reader.peek(), undefined)
})

t.test('every read past the end throws, and takes nothing', async (t) => {
  const reads: ((reader: Reader) => unknown)[] = [
    (reader) => reader.u16(),
    (reader) => reader.u32(),
    (reader) => reader.skip(2),
    (reader) => reader.octets(2),
    (reader) => reader.nested(2),
  ]
  for (const read of reads) {
    const reader = new Reader(hex('01 02 03'), 0, 1)
    t.throws(() => read(reader), ShortRead)
    t.equal(reader.u8(), 1)
    t.throws(() => reader.u8(), ShortRead)
  }
})

t.test('an end past the chunk is the end of the chunk', async (t) => t.equal(new Reader(hex('0102'), 1, 99).remaining, 1))

t.test('what is nested cannot read past its container', async (t) => {
  const reader = new Reader(hex('0102 03'), 0, 3)
  const inner = reader.nested(2)
  t.equal(reader.u8(), 3)
  t.equal(inner.u16(), 0x0102)
  t.equal(inner.peek(), undefined)
  t.throws(() => inner.u8(), ShortRead)
})

t.test('octets taken do not share memory with the chunk', async (t) => {
  const chunk = Buffer.from('abcd', 'hex')
  const taken = new Reader(chunk, 0, 2).octets(2)
  chunk.fill(0)
  t.strictSame(taken, hex('abcd'))
})

const onShort = (error: ShortRead) => new BgpError(2, 0, error.message)
const outcomes: [title: string, read: (reader: Reader) => unknown, expected: unknown][] = [
  ['a value is returned', (reader) => reader.u8(), 1],
  ['a short read is the error that the caller says', (reader) => reader.u16(), new BgpError(2, 0, '2 octets wanted, 1 left')],
  [
    'a BgpError thrown is returned',
    () => {
      throw new BgpError(2, 1, 'version')
    },
    new BgpError(2, 1, 'version'),
  ],
]
for (const [title, read, expected] of outcomes) t.test(title, async (t) => t.same(decodeWith(hex('01'), 0, 1, read, onShort), expected))

t.test('a bug of ours is not taken for a mistake of the peer', async (t) => {
  const read = (): never => {
    throw new TypeError('bug')
  }
  t.throws(() => decodeWith(hex('01'), 0, 1, read, onShort), TypeError)
})

t.test('any sequence of reads stays inside', async () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.array(fc.nat(10)), (bytes, sizes) => {
      const reader = new Reader(bytes, 0, bytes.length)
      let taken = 0
      for (const size of sizes) {
        if (size > reader.remaining) continue
        taken += reader.octets(size).length
      }
      return taken + reader.remaining === bytes.length
    }),
  )
})
