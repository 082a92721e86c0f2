import t from 'tap'
import type { IpAddress } from '../src/net/address.ts'
import { parseIpv4 } from '../src/net/ipv4.ts'
import type { Cidr } from '../src/net/prefix.ts'
import { type PoolMode, PoolModes } from './pool-modes.ts'

const pool = (cidr: string, ipipMode: PoolMode['ipipMode']): PoolMode => ({ cidr: cidr as Cidr, ipipMode })
const modes = new PoolModes([pool('10.244.0.0/16', 'Always'), pool('200.0.0.0/8', 'CrossSubnet'), pool('fd00::/48', 'Never')])

const table: [title: string, prefix: string, mode: PoolMode['ipipMode']][] = [
  ['a prefix inside a pool has its mode', '10.244.7.0/26', 'Always'],
  ['so has one address', '10.244.255.255/32', 'Always'],
  ['and the pool itself', '10.244.0.0/16', 'Always'],
  ['addresses above 127.255.255.255 are no different', '200.255.0.0/16', 'CrossSubnet'],
  ['what contains the pool is outside', '10.0.0.0/8', 'Never'],
  ['what lies beside it too', '10.245.0.0/16', 'Never'],
  ['the default route is in no pool', '0.0.0.0/0', 'Never'],
]
for (const [title, prefix, mode] of table) {
  t.test(`INTERFACE §4: ${title}`, async (t) => {
    const [address = '', length] = prefix.split('/')
    t.equal(modes.of(parseIpv4(address) ?? Number.NaN, Number(length)), mode)
  })
}

t.test('a pool that is the whole of IPv4', async (t) => {
  const all = new PoolModes([pool('0.0.0.0/0', 'Always')])
  t.strictSame([all.of(0, 0), all.of(0xffff_ffff, 32)], ['Always', 'Always'])
})

t.test('pools that are never tunnelled cost routes nothing', async (t) => {
  t.equal(modes.tunnelling, true)
  t.equal(new PoolModes([]).tunnelling, false)
  t.equal(new PoolModes([pool('10.0.0.0/8', 'Never'), pool('fd00::/48', 'Always')]).tunnelling, false)
})

t.test('the order of pools does not matter, their modes do', async (t) => {
  const [a, b] = [pool('10.0.0.0/16', 'Always'), pool('10.1.0.0/16', 'CrossSubnet')]
  t.equal(new PoolModes([a, b]).key, new PoolModes([b, a]).key)
  t.not(new PoolModes([a, b]).key, new PoolModes([a, pool('10.1.0.0/16', 'Always')]).key)
})

t.test('whether an address lies in a tunnelled pool', async (t) => {
  t.strictSame(
    ['10.244.1.1', '10.99.0.1', 'fd00::1'].map((text) => modes.holds(text as IpAddress)),
    [true, false, false],
  )
})
