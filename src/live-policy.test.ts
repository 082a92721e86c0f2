import t from 'tap'
import { endpoint, globalPolicy, hostEndpoint } from '../policy/test-resources.ts'
import { LivePolicy } from './live-policy.ts'
import type { IpAddress } from './net/address.ts'
import { effectiveFelix, policyChoices } from './settings/effective-felix.ts'
import { config } from './settings/fixture.ts'

const options = { nodeName: 'node-a', interfacePrefix: 'tort', ipv6: true }
const choices = (spec = {}) => policyChoices(effectiveFelix(config(), [spec]), [])
const own = '10.99.0.1' as IpAddress
const subnet = { family: 4, bytes: Uint8Array.of(10, 99, 0, 0), length: 24 } as const
const web = endpoint('web', { node: 'node-a', interfaceName: 'tort1', ipNetworks: ['10.244.1.10/32'] })
const toWeb = { source: own, destination: '10.244.1.10' as IpAddress, protocol: 6, destinationPort: 80 }

function live(connected: ConstructorParameters<typeof LivePolicy>[2] = []) {
  return new LivePolicy(options, choices(), connected, () => [])
}

t.test('the choices that hold already make no new graph', async (t) => {
  const policy = live()
  const { graph } = policy
  t.equal(policy.choose(choices()), undefined)
  t.equal(policy.graph, graph)
})

t.test('other choices make a graph with nothing in it, and hold from then on', async (t) => {
  const policy = live()
  policy.graph.put(web)
  t.equal(policy.allowsSpoofing, false)
  const graph = policy.choose(choices({ workloadSourceSpoofing: 'Any' }))
  t.equal(graph, policy.graph)
  t.equal(policy.allowsSpoofing, true)
  t.strictSame(policy.holdersOf(toWeb.destination), [])
})

t.test('the addresses of the node are known to the graph, to one made later, and change with the node', async (t) => {
  const policy = live([{ address: own, subnet, device: 'eth0' }])
  const subjects = () => policy.explain(toWeb, {}).ends.flatMap(({ steps }) => steps.map(({ subject }) => subject))
  policy.graph.put(web)
  t.strictSame(subjects(), ['Node node-a'])
  policy.choose(choices({ iptablesFilterDenyAction: 'Reject' }))?.put(web)
  t.strictSame(subjects(), ['Node node-a'])
  policy.setConnected([])
  t.strictSame(subjects(), ['Profile kns.shop'])
})

t.test('§6.3 the host endpoint that forwarded traffic meets is that of the interface which its subnet tells', async (t) => {
  const other = { family: 4, bytes: Uint8Array.of(10, 98, 0, 0), length: 24 } as const
  const policy = live([
    { address: own, subnet, device: 'eth0' },
    { address: '10.98.0.1' as IpAddress, subnet: other, device: 'eth1' },
  ])
  const shut = globalPolicy('shut', { selector: 'has(host)', applyOnForward: true, ingress: [{ action: 'Deny' }] })
  for (const resource of [web, hostEndpoint('eth1', { node: 'node-a' }), shut]) policy.graph.put(resource)
  const verdictFrom = (source: string) => policy.explain({ ...toWeb, source: source as IpAddress }, {}).verdict
  t.strictSame(['10.98.0.9', '10.99.0.9', '192.0.2.9'].map(verdictFrom), ['Deny', 'Allow', 'Allow'])
  const unclearFrom = (source: string) => policy.explain({ ...toWeb, source: source as IpAddress }, {}).unclear
  t.strictSame(unclearFrom('192.0.2.9'), [{ address: '192.0.2.9', interfaces: ['eth0', 'eth1'], hosts: ['eth1'] }])
  t.strictSame(['10.98.0.9', own].map(unclearFrom), [undefined, undefined], 'its subnet tells; it is the node itself')
  policy.graph.put(hostEndpoint('all', { node: 'node-a', interfaceName: '*' }))
  t.equal(verdictFrom('10.99.0.9'), 'Deny')
  policy.graph.put(hostEndpoint('eth1', { node: 'node-b' }))
  t.equal(verdictFrom('192.0.2.9'), 'Deny', 'by any interface the wildcard')
})

t.test('§6.3 flows of the node itself are compared with an address of its subnet that nobody has', async (t) => {
  const work = live([{ address: own, subnet, device: 'eth0' }]).preview([
    { type: 'put', resource: hostEndpoint('shut', { node: 'node-a', interfaceName: 'eth0' }) },
  ])
  while (work.step());
  const pairs = work.state.changes.map(({ from, to, after }) => `${from.join()} -> ${to.join()}: ${after}`)
  t.strictSame(pairs.toSorted(), ['HostEndpoint shut at eth0 -> others by eth0: Deny', 'others by eth0 -> HostEndpoint shut at eth0: Deny'])
})
