import t from 'tap'
import { endOfRib } from '../wire/end-of-rib.ts'
import { MessageCounts } from './message-counts.ts'

t.test('whole messages are counted by their length fields', async (t) => {
  const counts = new MessageCounts()
  counts.countUpdates(Buffer.concat([endOfRib('ipv4-unicast'), endOfRib('ipv6-unicast'), endOfRib('ipv4-unicast')]))
  counts.countUpdates(new Uint8Array(0))
  t.equal(counts.updatesSent, 3)
})
