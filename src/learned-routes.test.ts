import t from 'tap'
import type { BestRouteBatch } from '../bgp/peer.ts'
import type { LearnedRoutes, NextHop } from '../felix/kernel.ts'
import { RouteHandover } from './learned-routes.ts'
import { formatAddress, type IpAddress } from './net/address.ts'
import type { ConnectedSubnet } from './net/connected-subnet.ts'
import { Ipv4PrefixTable } from './net/ipv4-prefix-table.ts'
import { parsePrefix } from './net/prefix.ts'

const neighbour = '10.99.0.2' as IpAddress
const eth0 = [on('eth0', '10.99.0.1/24')]

t.test('a best route with a next hop on a connected subnet is put, with one next-hop object for all', async (t) => {
  const { routes, told } = recorder()
  const handover = new RouteHandover(routes, eth0)
  handover.take(batch({ '10.1.0.0/16': neighbour, '10.2.3.0/24': neighbour }))
  const nextHop = { type: 'unicast', via: '10.99.0.2', device: 'eth0' }
  t.strictSame(told, [
    ['10.1.0.0/16', nextHop],
    ['10.2.3.0/24', nextHop],
  ])
  t.equal(told[0]?.[1], told[1]?.[1], 'the same object')
})

t.test('a prefix without a learned best route, or with a next hop that leads nowhere, is deleted', async (t) => {
  const { routes, told } = recorder()
  new RouteHandover(routes, eth0).take(batch({ '10.1.0.0/16': undefined, '10.2.0.0/16': '192.0.2.1' as IpAddress }))
  t.strictSame(told, [
    ['10.1.0.0/16', undefined],
    ['10.2.0.0/16', undefined],
  ])
})

t.test('when the node’s subnets change, next hops are resolved anew', async (t) => {
  const handover = new RouteHandover(recorder().routes, eth0)
  t.match(handover.resolve(neighbour), { device: 'eth0' })
  handover.setConnected([on('eth1', '10.99.0.1/24')])
  t.match(handover.resolve(neighbour), { device: 'eth1' })
  handover.setConnected([])
  t.equal(handover.resolve(neighbour), undefined)
})

type Told = [destination: string, nextHop: NextHop | undefined]

function recorder(): { routes: LearnedRoutes; told: Told[] } {
  const told: Told[] = []
  const name = (bytes: Uint8Array, at: number, length: number) => `${formatAddress(bytes, at, 4)}/${length}`
  const routes: LearnedRoutes = {
    put: (_, bytes, at, length, nextHop) => told.push([name(bytes, at, length), nextHop]),
    delete: (_, bytes, at, length) => told.push([name(bytes, at, length), undefined]),
  }
  return { routes, told }
}

function batch(wanted: Readonly<Record<string, IpAddress | undefined>>): BestRouteBatch {
  const table = new Ipv4PrefixTable()
  const byId = new Map<number, IpAddress | undefined>()
  for (const [text, nextHop] of Object.entries(wanted)) {
    const { bytes, length } = prefixOf(text)
    byId.set(table.insert(bytes, 0, length), nextHop)
  }
  return { table, ids: [...byId.keys()], count: byId.size, nextHopOf: (id) => byId.get(id) }
}

function on(device: string, text: string): ConnectedSubnet {
  return { device, address: text.split('/')[0] as IpAddress, subnet: prefixOf(text) }
}

function prefixOf(text: string) {
  const prefix = parsePrefix(text)
  if (prefix === undefined) throw new Error(text)
  return prefix
}
