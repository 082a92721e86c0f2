/** What applies to host endpoints as one describes it, and DESIGN rule 6 for all that is rendered of it. */
import fc from 'fast-check'
import t from 'tap'
import { type Resource, refOf } from '../../src/model/resource.ts'
import type { PolicyRule } from '../../src/model/rule-shape.ts'
import { PolicyGraph } from '../graph.ts'
import { endpoint, globalPolicy, hostEndpoint, networkSet, profile, tier } from '../test-resources.ts'

const options = { nodeName: 'n1', interfacePrefix: 'tort', ipv6: true }

function graphOf(...resources: readonly Resource[]): PolicyGraph {
  const graph = new PolicyGraph(options)
  for (const one of resources) graph.put(one)
  return graph
}

const flags = { selector: 'has(host)', applyOnForward: true }
const applied = [
  hostEndpoint('all', { interfaceName: '*', profiles: ['open', 'gone'] }),
  hostEndpoint('eth1'),
  profile('open', {}),
  tier('soft', { order: 1, defaultAction: 'Pass' }),
  globalPolicy('local', { selector: "host == 'all'", order: 2, ingress: [], types: ['Ingress', 'Egress'] }),
  globalPolicy('forward', { ...flags, order: 1, types: ['Ingress'] }),
  globalPolicy('soft', { ...flags, tier: 'soft', types: ['Egress'] }),
  globalPolicy('pre', { ...flags, preDNAT: true }),
  globalPolicy('raw', { ...flags, doNotTrack: true, types: ['Ingress', 'Egress'] }),
  globalPolicy('pods', { selector: '!has(host)' }),
]

t.test('what applies is told stage by stage, in the order in which it is asked', async (t) => {
  const inDefault = (...policies: readonly string[]) => [{ name: 'default', defaultAction: 'Deny', policies }]
  const soft = { name: 'soft', defaultAction: 'Pass', policies: ['gnp/soft'] }
  t.strictSame(graphOf(...applied).hostOn('eth0'), {
    name: 'all',
    interfaceName: 'eth0',
    stages: ['doNotTrack', 'preDNAT', 'forward', 'normal'],
    tiers: {
      doNotTrack: { ingress: inDefault('gnp/raw'), egress: inDefault('gnp/raw') },
      preDNAT: { ingress: inDefault('gnp/pre'), egress: [] },
      forward: { ingress: inDefault('gnp/forward'), egress: [soft] },
      normal: { ingress: inDefault('gnp/forward', 'gnp/local'), egress: [soft, ...inDefault('gnp/local')] },
    },
    profiles: [
      { name: 'open', known: true },
      { name: 'gone', known: false },
    ],
  })
})

t.test('who is asked about which interface, and about what', async (t) => {
  const graph = graphOf(...applied)
  const asked = (name: string) => [graph.hostOn(name)?.name, graph.hostOn(name)?.stages]
  t.strictSame(asked('eth1'), ['eth1', ['doNotTrack', 'preDNAT', 'forward', 'normal']])
  t.strictSame(asked('torta'), ['all', ['preDNAT', 'forward']], 'a workload and its host are asked elsewhere')
  t.strictSame(asked('lo'), [undefined, undefined])
  t.equal(graphOf(hostEndpoint('eth1')).hostOn('eth0'), undefined)
})

t.test('without host endpoints in force nothing of theirs is in the kernel', async (t) => {
  const chainsOf = (graph: PolicyGraph) => {
    const { chains, hooks } = graph.compile()
    return JSON.stringify([chains, hooks])
  }
  const elsewhere = applied.map((one) => (one.kind === 'HostEndpoint' ? { ...one, spec: { ...(one.spec as object), node: 'n2' } } : one))
  t.equal(chainsOf(graphOf(...elsewhere)), chainsOf(graphOf()))
  const graph = graphOf(...applied)
  t.not(chainsOf(graph), chainsOf(graphOf()))
  for (const one of applied.filter(({ kind }) => kind === 'HostEndpoint')) graph.delete(refOf(one))
  t.equal(chainsOf(graph), chainsOf(graphOf()))
})

t.test('a policy is rendered in the tables of its stages only', async (t) => {
  const tables = (id: string, ...resources: readonly Resource[]) =>
    graphOf(...resources)
      .compile()
      .chains.filter(({ name, family }) => family === 4 && /^tort-p[io]-/.test(name) && name.endsWith(id))
      .map(({ table, name }) => `${table} ${name}`)
  const pod = endpoint('a', { interfaceName: 'torta' }, { host: 'pod' })
  const both = { types: ['Ingress', 'Egress'] as const }
  const host = hostEndpoint('eth0')
  t.strictSame(tables('p', host, globalPolicy('p', { ...flags, ...both, doNotTrack: true })), ['raw tort-pi-gnp/p', 'raw tort-po-gnp/p'])
  t.strictSame(tables('p', host, globalPolicy('p', { ...flags, preDNAT: true })), ['mangle tort-pi-gnp/p'])
  const normal = ['filter tort-pi-gnp/p', 'filter tort-po-gnp/p', 'mangle tort-po-gnp/p']
  t.strictSame(tables('p', host, globalPolicy('p', { ...flags, ...both })), normal)
  t.strictSame(tables('p', host, pod, globalPolicy('p', { ...flags, ...both })), normal)
  t.strictSame(tables('p', pod, globalPolicy('p', { ...flags, ...both })), normal.slice(0, 2))
  t.strictSame(tables('p', pod, globalPolicy('p', { ...flags, preDNAT: true })), [], 'not for workloads')
  t.strictSame(
    tables('p', hostEndpoint('eth0', { interfaceName: 'tortx' }), globalPolicy('p', flags)),
    [],
    'of a host endpoint not in force',
  )
})

