import fc from 'fast-check'
import t from 'tap'
import { messagesIn } from '../netlink/netlink-message.ts'
import { linkMessage, readFirst } from '../test-netlink.ts'
import { copyMessage, ipv4Packet } from '../test-packets.ts'
import { copiesRequest, readPacketCopy } from './nflog-message.ts'

const ends = { source: '10.0.0.1', destination: '10.0.0.2' }
const packet = ipv4Packet(ends, 6, [0, 7, 0, 80])
const header = { ...ends, protocol: 6, sourcePort: 7, destinationPort: 80 }
const be = (...octets: number[]) => Uint8Array.of(...octets)
const [MARK, TIMESTAMP, INDEV, OUTDEV, PAYLOAD, PREFIX, SEQ] = [2, 3, 4, 5, 9, 10, 12]
const prefix = Buffer.from('tortie denied\0')

const table: [title: string, bytes: Uint8Array, expected: unknown][] = [
  [
    'all that a copy may say',
    copyMessage(
      [MARK, be(0xff, 0, 0, 1)],
      [TIMESTAMP, be(0, 0, 0, 0, 0x65, 0, 0, 1, 0, 0, 0, 0, 0, 0x07, 0xa1, 0x20)],
      [INDEV, be(0, 0, 1, 2)],
      [OUTDEV, be(0, 0, 0, 9)],
      [PREFIX, prefix],
      [SEQ, be(0xff, 0xff, 0xff, 0xff)],
      [PAYLOAD, packet],
    ),
    {
      prefix: 'tortie denied',
      inIndex: 258,
      outIndex: 9,
      mark: 0xff00_0001,
      atMs: 0x6500_0001 * 1000 + 500,
      sequence: 0xffff_ffff,
      packet: header,
    },
  ],
  ['what it need not say', copyMessage([PAYLOAD, packet]), { prefix: '', inIndex: 0, outIndex: 0, mark: 0, packet: header }],
  [
    'numbers of the wrong size are left out',
    copyMessage([INDEV, be(1)], [PAYLOAD, packet]),
    { prefix: '', inIndex: 0, outIndex: 0, mark: 0, packet: header },
  ],
  ['a copy without a packet', copyMessage([PREFIX, prefix]), undefined],
  ['a copy of what is no IP', copyMessage([PAYLOAD, be(0, 1, 2, 3)]), undefined],
  ['another message', linkMessage(16, 0, 0), undefined],
]
for (const [title, bytes, expected] of table) t.test(title, async (t) => t.strictSame(readFirst(readPacketCopy, bytes), expected))

t.test('the request binds the group and says how much, how many and how late', async (t) => {
  const bytes = copiesRequest({ group: 0x0174, copyOctets: 128, bufferOctets: 16_384, mostCopies: 50, waitMs: 100 }, 1)
  t.strictSame(Buffer.from(bytes).toString('hex').match(/.{8}/g), [
    '48000000',
    '01040500',
    '01000000',
    '00000000',
    '00000174',
    '05000100', // bind
    '01000000',
    '0a000200', // 128 octets
    '00000080',
    '02000000',
    '08000300',
    '00004000',
    '08000400', // in 1/100 s
    '0000000a',
    '08000500',
    '00000032',
    '06000600', // sequence numbers
    '00010000',
  ])
})

t.test('noise never throws', async () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
      const bytes = copyMessage([PAYLOAD, packet])
      bytes.set(noise.subarray(0, bytes.length - 20), 20)
      for (const message of messagesIn(bytes)) readPacketCopy(bytes, message)
    }),
  )
})
