import t from 'tap'
import type { ConnectedSubnet } from './net/connected-subnet.ts'
import { parseInterfaceAddress, parsePrefix } from './net/prefix.ts'
import { nodeAddress } from './node-address.ts'

const machine = [
  on('docker0', '172.17.0.1/16'),
  on('tort12', '10.0.0.9/32'),
  on('eth0', 'fd99::1/64'),
  on('eth0', '10.99.0.1/24'),
  on('eth1', '10.98.0.1/24'),
]

t.test('what is configured is taken', async (t) => {
  const configured = parseInterfaceAddress('10.98.0.1/24')
  t.strictSame(nodeAddress(configured, machine, 'tort'), { address: configured, reason: 'configured as node.ipv4' })
})

t.test('the first address that is no container interface, no workload and IPv4 is detected, with the reason', async (t) => {
  t.strictSame(nodeAddress(undefined, machine, 'tort'), {
    address: { address: '10.99.0.1', subnet: '10.99.0.0/24', length: 24 },
    reason: 'first IPv4 address found, on eth0; set node.ipv4 to choose another',
  })
})

t.test('a machine without an underlay has no address', async (t) => t.equal(nodeAddress(undefined, [], 'tort'), undefined))

function on(device: string, text: string): ConnectedSubnet {
  const parsed = parseInterfaceAddress(text)
  const subnet = parsePrefix(text)
  if (parsed === undefined || subnet === undefined) throw new Error(text)
  return { device, address: parsed.address, subnet }
}
