import fc from 'fast-check'
import t from 'tap'
import { addressBytes } from '../../src/net/address.ts'
import { ipv4Packet, ipv6Packet } from '../test-packets.ts'
import { readPacketHeader } from './packet-header.ts'

const v4 = { source: '10.0.0.1', destination: '192.0.2.9' }
const v6 = { source: 'fd00::1', destination: '2001:db8::9' }
const ports = { sourcePort: 40_000, destinationPort: 443 }
const portOctets = [0x9c, 0x40, 0x01, 0xbb]
const hopByHop = [60, 0, 0, 0, 0, 0, 0, 0] // its next header: destination options
const destinationOptions = [17, 1, ...Array<number>(14).fill(0)] // 16 octets, then UDP
const authentication = [6, 4, ...Array<number>(22).fill(0)] // 24 octets, then TCP
const fragment = (protocol: number, offset: number) => [protocol, 0, (offset << 3) >> 8, (offset << 3) & 0xff, 0, 0, 0, 9]

const table: [title: string, bytes: Uint8Array, expected: unknown][] = [
  ['TCP', ipv4Packet(v4, 6, portOctets), { ...v4, protocol: 6, ...ports }],
  ['IPv4 options stand before the ports', ipv4Packet(v4, 17, portOctets, { options: 12 }), { ...v4, protocol: 17, ...ports }],
  ['ICMP', ipv4Packet(v4, 1, [8, 0, 0, 0]), { ...v4, protocol: 1, icmpType: 8, icmpCode: 0 }],
  ['SCTP', ipv4Packet(v4, 132, portOctets), { ...v4, protocol: 132, ...ports }],
  ['a protocol without ports', ipv4Packet(v4, 47, portOctets), { ...v4, protocol: 47 }],
  ['a later fragment has no ports', ipv4Packet(v4, 6, portOctets, { fragmentOffset: 100 }), { ...v4, protocol: 6 }],
  ['a copy that ends before the ports', ipv4Packet(v4, 6, [0x9c]), { ...v4, protocol: 6 }],
  ['IPv6 UDP', ipv6Packet(v6, 17, portOctets), { ...v6, protocol: 17, ...ports }],
  ['ICMPv6', ipv6Packet(v6, 58, [128, 0]), { ...v6, protocol: 58, icmpType: 128, icmpCode: 0 }],
  [
    'RFC 8200 §4: extension headers',
    ipv6Packet(v6, 0, [...hopByHop, ...destinationOptions, ...portOctets]),
    { ...v6, protocol: 17, ...ports },
  ],
  ['RFC 4302: an authentication header', ipv6Packet(v6, 51, [...authentication, ...portOctets]), { ...v6, protocol: 6, ...ports }],
  ['a first fragment', ipv6Packet(v6, 44, [...fragment(6, 0), ...portOctets]), { ...v6, protocol: 6, ...ports }],
  ['a later fragment', ipv6Packet(v6, 44, [...fragment(6, 185), ...portOctets]), { ...v6, protocol: 6 }],
  ['a copy that ends within an extension header', ipv6Packet(v6, 60, [17, 1, 0, 0, 0, 0, 0, 0]), { ...v6, protocol: 17 }],
  ['another version', Uint8Array.of(0x50, ...Array<number>(40).fill(0)), undefined],
  ['a header length below 20', Uint8Array.of(0x44, ...Array<number>(40).fill(0)), undefined],
  ['nothing', new Uint8Array(), undefined],
]
for (const [title, bytes, expected] of table) t.test(title, async (t) => t.strictSame(readPacketHeader(bytes, 0, bytes.length), expected))

t.test('noise is read or not, and nothing behind the end is', async (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 128 }), fc.constantFrom(0x45, 0x4f, 0x60), fc.nat(128), (noise, first, cut) => {
      const bytes = Uint8Array.of(first, ...noise)
      const end = Math.min(cut, bytes.length)
      t.strictSame(readPacketHeader(bytes, 0, end), readPacketHeader(bytes.slice(0, end), 0, end))
    }),
  )
})

t.test('what is written is read back, whatever extension headers stand between', async (t) => {
  const port = fc.integer({ min: 0, max: 65_535 })
  const extensions = fc.array(fc.record({ type: fc.constantFrom(0, 43, 60, 135), length: fc.nat(2) }), { maxLength: 3 })
  fc.assert(
    fc.property(fc.ipV6(), port, port, fc.constantFrom(6, 17, 132), extensions, (address, from, to, protocol, list) => {
      const headers = list.flatMap(({ length }, i) => [list[i + 1]?.type ?? protocol, length, ...Array<number>(length * 8 + 6).fill(0xff)])
      const octets = [...headers, from >> 8, from & 0xff, to >> 8, to & 0xff]
      const bytes = ipv6Packet({ source: address, destination: 'fd00::2' }, list[0]?.type ?? protocol, octets)
      const { source = '', ...rest } = readPacketHeader(bytes, 0, bytes.length) ?? {}
      t.strictSame(addressBytes(source), addressBytes(address))
      t.strictSame(rest, { destination: 'fd00::2', protocol, sourcePort: from, destinationPort: to })
    }),
  )
})
