import fc from 'fast-check'
import t from 'tap'
import { addressDumpRequest, linkDumpRequest, linkUpRequest, readAddress, readLink } from './netlink-link.ts'
import { messagesIn, putAttribute, putHeader, putU32 } from './netlink-message.ts'

const [NEWLINK, DELLINK, NEWADDR, DELADDR] = [16, 17, 20, 21]

type Attribute = [type: number, payload: Uint8Array]

function link(type: number, family: number, flags: number, ...attributes: Attribute[]): Uint8Array {
  const body = new Uint8Array(16)
  body[0] = family
  putU32(body, 4, 7)
  putU32(body, 8, flags)
  return message(type, body, attributes)
}

function address(type: number, family: number, length: number, ...attributes: Attribute[]): Uint8Array {
  const body = new Uint8Array(8)
  body[0] = family
  body[1] = length
  putU32(body, 4, 7)
  return message(type, body, attributes)
}

function message(type: number, body: Uint8Array, attributes: readonly Attribute[]): Uint8Array {
  const bytes = new Uint8Array(512)
  bytes.set(body, 16)
  let end = 16 + body.length
  for (const [attribute, payload] of attributes) end = putAttribute(bytes, end, attribute, payload)
  putHeader(bytes, 0, end, type, 0, 1)
  return bytes.slice(0, end)
}

function read<T>(reader: (bytes: Uint8Array, message: never) => T, bytes: Uint8Array): T | undefined {
  const [first] = messagesIn(bytes)
  return first && reader(bytes, first as never)
}

const name: Attribute = [3, Buffer.from('tort1\0')]
const links: [title: string, bytes: Uint8Array, expected: unknown][] = [
  ['IFF_UP is up, with or without carrier', link(NEWLINK, 0, 0x1003, name), { link: { index: 7, name: 'tort1', up: true }, gone: false }],
  ['without IFF_UP it is down', link(NEWLINK, 0, 0x1002, name), { link: { index: 7, name: 'tort1', up: false }, gone: false }],
  ['RTM_DELLINK: it is gone', link(DELLINK, 0, 0, name), { link: { index: 7, name: 'tort1', up: false }, gone: true }],
  ['RTM_DELLINK of AF_BRIDGE: it only left a bridge', link(DELLINK, 7, 1, name), undefined],
  ['without a name it says nothing', link(NEWLINK, 0, 1), undefined],
  ['an address message is no link', address(NEWADDR, 2, 24), undefined],
]
for (const [title, bytes, expected] of links) t.test(title, async (t) => t.same(read(readLink, bytes), expected))

const v6 = new Uint8Array(16)
v6.set([0xfd, 0x99])
v6[15] = 1
const addresses: [title: string, bytes: Uint8Array, expected: unknown][] = [
  [
    'on a point-to-point link ours is IFA_LOCAL, not the other end',
    address(NEWADDR, 2, 32, [1, Uint8Array.of(10, 0, 0, 2)], [2, Uint8Array.of(10, 0, 0, 1)]),
    { address: { index: 7, family: 4, address: '10.0.0.1', length: 32 }, gone: false },
  ],
  [
    'IPv6 has only IFA_ADDRESS',
    address(DELADDR, 10, 64, [1, v6]),
    { address: { index: 7, family: 6, address: 'fd99::1', length: 64 }, gone: true },
  ],
  ['an address of the wrong size is none', address(NEWADDR, 2, 24, [1, v6]), undefined],
  ['another family is none', address(NEWADDR, 7, 24, [1, Uint8Array.of(10, 0, 0, 2)]), undefined],
]
for (const [title, bytes, expected] of addresses) t.test(title, async (t) => t.same(read(readAddress, bytes), expected))

t.test('bringing a link up changes IFF_UP and no other flag', async (t) => {
  const bytes = linkUpRequest(7, 3)
  t.equal(
    Buffer.from(bytes).toString('hex'),
    `20000000${'1000'}${'0500'}0300000000000000${'00000000'}${'07000000'}${'01000000'}${'01000000'}`,
  )
})

t.test('dumps carry whole bodies, as NETLINK_GET_STRICT_CHK demands', async (t) => {
  t.same([linkDumpRequest(1).length, addressDumpRequest(1).length], [32, 24])
})

t.test('noise never throws', async () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), fc.constantFrom(NEWLINK, DELLINK, NEWADDR, DELADDR), (body, type) => {
      const bytes = message(type, body, [])
      read(readLink, bytes)
      read(readAddress, bytes)
    }),
  )
})
