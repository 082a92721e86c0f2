import t from 'tap'
import { endOfRib } from '../wire/end-of-rib.ts'
import { encodeKeepAlive } from '../wire/keepalive.ts'
import { MessageCounts } from './message-counts.ts'

const none = { open: 0, update: 0, notification: 0, keepalive: 0, routeRefresh: 0 }

t.test('whole messages are counted by their length fields', async (t) => {
  const counts = new MessageCounts()
  counts.countSent(Buffer.concat([endOfRib('ipv4-unicast'), endOfRib('ipv6-unicast'), encodeKeepAlive(), endOfRib('ipv4-unicast')]))
  counts.countSent(new Uint8Array(0))
  counts.noteSent(encodeKeepAlive())
  t.strictSame(counts.sent, { ...none, update: 3, keepalive: 2, total: 5 })
  t.strictSame(counts.received, { ...none, total: 0 })
})

t.test('a message of no known type is in the total only', async (t) => {
  const counts = new MessageCounts()
  for (const type of [1, 4, 4, 255, 0]) counts.noteReceived(type)
  t.strictSame(counts.received, { ...none, open: 1, keepalive: 2, total: 5 })
})
