import t from 'tap'
import type { Cidr } from './net/prefix.ts'
import { aggregatesInUse, blockRoutes, originatedPrefixes } from './originated.ts'

const podCidrs = ['10.244.1.0/24', 'fd00:1::/64'] as Cidr[]
const addresses = (...texts: readonly string[]) => texts as Cidr[]

t.test('pod CIDRs are announced as they stand, addresses inside them are not announced again', async (t) => {
  t.strictSame(originatedPrefixes(podCidrs, addresses('10.244.1.7/32', 'fd00:1::7/128')), ['10.244.1.0/24', 'fd00:1::/64'])
})

t.test('an address outside every pod CIDR, of a workload or of the tunnel, is announced itself', async (t) => {
  t.strictSame(originatedPrefixes(podCidrs, addresses('10.9.9.9/32', 'fd00:2::1/128')), [
    '10.244.1.0/24',
    'fd00:1::/64',
    '10.9.9.9/32',
    'fd00:2::1/128',
  ])
})

t.test('a pod CIDR that is one address is announced once and has no blackhole: the workload route is the route', async (t) => {
  const single = ['10.244.1.7/32'] as Cidr[]
  t.strictSame(originatedPrefixes(single, addresses('10.244.1.7/32')), ['10.244.1.7/32'])
  t.strictSame(blockRoutes(single), [])
})

t.test('RFC 4271 §9.2.2.2 an aggregate stands for the blocks and addresses inside it, as long as there are some', async (t) => {
  const aggregates = ['10.244.0.0/16', '10.9.0.0/16', 'fd00::/16'] as Cidr[]
  const own = originatedPrefixes(podCidrs, addresses('10.244.9.9/32', '10.8.0.1/32'), aggregates)
  t.strictSame(own, ['10.244.0.0/16', 'fd00::/16', '10.8.0.1/32'])
  t.strictSame(aggregatesInUse(own, aggregates), ['10.244.0.0/16', 'fd00::/16'])
  t.strictSame(originatedPrefixes([], [], aggregates), [])
})

t.test('each block has a blackhole', async (t) => {
  t.strictSame(blockRoutes(podCidrs), [
    { destination: '10.244.1.0/24', nextHop: { type: 'blackhole' } },
    { destination: 'fd00:1::/64', nextHop: { type: 'blackhole' } },
  ])
})
