import fc from 'fast-check'
import t from 'tap'
import type { IpAddress } from '../../src/net/address.ts'
import { addressMessage, readFirst, testMessage } from '../test-netlink.ts'
import { addressChangeRequest, addressDumpRequest, type KernelAddress, readAddress } from './netlink-address.ts'

const [NEWADDR, DELADDR] = [20, 21]

const v6 = new Uint8Array(16)
v6.set([0xfd, 0x99])
v6[15] = 1
const addresses: [title: string, bytes: Uint8Array, expected: unknown][] = [
  [
    'on a point-to-point link ours is IFA_LOCAL, not the other end',
    addressMessage(NEWADDR, 2, 32, [1, Uint8Array.of(10, 0, 0, 2)], [2, Uint8Array.of(10, 0, 0, 1)]),
    { address: { index: 7, family: 4, address: '10.0.0.1', length: 32 }, gone: false },
  ],
  [
    'IPv6 has only IFA_ADDRESS',
    addressMessage(DELADDR, 10, 64, [1, v6]),
    { address: { index: 7, family: 6, address: 'fd99::1', length: 64 }, gone: true },
  ],
  [
    'IFA_LABEL is its label',
    addressMessage(NEWADDR, 2, 32, [2, Uint8Array.of(10, 0, 0, 1)], [3, Buffer.from('tunl0:tortie\0')]),
    { address: { index: 7, family: 4, address: '10.0.0.1', length: 32, label: 'tunl0:tortie' }, gone: false },
  ],
  ['an address of the wrong size is none', addressMessage(NEWADDR, 2, 24, [1, v6]), undefined],
  ['another family is none', addressMessage(NEWADDR, 7, 24, [1, Uint8Array.of(10, 0, 0, 2)]), undefined],
]
for (const [title, bytes, expected] of addresses) t.test(title, async (t) => t.same(readFirst(readAddress, bytes), expected))

const ours: KernelAddress = { index: 7, family: 4, address: '10.244.1.0' as IpAddress, length: 32, label: 'tunl0:tortie' }
const body = `${'02200000'}${'07000000'}`
const attributes = `${'08000200'}${'0af40100'}${'08000100'}${'0af40100'}${'11000300'}${'74756e6c303a746f7274696500000000'}`
const requests: [title: string, bytes: Uint8Array, hex: string][] = [
  [
    'a new address says its label and must be new',
    addressChangeRequest('create', ours, 3),
    `3c000000${'1400'}${'0506'}0300000000000000${body}${attributes}`,
  ],
  [
    'to delete, the label is told too, so that nobody else loses the same address',
    addressChangeRequest('delete', ours, 3),
    `3c000000${'1500'}${'0500'}0300000000000000${body}${attributes}`,
  ],
  ['a dump of one link names it', addressDumpRequest(3, 7), `18000000${'1600'}${'0103'}0300000000000000${'00000000'}${'07000000'}`],
]
for (const [title, bytes, hex] of requests) t.test(title, async (t) => t.equal(Buffer.from(bytes).toString('hex'), hex))

t.test('what is written is read back', async () => {
  const part = fc.integer({ min: 0, max: 255 })
  fc.assert(
    fc.property(fc.tuple(part, part, part, part), fc.integer({ min: 0, max: 32 }), (octets, length) => {
      const address = { ...ours, address: octets.join('.') as IpAddress, length }
      const bytes = addressChangeRequest('create', address, 1)
      t.same(readFirst(readAddress, bytes), { address, gone: false })
    }),
  )
})

t.test('noise never throws', async () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), fc.constantFrom(NEWADDR, DELADDR), (noise, type) => {
      readFirst(readAddress, testMessage(type, noise, []))
    }),
  )
})
