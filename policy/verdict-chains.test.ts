/** What leaves a copy for the flow log, walked through compiled graphs. */
import fc from 'fast-check'
import t from 'tap'
import type { WorkloadEndpointSpec } from '../src/model/workload-endpoint.ts'
import type { IpAddress } from '../src/net/address.ts'
import { type Packet, walk } from './chain-walk.ts'
import { PolicyGraph } from './graph.ts'
import { defaultActions, type PolicyActions } from './policy-actions.ts'
import { cluster, endpoint, flow, globalPolicy } from './test-resources.ts'

const flowLog = { group: 7, perSecond: 50 }

function newGraph(actions: Partial<PolicyActions> = {}, isLogging = true): PolicyGraph {
  const log = isLogging ? { flowLog } : {}
  return new PolicyGraph({ nodeName: 'n1', interfacePrefix: 'tort', ipv6: true, actions: { ...defaultActions, ...actions }, ...log })
}

const v4 = {
  source: '10.0.0.1',
  destination: '10.0.0.2',
  protocol: 6,
  sourcePort: 1000,
  destinationPort: 80,
  state: 'NEW',
  mark: 0,
} as Packet
const between = (inInterface: string, outInterface: string): Packet => ({ ...v4, inInterface, outInterface })

const table: [title: string, actions: Partial<PolicyActions>, kernelChain: string, packet: Packet, copies: readonly string[]][] = [
  ['what both ends allow', {}, 'FORWARD', between('torta', 'tortb'), ['tortie allowed']],
  ['what one end allows and the other denies, once', {}, 'FORWARD', between('torta', 'tortc'), ['tortie denied']],
  ['what the sender may not', {}, 'FORWARD', between('tortd', 'eth0'), ['tortie denied']],
  ['what is denied with an answer', { denied: 'reject' }, 'FORWARD', between('tortd', 'eth0'), ['tortie rejected']],
  ['what is allowed and left to others', { allowed: 'return' }, 'FORWARD', between('torta', 'eth0'), ['tortie allowed']],
  ['nothing of what goes on', {}, 'FORWARD', { ...between('torta', 'tortb'), state: 'ESTABLISHED' }, []],
  ['nothing of what does not concern workloads', {}, 'FORWARD', { ...between('eth0', 'eth1'), mark: 0xffff_ffff }, []],
  ['what a workload may not send to its host', {}, 'INPUT', between('torta', ''), ['tortie denied']],
  ['what a workload may send to its host', { toHost: 'accept' }, 'INPUT', between('torta', ''), ['tortie allowed to host']],
  ['what the host decides itself', { toHost: 'return' }, 'INPUT', between('torta', ''), ['tortie allowed to host']],
  ['nothing of what others send to the host', {}, 'INPUT', between('eth0', ''), []],
  [
    'a source that is not the workload’s',
    {},
    'FORWARD',
    { ...between('torta', 'tortb'), source: '10.0.0.9' as IpAddress },
    ['tortie spoofed source'],
  ],
  ['what belongs to no connection', {}, 'FORWARD', { ...between('torta', 'tortb'), state: 'INVALID' }, ['tortie invalid']],
  ['what comes from an unknown interface', {}, 'FORWARD', between('tortx', 'eth0'), ['tortie unknown interface']],
  ['what goes to an unknown interface', {}, 'FORWARD', between('eth0', 'tortx'), ['tortie unknown interface']],
  ['what an unknown interface sends to the host', {}, 'INPUT', between('tortx', ''), ['tortie unknown interface']],
]
for (const [title, actions, kernelChain, packet, copies] of table)
  t.test(`${kernelChain}: a copy is made of ${title}`, async (t) => {
    const graph = newGraph(actions)
    for (const [letter, closed] of [['a'], ['b'], ['c', 'in'], ['d', 'out']] as const)
      graph.put(endpoint(letter, { interfaceName: `tort${letter}`, ipNetworks: ['10.0.0.1/32'] }, closed === undefined ? {} : { closed }))
    graph.put(globalPolicy('no-ingress', { selector: "closed == 'in'", types: ['Ingress'], ingress: [{ action: 'Deny' }] }))
    graph.put(globalPolicy('no-egress', { selector: "closed == 'out'", types: ['Egress'] }))
    t.strictSame(walk(graph.compile(), 'filter', kernelChain, packet).log, copies)
  })

