import fc from 'fast-check'
import t from 'tap'
import { type Resource, refOf } from '../src/model/resource.ts'
import { calico, stored } from '../src/model/sample-resources.ts'
import type { IpAddress } from '../src/net/address.ts'
import type { Cidr } from '../src/net/prefix.ts'
import { TunnelGraph } from './tunnel-graph.ts'

const site = { podCidrs: ['10.244.1.0/24'] as Cidr[], underlayMtu: 1500 }
const newGraph = () => new TunnelGraph({ nodeName: 'node-a', nodeAddress: '10.99.0.1' as IpAddress })
const pool = (name: string, cidr: string, spec: object = {}) => stored(calico('IPPool', { cidr, ...spec }, { name }))
const node = (name: string, bgp: object) => stored(calico('Node', { bgp }, { name }))

/** A plan as text: sets and classes too. */
function shown(graph: TunnelGraph): string {
  const { kernel, encapsulation, originated, problems } = graph.plan(site)
  const { tunnelGuard } = kernel
  const sets = [...kernel.ipSets, ...tunnelGuard.ipSets].map((set) => ({ ...set, members: [...set.members] }))
  const { modes, tunnelTo } = encapsulation
  return JSON.stringify({ ...kernel, ipSets: sets, modes: modes.key, tunnelTo: [...tunnelTo], originated, problems }, undefined, 1)
}

const final: readonly Resource[] = [
  pool('b', '10.1.0.0/16', { ipipMode: 'CrossSubnet', natOutgoing: true }),
  pool('a', '10.244.0.0/16', { ipipMode: 'Always' }),
  pool('c', '10.2.0.0/16'),
  node('node-a', { ipv4Address: '10.99.0.1/24', ipv4IPIPTunnelAddr: '10.9.9.9' }),
  node('node-c', { ipv4Address: '10.98.0.7/24' }),
  node('node-b', { ipv4Address: '10.99.0.2/24' }),
  stored(calico('GlobalNetworkSet', { nets: ['10.0.0.0/8'] })),
]
const earlier: readonly Resource[] = [
  pool('a', '10.244.0.0/16', { ipipMode: 'CrossSubnet' }),
  pool('gone', '10.5.0.0/16', { ipipMode: 'Always' }),
  node('node-b', { ipv4Address: '10.99.0.66/24' }),
  node('node-gone', { ipv4Address: '10.99.0.9/24' }),
]

t.test('any order of the same changes ends in the same plan', async (t) => {
  const straight = newGraph()
  straight.setPeers(['10.99.0.3' as IpAddress])
  for (const resource of final) straight.put(resource)
  const expected = shown(straight)
  t.match(expected, '10.9.9.9')
  const wanted = new Set(final.map(({ kind, metadata }) => `${kind} ${metadata.name}`))
  fc.assert(
    fc.property(fc.shuffledSubarray([...earlier, ...final], { minLength: 0 }), fc.boolean(), (history, early) => {
      const graph = newGraph()
      if (early) graph.setPeers(['10.99.0.3' as IpAddress])
      for (const resource of history) {
        graph.put(resource)
        graph.plan(site)
      }
      for (const resource of earlier) if (!wanted.has(`${resource.kind} ${resource.metadata.name}`)) graph.delete(refOf(resource))
      graph.setPeers(['10.99.0.3' as IpAddress])
      for (const resource of final.toReversed()) graph.put(resource)
      return shown(graph) === expected
    }),
  )
})

t.test('while nothing changes, the plan is the same object: felix sees at a glance that there is nothing to do', async (t) => {
  const graph = newGraph()
  for (const resource of final) graph.put(resource)
  const plan = graph.plan(site)
  graph.put(stored(calico('GlobalNetworkSet', {})))
  graph.delete({ group: 'projectcalico.org', kind: 'IPPool', namespace: '', name: 'nobody' })
  graph.delete({ group: '', kind: 'Node', namespace: '', name: 'node-b' })
  t.equal(graph.plan({ ...site }), plan)
  t.not(graph.plan({ ...site, underlayMtu: 9000 }), plan)
})

t.test('each thing a plan depends on makes another', async (t) => {
  const graph = newGraph()
  for (const resource of final) graph.put(resource)
  const seen = [shown(graph)]
  const changes: (() => void)[] = [
    () => graph.setPeers(['10.97.0.1' as IpAddress]),
    () => graph.setSettings({ mtu: 1300 }),
    () => graph.put(node('node-d', { ipv4Address: '10.99.0.77/24' })),
    () => graph.delete({ group: 'projectcalico.org', kind: 'Node', namespace: '', name: 'node-a' }),
    () => graph.delete({ group: 'projectcalico.org', kind: 'IPPool', namespace: '', name: 'b' }),
    () => graph.put(pool('a', '10.244.0.0/16')),
  ]
  for (const change of changes) {
    change()
    t.notOk(seen.includes(shown(graph)))
    seen.push(shown(graph))
  }
  t.strictSame(graph.plan(site).kernel.tunnels, [], 'no pool asks for it any more')
})
