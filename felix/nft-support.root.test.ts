import t from 'tap'
import { run } from '../src/os/process.ts'
import { NETLINK_NETFILTER, NetlinkSocket } from './netlink/netlink-socket.ts'
import { nftRefusal, tableCheck } from './nft-support.ts'
import { enterNetns } from './test-netns.ts'

await enterNetns()

for (const family of [4, 6] as const) {
  t.test(`this kernel takes nft tables of IPv${family}; asking leaves none and does not count as a change`, async (t) => {
    const events = await NetlinkSocket.open({ protocol: NETLINK_NETFILTER, groups: 1 << 6, receiveBuffer: 65_536 })
    t.teardown(() => events.close())
    t.equal(await nftRefusal(family), undefined)
    t.equal(events.receive(Buffer.alloc(65_536)), 0)
    t.equal((await run('iptables-nft-save', [], { timeoutMs: 10_000 })).stdout, '')
  })
}

t.test('what is asked is one table, in a batch without an end', async (t) => {
  t.equal(
    Buffer.from(tableCheck(6)).toString('hex'),
    [
      '14000000100001000100000000000000',
      '0000000a',
      '28000000000a05040200000000000000',
      '0a000000',
      '11000100746f727469652d70726f626500000000',
    ].join(''),
  )
})
