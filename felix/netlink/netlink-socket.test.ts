import t from 'tap'
import { NETLINK_NETFILTER, NetlinkSocket } from './netlink-socket.ts'

t.test('several who open a socket at the same time, before anybody has, all get one', async (t) => {
  const options = { protocol: NETLINK_NETFILTER, receiveBuffer: 65_536 }
  const sockets = await Promise.all([NetlinkSocket.open(options), NetlinkSocket.open(options), NetlinkSocket.open(options)])
  t.equal(new Set(sockets).size, 3)
  for (const socket of sockets) socket.close()
})
