import t from 'tap'
import type { Resource } from '../model/resource.ts'
import { calico, stored } from '../model/sample-resources.ts'
import { UnusedResources } from './unused-resources.ts'

const added = (resource: Resource) => ({ type: 'ADDED' as const, resource, revision: 1 })
const hostEndpoint = (name: string) => stored(calico('HostEndpoint', { node: 'a', interfaceName: '*' }, { name }))
const forwarding = (applyOnForward: boolean) => stored(calico('GlobalNetworkPolicy', { applyOnForward }, { name: 'p' }))

const warning = (subject: string, message: string) => ({ severity: 'warning', subject, message })

t.test('each resource is told once, by its name, as it is now; in the order of names whatever came first', async (t) => {
  const unused = new UnusedResources()
  unused.put(hostEndpoint('eth1'))
  unused.take([
    added(forwarding(true)),
    added(hostEndpoint('eth0')),
    added(stored(calico('StagedNetworkPolicy', {}, { name: 'try', namespace: 'shop' }))),
    added(stored(calico('Tier', {}))),
  ])
  t.strictSame(unused.problems, [
    warning('globalnetworkpolicy/p', 'spec.applyOnForward has no effect yet'),
    warning('hostendpoint/eth0', 'HostEndpoint has no effect yet'),
    warning('hostendpoint/eth1', 'HostEndpoint has no effect yet'),
    warning('stagednetworkpolicy/shop/try', 'StagedNetworkPolicy has no effect yet'),
  ])
  unused.take([
    { type: 'MODIFIED', resource: forwarding(false), revision: 2 },
    { type: 'DELETED', resource: hostEndpoint('eth1'), revision: 2 },
  ])
  t.strictSame(
    unused.problems.map(({ subject }) => subject),
    ['hostendpoint/eth0', 'stagednetworkpolicy/shop/try'],
  )
})

t.test('a hundred are told, the rest are counted', async (t) => {
  const unused = new UnusedResources()
  for (let i = 0; i < 250; i++) unused.put(hostEndpoint(`h${i}`))
  t.equal(unused.problems.length, 101)
  t.strictSame(unused.problems.at(-1), warning('resources', '150 more have no effect, or not all of it'))
})
