import t from 'tap'
import { RibLab } from './fixture.ts'

t.test('a peer that has read everything gets what is appended while another has not', async (t) => {
  const lab = new RibLab()
  const source = lab.peer('source')
  const fast = lab.peer('fast', { asNumber: 65002 })
  const slow = lab.peer('slow', { asNumber: 65003 })
  lab.settle()
  for (const peer of [source, fast, slow]) peer.reader.readAll()
  source.announce(['10.1.0.0/24'])
  lab.settle()
  fast.reader.readAll()
  source.announce(['10.2.0.0/24'])
  lab.settle()
  t.strictSame(fast.reader.readAll().events, ['end ipv4-unicast', 'end ipv6-unicast', '+ 10.1.0.0/24', '+ 10.2.0.0/24'])
  t.strictSame(slow.reader.readAll().events, ['end ipv4-unicast', 'end ipv6-unicast', '+ 10.1.0.0/24', '+ 10.2.0.0/24'])
})