const rule: PolicyRule = { action: 'Allow', source: { selector: "zone == 'x'" } }
const anyHost = fc
  .tuple(
    fc.constantFrom('a', 'b', 'c'),
    fc.constantFrom<object>({ interfaceName: 'eth0' }, { interfaceName: 'eth1' }, { interfaceName: '*' }, { expectedIPs: ['192.0.2.1'] }),
    fc.constantFrom('n1', 'n1', 'n1', 'n2'),
    fc.subarray(['open', 'gone']),
    fc.constantFrom<Readonly<Record<string, string>>>({ host: 'x' }, { host: 'y' }, { zone: 'x' }),
  )
  .map(([name, where, node, profiles, labels]) => ({ ...hostEndpoint(name, {}, labels), spec: { ...where, node, profiles } }))
const anyPolicy = fc
  .tuple(
    fc.constantFrom('p', 'q', 'r'),
    fc.constantFrom({}, { applyOnForward: true }, { applyOnForward: true, doNotTrack: true }, { applyOnForward: true, preDNAT: true }),
    fc.constantFrom("host == 'x'", 'has(host)', 'all()'),
    fc.constantFrom('default', 'soft'),
    fc.boolean(),
  )
  .map(([name, how, selector, inTier, both]) => {
    const egress = both && !('preDNAT' in how) ? { egress: [rule] } : {}
    return globalPolicy(name, { ...how, selector, tier: inTier, ingress: [rule], ...egress })
  })
const anyOther = fc.constantFrom<Resource[]>(
  tier('soft', { order: 1, defaultAction: 'Pass' }),
  profile('open', { ingress: [rule], labelsToApply: { host: 'y' } }),
  networkSet('net', ['192.0.2.0/24'], { zone: 'x' }),
  endpoint('a', { interfaceName: 'torta', ipNetworks: ['10.0.0.1/32'] }, { host: 'x' }),
)
const world = fc
  .array(fc.oneof({ weight: 3, arbitrary: anyHost }, { weight: 3, arbitrary: anyPolicy }, anyOther), { maxLength: 10 })
  .map((all: readonly Resource[]) => [...new Map(all.map((one) => [JSON.stringify(refOf(one)), one])).values()])
const places = fc.constantFrom<[string, string[]][]>([['eth0', ['192.0.2.1']]], [['eth1', ['192.0.2.1']]], [])
const addressesOf = (all: readonly (readonly [string, readonly string[]])[]) => new Map(all.map(([name, own]) => [name, new Set(own)]))

function plain(graph: PolicyGraph): string {
  const { chains, hooks, ipSets } = graph.compile()
  return JSON.stringify([chains, hooks, ipSets.map((set) => ({ ...set, members: [...set.members].toSorted() })), graph.hostProblems])
}

t.test('rule 6: any order of puts, deletes and addresses ends in the same kernel', async () => {
  fc.assert(
    fc.property(world, world, places, places, fc.infiniteStream(fc.nat(1_000_000)), (wanted, former, nowAt, formerlyAt, order) => {
      const direct = new PolicyGraph(options)
      direct.setAddresses(addressesOf(nowAt))
      for (const one of wanted) direct.put(one)
      const graph = new PolicyGraph(options)
      const shuffled = <One>(list: readonly One[]) =>
        list
          .map((one) => ({ one, at: order.next().value }))
          .toSorted((a, b) => a.at - b.at)
          .map(({ one }) => one)
      graph.setAddresses(addressesOf(formerlyAt))
      for (const one of shuffled(former)) {
        graph.put(one)
        if (order.next().value % 2 === 0) graph.compile()
      }
      const kept = new Set(wanted.map((one) => JSON.stringify(refOf(one))))
      const changes = [
        ...wanted.map((one) => () => graph.put(one)),
        ...former.filter((one) => !kept.has(JSON.stringify(refOf(one)))).map((one) => () => graph.delete(refOf(one))),
        () => graph.setAddresses(addressesOf(nowAt)),
      ]
      for (const change of shuffled(changes)) {
        change()
        if (order.next().value % 2 === 0) graph.compile()
      }
      return plain(graph) === plain(direct)
    }),
    { numRuns: 300 },
  )
})
