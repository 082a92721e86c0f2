import fc from 'fast-check'
import t from 'tap'
import {
  eachAttribute,
  HEADER_LENGTH,
  messagesIn,
  NLMSG_DONE,
  NLMSG_ERROR,
  putAttribute,
  putHeader,
  putU16,
  putU32,
  putU32Attribute,
  readError,
  readText,
  u16,
  u32,
} from './netlink-message.ts'

/** A message with this body. */
function message(type: number, flags: number, sequence: number, ...body: number[]): Uint8Array {
  const bytes = new Uint8Array(HEADER_LENGTH + body.length)
  bytes.set(body, HEADER_LENGTH)
  putHeader(bytes, 0, bytes.length, type, flags, sequence)
  return bytes
}

/** A negative errno in the machine's order. */
function negative(errno: number): number[] {
  const bytes = new Uint8Array(4)
  putU32(bytes, 0, -errno)
  return [...bytes]
}

t.test('numbers keep their value, also where the sign bit is set', async () => {
  fc.assert(
    fc.property(fc.nat(0xffff_ffff), fc.nat(0xffff), (long, short) => {
      const bytes = new Uint8Array(8)
      putU32(bytes, 1, long)
      putU16(bytes, 5, short)
      return u32(bytes, 1) === long && u16(bytes, 5) === short
    }),
  )
})

t.test('messages follow each other at multiples of 4', async (t) => {
  const [a, b] = [message(24, 1, 7, 1, 2, 3), message(25, 0, 8)]
  const bytes = new Uint8Array(20 + b.length)
  bytes.set(a)
  bytes.set(b, 20)
  t.same(
    [...messagesIn(bytes)],
    [
      { type: 24, flags: 1, sequence: 7, port: 0, body: 16, end: 19 },
      { type: 25, flags: 0, sequence: 8, port: 0, body: 36, end: 36 },
    ],
  )
})

const broken: [title: string, length: number][] = [
  ['shorter than a header', 15],
  ['longer than the datagram', 17],
  ['zero', 0],
]
for (const [title, length] of broken) {
  t.test(`a message whose length is ${title} ends the walk`, async (t) => {
    const bytes = message(24, 0, 1)
    putU32(bytes, 0, length)
    t.same([...messagesIn(bytes)], [])
  })
}

t.test('attributes are padded to 4 octets with zeros, their length is not', async (t) => {
  const bytes = new Uint8Array(24).fill(0xee)
  const second = putAttribute(bytes, 0, 3, Uint8Array.of(9, 8, 7, 6, 5))
  t.equal(second, 12)
  t.same([...bytes.subarray(9, 12)], [0, 0, 0])
  const end = putU32Attribute(bytes, second, 4, 0xfedc_ba98)
  const seen: [number, number, number][] = []
  eachAttribute(bytes, 0, end, (type, from, to) => seen.push([type, from, to]))
  t.same(seen, [
    [3, 4, 9],
    [4, 16, 20],
  ])
})

t.test('a type with the "nested" bit is the same type', async (t) => {
  const bytes = new Uint8Array(4)
  putU16(bytes, 0, 4)
  putU16(bytes, 2, 0x8000 | 9)
  const seen: number[] = []
  eachAttribute(bytes, 0, 4, (type) => seen.push(type))
  t.same(seen, [9])
})

const verdicts: [title: string, bytes: Uint8Array, expected: unknown][] = [
  ['errno 0 is an acknowledgement', message(NLMSG_ERROR, 0, 5, ...negative(0)), { errno: 0, sequence: 5 }],
  ['a refusal names its errno', message(NLMSG_ERROR, 0, 5, ...negative(17)), { errno: 17, sequence: 5 }],
  ['the end of a dump can carry a refusal', message(NLMSG_DONE, 0, 2, ...negative(16)), { errno: 16, sequence: 2 }],
  ['an error cut short says nothing', message(NLMSG_ERROR, 0, 5, 1, 2), undefined],
  ['another type is no verdict', message(24, 0, 5, ...negative(17)), undefined],
]
for (const [title, bytes, expected] of verdicts) {
  t.test(title, async (t) => {
    const [first] = messagesIn(bytes)
    t.same(first && readError(bytes, first), expected)
  })
}

t.test("the kernel's sentence follows the quoted header (NETLINK_CAP_ACK, NETLINK_EXT_ACK)", async (t) => {
  const sentence = new Uint8Array(32)
  const length = putAttribute(sentence, 0, 1, Buffer.from('Nexthop has invalid gateway\0'))
  const bytes = message(NLMSG_ERROR, 0x300, 9, ...negative(101), ...new Uint8Array(16), ...sentence.subarray(0, length))
  const [first] = messagesIn(bytes)
  t.same(first && readError(bytes, first), { errno: 101, sequence: 9, text: 'Nexthop has invalid gateway' })
})

t.test('text ends at its zero or at the end of the attribute', async (t) => {
  const bytes = Buffer.from('eth0\0rest')
  t.equal(readText(bytes, 0, 9), 'eth0')
  t.equal(readText(bytes, 0, 3), 'eth')
  t.equal(readText(bytes, 5, 9), 'rest')
})

t.test('noise never throws', async () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      for (const found of messagesIn(bytes)) readError(bytes, found)
      eachAttribute(bytes, 0, bytes.length, (_, from, to) => readText(bytes, from, to))
    }),
  )
})
