/** Host endpoints as they would be: explained as the graph does once they are so (resource reference §6.3, §6.5). */
import fc from 'fast-check'
import t from 'tap'
import { type Resource, refOf } from '../../src/model/resource.ts'
import type { IpAddress } from '../../src/net/address.ts'
import { PolicyGraph } from '../graph.ts'
import { resourceKey } from '../resource-key.ts'
import { endpoint, globalPolicy, hostEndpoint, profile, tier } from '../test-resources.ts'
import { explainFlow, type Where } from './explain.ts'
import type { Explanation } from './explanation.ts'
import type { Flow } from './flow.ts'

const own = ['192.0.2.1', '198.51.100.1'] as IpAddress[]
const interfaces = new Map([
  ['192.0.2.9', 'eth0'],
  ['198.51.100.9', 'eth1'],
  ['10.0.0.1', 'torta'],
])
const where: Where = { nodeAddresses: own, interfaceTo: (address) => interfaces.get(address) }
const pod = endpoint('a', { interfaceName: 'torta', ipNetworks: ['10.0.0.1/32'] })

function graphOf(resources: readonly Resource[]): PolicyGraph {
  const graph = new PolicyGraph({ nodeName: 'n1', interfacePrefix: 'tort', ipv6: true })
  graph.setAddresses(new Map(own.map((address, i) => [`eth${i}`, new Set([address])])))
  for (const resource of [pod, ...resources]) graph.put(resource)
  return graph
}

const labels = fc.constantFrom({ host: 'a' }, { host: 'b' }, {})
const host = fc
  .tuple(fc.constantFrom('h0', 'h1', 'h2'), fc.constantFrom('n1', 'n2'), fc.constantFrom('eth0', 'eth1', '*', undefined), labels)
  .map(([name, node, interfaceName, itsLabels]) => {
    const place = interfaceName === undefined ? { expectedIPs: [own[0] ?? ''] } : { interfaceName }
    return hostEndpoint(name, { node, ...place, profiles: ['open'] }, itsLabels)
  })
const rules = fc.array(fc.record({ action: fc.constantFrom('Allow', 'Deny', 'Pass'), protocol: fc.constantFrom('TCP', 'UDP') }), {
  maxLength: 2,
})
const stage = fc.constantFrom(
  {},
  { applyOnForward: true },
  { applyOnForward: true, preDNAT: true },
  { applyOnForward: true, doNotTrack: true },
)
const policy = fc
  .tuple(
    fc.constantFrom('p0', 'p1', 'p2'),
    stage,
    fc.constantFrom('has(host)', "host == 'a'", 'all()'),
    rules,
    fc.constantFrom('default', 'soft'),
  )
  .map(([name, flags, selector, ingress, tierName]) => globalPolicy(name, { ...flags, selector, ingress, tier: tierName }))
const soft = fc.constantFrom<'Deny' | 'Pass'>('Deny', 'Pass').map((defaultAction) => tier('soft', { order: 1, defaultAction }))
const open = fc.constantFrom(profile('open', { ingress: [{ action: 'Allow' }], egress: [{ action: 'Allow' }] }), profile('open', {}))
const world = fc
  .tuple(fc.array(host, { maxLength: 3 }), fc.array(policy, { maxLength: 3 }), fc.option(soft), fc.option(open))
  .map(([hosts, policies, one, other]) => {
    const all = [...hosts, ...policies, ...[one, other].flatMap((resource) => resource ?? [])]
    return [...new Map(all.map((resource) => [resourceKey(refOf(resource)), resource])).values()]
  })
const address = fc.constantFrom(...own, ...([...interfaces.keys()] as IpAddress[]))
const flow = fc
  .record({
    source: address,
    destination: address,
    protocol: fc.constantFrom(6, 17),
    sourcePort: fc.constant(40_000),
    destinationPort: fc.constantFrom(22, 80),
  })
  .filter(({ source, destination }) => source !== destination)

t.test('host endpoints seen as they would be: every flow is explained as the graph does once it is so', async (t) => {
  const counts = { changed: 0, byHosts: 0 }
  fc.assert(
    fc.property(world, world, fc.array(flow, { minLength: 5, maxLength: 10 }), (before, after, flows) => {
      const graph = graphOf(before)
      const kept = new Set(after.map((resource) => resourceKey(refOf(resource))))
      const gone = before.map(refOf).filter((ref) => !kept.has(resourceKey(ref)))
      const puts = after.map((resource) => ({ type: 'put' as const, resource }))
      const view = graph.changed([...gone.map((ref) => ({ type: 'delete' as const, ref })), ...puts])
      const later = graphOf(after)
      return flows.every((one: Flow) => {
        const expected = later.explain(one, where)
        if (expected.verdict !== graph.explain(one, where).verdict) counts.changed++
        if (expected.ends.some(({ endpoint: { kind } }) => kind === 'HostEndpoint')) counts.byHosts++
        return shown(explainFlow(view, one, where)) === shown(expected)
      })
    }),
    { numRuns: 600 },
  )
  t.ok(counts.changed > 100 && counts.byHosts > 300, JSON.stringify(counts))
})

function shown({ verdict, ends }: Explanation): string {
  return JSON.stringify({ verdict, ends: ends.map(({ pending: _pending, ...end }) => end) })
}
