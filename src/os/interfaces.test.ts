import t from 'tap'
import { parsePrefix } from '../net/prefix.ts'
import { subnetsOf } from './interfaces.ts'

const ipv4 = (address: string, cidr: string, internal = false) =>
  ({ address, cidr, internal, family: 'IPv4', netmask: '', mac: '00:00:00:00:00:00' }) as const

t.test('an address with a label is one of the interface, which packets come in by', async (t) => {
  const interfaces = { eth0: [ipv4('192.0.2.1', '192.0.2.1/24')], 'eth0:vip': [ipv4('192.0.2.5', '192.0.2.5/24')] }
  const subnet = parsePrefix('192.0.2.0/24')
  t.strictSame(subnetsOf(interfaces), [
    { device: 'eth0', address: '192.0.2.1', subnet },
    { device: 'eth0', address: '192.0.2.5', subnet },
  ])
})

t.test('loopback and link-local addresses are left out', async (t) => {
  const interfaces = { lo: [ipv4('127.0.0.1', '127.0.0.1/8', true)], eth0: [ipv4('169.254.7.7', '169.254.7.7/16')] }
  t.strictSame(subnetsOf(interfaces), [])
})
