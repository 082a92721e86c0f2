import fc from 'fast-check'
import t from 'tap'
import type { Cidr } from '../../src/net/prefix.ts'
import { messagesIn, putAttribute, putU32 } from '../netlink/netlink-message.ts'
import { linkMessage, readFirst } from '../test-netlink.ts'
import { AddressSet } from './address-set.ts'
import { type Connection, connectionsRequest, deleteRequest, readConnectionOf } from './conntrack-message.ts'
import { entryMessage, type TestEntry } from './test-entries.ts'

const ID = 12
const addresses = new AddressSet(['10.0.0.1/32', 'fd00::1/128'] as Cidr[])
const read = (bytes: Uint8Array): Connection | undefined => readFirst((b, message) => readConnectionOf(addresses, b, message), bytes)
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

/** The entry with an id, as the kernel tells it. */
function told(entry: TestEntry): Uint8Array {
  const message = entryMessage(entry)
  const bytes = new Uint8Array(message.length + 8)
  bytes.set(message)
  putAttribute(bytes, message.length, ID, Uint8Array.of(1, 2, 3, 4))
  putU32(bytes, 0, bytes.length)
  return bytes
}

const plain: TestEntry = { from: '192.0.2.1', to: '192.0.2.2', port: 7 }
const found: [title: string, entry: TestEntry, family: number | undefined][] = [
  ['source', { ...plain, from: '10.0.0.1' }, 2],
  ['destination', { ...plain, to: '10.0.0.1' }, 2],
  ['where answers come from', { ...plain, replyFrom: '10.0.0.1' }, 2],
  ['where answers go to', { ...plain, replyTo: '10.0.0.1' }, 2],
  ['source, IPv6', { from: 'fd00::1', to: 'fd00::2', port: 7 }, 10],
  ['where answers come from, IPv6', { from: 'fd00::3', to: 'fd00::2', port: 7, replyFrom: 'fd00::1' }, 10],
  ['nowhere', plain, undefined],
  ['nowhere, IPv6', { from: 'fd00::3', to: 'fd00::2', port: 7 }, undefined],
  ['in another zone', { ...plain, from: '10.0.0.1', zone: 5 }, undefined],
]
for (const [title, entry, family] of found)
  t.test(`an address of theirs: ${title}`, async (t) => {
    const bytes = told(entry)
    t.equal(read(bytes)?.family, family)
    t.equal(read(bytes)?.id === undefined ? undefined : hex(read(bytes)?.id ?? bytes), family && '01020304')
  })

t.test('a zone of one direction is another zone', async (t) => {
  const bytes = told({ ...plain, from: '10.0.0.1' })
  // the original tuple begins at 20: its ports' attribute, behind 4 + 20 octets, is made a zone
  bytes[20 + 4 + 20 + 2] = 3
  t.equal(read(bytes), undefined)
})

t.test('what is read outlives the buffer', async (t) => {
  const bytes = told({ ...plain, to: '10.0.0.1' })
  const connection = read(bytes)
  const before = JSON.stringify(connection)
  bytes.fill(0)
  t.equal(JSON.stringify(connection), before)
})

t.test('all entries of both families are asked for', async (t) => {
  t.equal(hex(connectionsRequest(7)), '14000000' + '0101' + '0103' + '07000000' + '00000000' + '00000000')
})

t.test('an entry is deleted by its original direction and its id', async (t) => {
  const request = deleteRequest({ family: 2, tuple: Uint8Array.of(8, 0, 1, 0, 9, 9, 9, 9), id: Uint8Array.of(1, 2, 3, 4) }, 1)
  t.strictSame(hex(request).match(/.{8}/g), [
    '28000000',
    '02010100',
    '01000000',
    '00000000',
    '02000000',
    '0c000180',
    '08000100',
    '09090909',
    '08000c00',
    '01020304',
  ])
  const [message] = messagesIn(request)
  t.equal(message?.end, request.length)
})

t.test('another message is no entry', async (t) => {
  t.equal(read(linkMessage(16, 0, 0)), undefined)
})

t.test('noise never throws', async () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
      const bytes = told({ ...plain, from: '10.0.0.1' })
      bytes.set(noise.subarray(0, bytes.length - 20), 20)
      read(bytes)
    }),
  )
})
