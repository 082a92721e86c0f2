import t from 'tap'
import type { IpAddress } from './address.ts'
import { addressesByInterface, type ConnectedSubnet, devicesTo, neighbourIn } from './connected-subnet.ts'
import { parsePrefix } from './prefix.ts'

function subnet(device: string, address: string, text: string): ConnectedSubnet {
  const prefix = parsePrefix(text)
  if (prefix === undefined) throw new Error(`${text} is no prefix`)
  return { device, address: address as IpAddress, subnet: prefix }
}

const subnets = [
  subnet('eth0', '10.0.0.1', '10.0.0.0/8'),
  subnet('eth1', '10.1.0.1', '10.1.0.0/16'),
  subnet('eth2', '10.1.0.2', '10.1.0.0/16'),
  subnet('eth0', 'fd00::1', 'fd00::/64'),
]

t.test('the addresses of each interface', async (t) => {
  t.strictSame(
    addressesByInterface(subnets),
    new Map([
      ['eth0', new Set(['10.0.0.1', 'fd00::1'])],
      ['eth1', new Set(['10.1.0.1'])],
      ['eth2', new Set(['10.1.0.2'])],
    ]),
  )
})

const table: [title: string, address: string, devices: readonly string[]][] = [
  ['the one subnet that holds the address', '10.2.0.9', ['eth0']],
  ['the narrowest', '10.1.0.9', ['eth1', 'eth2']],
  ['IPv6', 'fd00::9', ['eth0']],
  ['none holds it: any may lead to a gateway', '192.0.2.9', ['eth0', 'eth1', 'eth2']],
]
for (const [title, address, devices] of table)
  t.test(`devices by which an address is reached: ${title}`, async (t) => t.strictSame(devicesTo(subnets, address as IpAddress), devices))

t.test('a machine without subnets reaches nobody', async (t) => {
  t.strictSame(devicesTo([], '192.0.2.9' as IpAddress), [])
})

const neighbours: [title: string, subnet: ConnectedSubnet, known: readonly string[], expected: string | undefined][] = [
  ['the last before that for all', subnet('e', '10.1.2.1', '10.1.2.0/23'), [], '10.1.3.254'],
  ['not our own', subnet('e', '10.0.0.254', '10.0.0.0/24'), [], '10.0.0.253'],
  ['not one that somebody has', subnet('e', '10.0.0.1', '10.0.0.0/24'), ['10.0.0.254', '10.0.0.253'], '10.0.0.252'],
  ['of IPv6', subnet('e', 'fd00::1', 'fd00::/64'), [], 'fd00::ffff:ffff:ffff:fffe'],
  ['none in a full one', subnet('e', '10.0.0.1', '10.0.0.0/30'), ['10.0.0.2'], undefined],
  ['none in that of a cable', subnet('e', '10.0.0.0', '10.0.0.0/31'), [], undefined],
  ['none in one of a single address', subnet('e', '10.0.0.1', '10.0.0.1/32'), [], undefined],
]
for (const [title, one, known, expected] of neighbours)
  t.test(`a neighbour whom nobody knows: ${title}`, async (t) =>
    t.equal(
      neighbourIn(one, (address) => known.includes(address)),
      expected,
    ),
  )
