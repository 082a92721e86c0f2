import t from 'tap'
import type { IpAddress } from './address.ts'
import { addressesByInterface, type ConnectedSubnet, devicesTo } from './connected-subnet.ts'
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