t.test('no verdict depends on whether a flow log is kept, and every final one leaves one copy', async (t) => {
  const seen = { accept: 0, drop: 0, end: 0 }
  fc.assert(
    fc.property(cluster, flow, fc.boolean(), (resources, packet, isAnswered) => {
      const graphs = [true, false].map((isLogging) => newGraph({ denied: isAnswered ? 'reject' : 'drop' }, isLogging))
      for (const graph of graphs) for (const resource of resources) graph.put(resource)
      const at = (address: string) => {
        const found = resources.find(({ spec }) =>
          (spec as WorkloadEndpointSpec | undefined)?.ipNetworks?.some((net) => net.startsWith(`${address}/`)),
        )
        const { node, interfaceName } = (found?.spec ?? {}) as Partial<WorkloadEndpointSpec>
        return node === 'n1' && interfaceName !== undefined ? interfaceName : 'eth0'
      }
      const whole: Packet = { ...packet, inInterface: at(packet.source), outInterface: at(packet.destination), state: 'NEW', mark: 0 }
      const [logged, plain] = graphs.map((graph) => walk(graph.compile(), 'filter', 'FORWARD', whole))
      const copies = (logged?.log ?? []).filter((prefix) => /^tortie (allowed|denied|rejected)$/.test(prefix))
      const verdict = logged?.verdict ?? 'end'
      t.equal(verdict, plain?.verdict)
      t.equal(copies.length, verdict === 'end' ? 0 : 1)
      if (verdict !== 'end') t.equal(copies[0] === 'tortie allowed', verdict === 'accept')
      seen[verdict]++
    }),
    { numRuns: 300 },
  )
  t.ok(Math.min(seen.accept, seen.drop) > 20, JSON.stringify(seen))
})

t.test('copies are limited in rate before they are made, each kind by itself', async (t) => {
  const rules = newGraph()
    .compile()
    .chains.filter(({ family }) => family === 4)
    .flatMap(({ table, name, rules }) =>
      rules.filter(({ action }) => action.type === 'nflog').map(({ match }) => [`${table}/${name}`, match.at(-1)]),
    )
  const limit = { type: 'limit', count: 50, per: 'second', burst: 50 }
  t.strictSame(rules, [
    ['filter/tort-FORWARD', limit],
    ['filter/tort-denied', limit],
    ['filter/tort-from-wl', limit],
    ['filter/tort-invalid', limit],
    ['filter/tort-rejected', limit],
    ['filter/tort-spoofed', limit],
    ['filter/tort-to-wl', limit],
    ['raw/tort-spoofed', limit],
  ])
})

t.test('a spoofed source leaves its copy in the raw table, where it is dropped first', async (t) => {
  const graph = newGraph()
  graph.put(endpoint('a', { interfaceName: 'torta', ipNetworks: ['10.0.0.1/32'] }))
  const forged: Packet = { ...between('torta', ''), reversePathFails: true }
  const { verdict, log } = walk(graph.compile(), 'raw', 'PREROUTING', forged)
  t.strictSame([verdict, log], ['drop', ['tortie spoofed source']])
})

t.test('the path of what is allowed is not longer by a rule for what is dropped before policy', async (t) => {
  const lengths = [true, false].map((isLogging) => {
    const graph = newGraph({}, isLogging)
    graph.put(endpoint('a', { interfaceName: 'torta', ipNetworks: ['10.0.0.1/32'] }))
    return graph.compile().chains.flatMap(({ name, rules }) => (/^tort-[ft]w-/.test(name) ? [rules.length] : []))
  })
  t.strictSame(lengths[0], lengths[1])
})
