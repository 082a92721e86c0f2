import fc from 'fast-check'
import t from 'tap'
import { formatAddress } from '../../src/net/address.ts'
import { HEADER_LENGTH, messagesIn, readText } from '../netlink/netlink-message.ts'
import { AttributeWriter } from '../nft/attribute-writer.ts'
import type { MemberChange } from './ip-set-text.ts'
import { putMemberMessage } from './member-message.ts'

const GENERIC_LENGTH = 4
const NESTED = 0x8000
const NETWORK_ORDER = 0x4000

type Attributes = Map<number, Uint8Array>

/** By type, with the bits above it. */
function attributesOf(bytes: Uint8Array, at: number, end: number): Attributes {
  const found: Attributes = new Map()
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  const little = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1
  for (let from = at; from + 4 <= end; ) {
    const length = view.getUint16(from, little)
    found.set(view.getUint16(from + 2, little), bytes.subarray(from + 4, from + length))
    from += (length + 3) & ~3
  }
  return found
}

const within = (bytes: Uint8Array | undefined): Attributes => attributesOf(bytes ?? new Uint8Array(), 0, bytes?.length ?? 0)

/** What the kernel would make of each message. */
function read(bytes: Uint8Array) {
  return [...messagesIn(bytes)].map(({ type, flags, sequence, body, end }) => {
    const attributes = attributesOf(bytes, body + GENERIC_LENGTH, end)
    const data = within(attributes.get(7 | NESTED))
    const address = within(data.get(1 | NESTED))
    const [v4, v6] = [address.get(1 | NETWORK_ORDER), address.get(2 | NETWORK_ORDER)]
    const [length, protocol, port] = [data.get(3), data.get(7), data.get(4 | NETWORK_ORDER)]
    const name = attributes.get(2) ?? new Uint8Array()
    return {
      type,
      flags,
      sequence,
      family: bytes[body],
      version: [...(attributes.get(1) ?? [])],
      name: readText(name, 0, name.length),
      address: formatAddress(v4 ?? v6 ?? new Uint8Array()),
      ...(length && { length: [...length] }),
      ...(protocol && { protocol: [...protocol] }),
      ...(port && { port: [...port] }),
    }
  })
}

function encode(...changes: MemberChange[]) {
  const writer = new AttributeWriter()
  for (const [i, change] of changes.entries()) putMemberMessage(writer, 'tort4s:a', change, i + 1, i === changes.length - 1)
  return read(writer.bytes)
}

const same = { flags: 5, sequence: 1, version: [6], name: 'tort4s:a' }
const table: [title: string, change: MemberChange, expected: object][] = [
  ['an address comes', { verb: 'add', member: '10.0.0.1' }, { ...same, type: 0x609, family: 2, address: '10.0.0.1' }],
  ['an IPv6 address goes', { verb: 'del', member: 'fd00::1' }, { ...same, type: 0x60a, family: 10, address: 'fd00::1' }],
  ['a network has a length', { verb: 'add', member: '10.0.0.0/8' }, { ...same, type: 0x609, family: 2, address: '10.0.0.0', length: [8] }],
  [
    'a port is in network order',
    { verb: 'add', member: '10.0.0.1,sctp:258' },
    { ...same, type: 0x609, family: 2, address: '10.0.0.1', protocol: [132], port: [1, 2] },
  ],
]
for (const [title, change, expected] of table) t.test(title, async (t) => t.strictSame(encode(change), [expected]))

t.test('only the last message wants an answer; none says NLM_F_EXCL, so that what is there already is no error', async (t) => {
  const changes = ['10.0.0.1', '10.0.0.2', '10.0.0.3'].map((member): MemberChange => ({ verb: 'add', member }))
  t.strictSame(
    encode(...changes).map(({ flags, sequence }) => [flags, sequence]),
    [
      [1, 1],
      [1, 2],
      [5, 3],
    ],
  )
})

const bytesOfAddress = fc.oneof(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.uint8Array({ minLength: 16, maxLength: 16 }))
/** What follows the address, and what it is in the message. */
const rest: fc.Arbitrary<[text: string, parts: object]> = fc.oneof(
  fc.constant<[string, object]>(['', {}]),
  fc.nat(32).map((length): [string, object] => [`/${length}`, { length: [length] }]),
  fc
    .tuple(fc.constantFrom(['tcp', 6] as const, ['udp', 17] as const, ['sctp', 132] as const), fc.nat(0xffff))
    .map(([[name, number], port]): [string, object] => [`,${name}:${port}`, { protocol: [number], port: [port >> 8, port & 0xff] }]),
)

t.test('what is written is read back, any number of members in one batch', async (t) => {
  fc.assert(
    fc.property(fc.array(fc.tuple(bytesOfAddress, rest, fc.boolean()), { minLength: 1, maxLength: 40 }), (members) => {
      const changes = members.map(([address, [text], isAdded]): MemberChange => {
        return { verb: isAdded ? 'add' : 'del', member: `${formatAddress(address)}${text}` }
      })
      const expected = members.map(([address, [, parts], isAdded], i) => ({
        type: isAdded ? 0x609 : 0x60a,
        flags: i === members.length - 1 ? 5 : 1,
        sequence: i + 1,
        family: address.length === 4 ? 2 : 10,
        version: [6],
        name: 'tort4s:a',
        address: formatAddress(address),
        ...parts,
      }))
      t.strictSame(encode(...changes), expected)
    }),
    { numRuns: 100 },
  )
})

for (const member of ['', 'web', '10.0.0.256', '10.0.0.1,tcp', '10.0.0.1 timeout 3', '10.0.0.1,gre:1'])
  t.test(`"${member}" is refused before the kernel sees it`, async (t) => {
    t.throws(() => encode({ verb: 'add', member }), /is no member of an IP set|is not known/)
  })

t.test('a header and its length belong together, whatever came before', async (t) => {
  const writer = new AttributeWriter()
  writer.raw(new Uint8Array(HEADER_LENGTH))
  const from = writer.length
  putMemberMessage(writer, 'tort4s:abc', { verb: 'add', member: '10.0.0.1' }, 9, true)
  t.match(read(writer.bytes.subarray(from)), [{ name: 'tort4s:abc', sequence: 9 }])
})
