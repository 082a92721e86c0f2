import t from 'tap'
import type { Resource } from '../model/resource.ts'
import { calico, stored } from '../model/sample-resources.ts'
import { UnusedResources } from './unused-resources.ts'

const added = (resource: Resource) => ({ type: 'ADDED' as const, resource, revision: 1 })
const reservation = (name: string) => stored(calico('IPReservation', { reservedCIDRs: ['10.0.0.0/8'] }, { name }))
const pool = (disabled: boolean) => stored(calico('IPPool', { cidr: '10.0.0.0/16', disabled }, { name: 'p' }))

const warning = (subject: string, message: string) => ({ severity: 'warning', subject, message })

t.test('each resource is told once, by its name, as it is now; in the order of names whatever came first', async (t) => {
  const unused = new UnusedResources()
  unused.put(reservation('eth1'))
  unused.take([
    added(pool(true)),
    added(reservation('eth0')),
    added(stored(calico('WorkloadEndpoint', { node: 'b', ipNetworks: ['10.0.0.1/32'], ipNATs: [] }, { name: 'try', namespace: 'shop' }))),
    added(stored(calico('Tier', {}))),
  ])
  t.strictSame(unused.problems, [
    warning('ippool/p', 'spec.disabled has no effect yet'),
    warning('ipreservation/eth0', 'IPReservation has no effect yet'),
    warning('ipreservation/eth1', 'IPReservation has no effect yet'),
    warning('workloadendpoint/shop/try', 'spec.ipNATs has no effect yet'),
  ])
  unused.take([
    { type: 'MODIFIED', resource: pool(false), revision: 2 },
    { type: 'DELETED', resource: reservation('eth1'), revision: 2 },
  ])
  t.strictSame(
    unused.problems.map(({ subject }) => subject),
    ['ipreservation/eth0', 'workloadendpoint/shop/try'],
  )
})

t.test('a hundred are told, the rest are counted', async (t) => {
  const unused = new UnusedResources()
  for (let i = 0; i < 250; i++) unused.put(reservation(`h${i}`))
  t.equal(unused.problems.length, 101)
  t.strictSame(unused.problems.at(-1), warning('resources', '150 more have no effect, or not all of it'))
})
