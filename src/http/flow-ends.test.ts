import t from 'tap'
import { PolicyGraph } from '../../policy/graph.ts'
import { endpoint, networkSet } from '../../policy/test-resources.ts'
import type { Resource } from '../model/resource.ts'
import type { WorkloadEndpoint } from '../model/workload-endpoint.ts'
import type { IpAddress } from '../net/address.ts'
import { commonAddresses, type FlowEnd, findEnd, type KnownEnds, networkSetsOf } from './flow-ends.ts'

const web = endpoint('web-eth0', { pod: 'web-1', workload: 'web', ipNetworks: ['10.0.0.1/32', 'fd00::1/128'] })
const other = endpoint('other', { pod: 'web-2', workload: 'web', ipNetworks: ['10.0.0.2/32'] })
const bare = endpoint('bare', {})
const twin = endpoint('twin', { ipNetworks: ['10.0.0.2/32'] }, {}, 'bank')
const webByPod = endpoint('web-1', { ipNetworks: ['10.0.0.9/32'] }, {}, 'bank')
const known = knownFrom([web, other, bare, twin, webByPod, networkSet('all', ['10.0.0.0/8'], {})])

const found: [asked: string, end: FlowEnd][] = [
  ['shop/web-eth0', { addresses: ['10.0.0.1' as IpAddress, 'fd00::1' as IpAddress], endpoint: web }],
  ['shop/web-1', { addresses: ['10.0.0.1' as IpAddress, 'fd00::1' as IpAddress], endpoint: web }],
  ['bank/web-1', { addresses: ['10.0.0.9' as IpAddress], endpoint: webByPod }],
  ['fd00:0::1', { addresses: ['fd00::1' as IpAddress], endpoint: web }],
  ['192.0.2.1', { addresses: ['192.0.2.1' as IpAddress] }],
]
for (const [asked, end] of found)
  t.test(`INTERFACE §4: ${asked} is found`, async (t) => t.strictSame(findEnd(known, asked), { type: 'found', end }))

const refused: [asked: string, type: 'unknown' | 'unclear', reason: string][] = [
  ['shop/web', 'unclear', 'stands for shop/web-eth0, shop/other: use one of these names'],
  ['shop/web-3', 'unknown', `is no endpoint's metadata.name, spec.pod or spec.workload, did you mean "web-1"?`],
  ['shop/nothing-like-it', 'unknown', `is no endpoint's metadata.name, spec.pod or spec.workload`],
  ['shpo/web-1', 'unknown', 'is in a namespace without endpoints, did you mean "shop"?'],
  ['shop/bare', 'unclear', 'has no address: its spec.ipNetworks is empty'],
  ['10.0.0.2', 'unclear', 'is the address of bank/twin, shop/other: name one of them'],
  ['twin', 'unclear', 'must be an address or NAMESPACE/NAME, did you mean "bank/twin"?'],
  ['a/b/c', 'unclear', 'must be an address or NAMESPACE/NAME'],
  ['shop/', 'unclear', 'must be an address or NAMESPACE/NAME'],
]
for (const [asked, type, reason] of refused)
  t.test(`${asked} ${reason}`, async (t) => t.strictSame(findEnd(known, asked), { type, reason }))

t.test('more names than one can read are counted', async (t) => {
  const many = [1, 2, 3, 4, 5, 6, 7].map((i) => endpoint(`w${i}`, { workload: 'w' }))
  t.strictSame(findEnd(knownFrom(many), 'shop/w'), {
    type: 'unclear',
    reason: 'stands for shop/w1, shop/w2, shop/w3, shop/w4, shop/w5, 2 more: use one of these names',
  })
})

t.test('the addresses of a flow are of one family, IPv4 if both ends have it', async (t) => {
  const end = (...addresses: string[]): FlowEnd => ({ addresses: addresses as IpAddress[] })
  const both = end('fd00::1', '10.0.0.1', '10.0.0.7')
  t.strictSame(commonAddresses(both, end('10.0.0.2', 'fd00::2')), { source: '10.0.0.1', destination: '10.0.0.2' })
  t.strictSame(commonAddresses(both, end('fd00::2')), { source: 'fd00::1', destination: 'fd00::2' })
  t.equal(commonAddresses(end('10.0.0.1'), end('fd00::2')), undefined)
})

t.test('the network sets of an address', async (t) => {
  const sets = [networkSet('all', ['10.0.0.0/8'], {}), networkSet('some', ['10.0.0.0/24', '10.0.1.0/24'], {}, 'shop')]
  const known = knownFrom([web, ...sets])
  t.strictSame(networkSetsOf(known, '10.0.1.1' as IpAddress), ['GlobalNetworkSet all', 'NetworkSet shop/some'])
  t.strictSame(networkSetsOf(known, '10.1.0.1' as IpAddress), ['GlobalNetworkSet all'])
})

function knownFrom(resources: readonly Resource[]): KnownEnds {
  const graph = new PolicyGraph({ nodeName: 'n1', interfacePrefix: 'tort', ipv6: true })
  for (const resource of resources) graph.put(resource)
  const endpoints = resources.filter((one): one is WorkloadEndpoint => one.kind === 'WorkloadEndpoint')
  return { endpoints: () => endpoints, holdersOf: (address) => graph.holdersOf(address) }
}
