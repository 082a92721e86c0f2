/** DESIGN rule 6 where endpoints move, hosts find their interfaces, policies change their stage and sets their type. */
import fc from 'fast-check'
import t from 'tap'
import { type Resource, refOf } from '../src/model/resource.ts'
import type { StagedAction } from '../src/model/staged-policy.ts'
import type { compiledPolicy } from './compiled-policy.ts'
import { PolicyGraph } from './graph.ts'
import { ProgramFollower } from './program-follower.ts'
import { endpoint, globalPolicy, hostEndpoint, networkSet, profile, tier } from './test-resources.ts'
import { slice } from './test-slices.ts'

const options = { nodeName: 'n1', interfacePrefix: 'tort', ipv6: true }
type Compiled = ReturnType<typeof compiledPolicy>

const labels = fc.constantFrom<Readonly<Record<string, string>>>({}, { a: 'x' }, { a: 'y', b: 'x' })
const selector = fc.constantFrom('all()', "a == 'x'", '!has(a)', "a == 'x' || b == 'x'", "none == 'x'")
const entity = fc.oneof(
  fc.record({ selector }),
  fc.record({ notSelector: selector }),
  fc.constantFrom(
    {},
    { nets: ['10.0.0.0/30', '10.0.0.8/32'] },
    { nets: ['fd00::/64'] },
    { ports: ['http'] },
    { notPorts: ['dns', 'http'] },
    { services: { name: 'one', namespace: 'shop' } },
  ),
)
const rules = fc.array(
  fc.record({ action: fc.constantFrom('Allow' as const, 'Deny' as const, 'Reject' as const), source: entity, destination: entity }),
  { maxLength: 3 },
)

/** Few names, interfaces and addresses: they meet, and wander from one to the other. */
const workload = fc
  .record({
    name: fc.constantFrom('e1', 'e2', 'e3'),
    node: fc.constantFrom('n1', 'n1', 'n2'),
    interfaceName: fc.constantFrom('tort1', 'tort2', 'tort10', 'stray'),
    ipNetworks: fc.subarray(['10.0.0.1/32', '10.0.0.2/32', 'fd00::1/128']),
    profiles: fc.constantFrom([], ['custom'], ['custom', 'missing']),
    ports: fc.subarray([
      { name: 'http', protocol: 'TCP', port: 80 },
      { name: 'http', protocol: 'UDP', port: 80 },
      { name: 'dns', protocol: 'UDP', port: 53 },
    ]),
    own: labels,
  })
  .map(({ name, own, ...spec }) => endpoint(name, spec, own))
const host = fc
  .record({
    name: fc.constantFrom('h1', 'h2'),
    interfaceName: fc.constantFrom('eth0', 'eth1', '*', 'lo'),
    node: fc.constantFrom('n1', 'n2'),
    profiles: fc.constantFrom([], ['custom']),
    own: labels,
  })
  .map(({ name, own, ...spec }) => hostEndpoint(name, spec, own))
const found = fc
  .tuple(fc.constantFrom('192.0.2.1', '192.0.2.2'), labels)
  .map(([address, own]) => hostEndpoint('h3', { expectedIPs: [address] }, own))
const stages = fc.constantFrom(
  {},
  {},
  { applyOnForward: true },
  { applyOnForward: true, preDNAT: true },
  { applyOnForward: true, doNotTrack: true },
)
const policy = fc
  .record({
    name: fc.constantFrom('p1', 'p2', 'p3'),
    selector,
    tier: fc.constantFrom('default', 'first', 'gone'),
    ingress: rules,
    egress: rules,
    stages,
  })
  .map(({ name, stages: flags, egress, ...spec }) => globalPolicy(name, { ...spec, ...('preDNAT' in flags ? {} : { egress }), ...flags }))
const staged = fc.tuple(policy, fc.constantFrom<StagedAction>('Set', 'Delete', 'Ignore')).map(([one, stagedAction]): Resource => {
  return { ...one, kind: 'StagedGlobalNetworkPolicy', spec: { ...(one.spec as object), stagedAction } }
})
const others = fc.oneof(
  fc.tuple(fc.subarray(['10.0.0.1/32', '0.0.0.0/0', 'fd00::/64']), labels).map(([nets, own]): Resource => networkSet('s', nets, own)),
  fc.constantFrom<'Deny' | 'Pass'>('Deny', 'Pass').map((defaultAction): Resource => tier('first', { order: 1, defaultAction })),
  rules.map((ingress): Resource => profile('custom', { ingress, egress: [], labelsToApply: { b: 'x' } })),
)
const resource: fc.Arbitrary<Resource> = fc.oneof(workload, host, found, policy, policy, staged, others, slice)

type Step = (graph: PolicyGraph, wanted: Map<string, Resource>, follower: ProgramFollower) => void

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: resource.map(
      (one): Step =>
        (graph, wanted) =>
          put(graph, wanted, one),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.nat(30).map(
      (at): Step =>
        (graph, wanted) =>
          remove(graph, [...wanted.values()].at(at % 8), wanted),
    ),
  },
  { weight: 2, arbitrary: fc.constant<Step>((graph) => graph.program()) },
  { weight: 2, arbitrary: fc.constant<Step>((graph, _, follower) => follow(graph, follower)) },
)

function put(graph: PolicyGraph, wanted: Map<string, Resource>, one: Resource): void {
  graph.put(one)
  wanted.set(JSON.stringify(refOf(one)), one)
}

function remove(graph: PolicyGraph, one: Resource | undefined, wanted: Map<string, Resource>): void {
  if (one === undefined) return
  graph.delete(refOf(one))
  wanted.delete(JSON.stringify(refOf(one)))
}

function follow(graph: PolicyGraph, follower: ProgramFollower): void {
  graph.program()
  follower.follow()
}

/** Hooks are a list of their own, stated whole each time. */
function plain({ chains, ipSets }: Compiled): string {
  return JSON.stringify({ chains, ipSets: ipSets.map((set) => ({ ...set, members: [...set.members].toSorted() })) })
}

/** What the kernel would refuse: a rule that leads to no chain, or asks no set. */
function dangling({ chains, ipSets }: Compiled): readonly string[] {
  const names = new Set(chains.map(({ family, table, name }) => `${family} ${table} ${name}`))
  const sets = new Set(ipSets.map(({ name }) => name))
  return chains.flatMap(({ family, table, rules: list }) =>
    list.flatMap(({ action, match }) => [
      ...('chain' in action && !names.has(`${family} ${table} ${action.chain}`) ? [action.chain] : []),
      ...match.flatMap((one) => ('set' in one && !sets.has(one.set) ? [one.set] : [])),
    ]),
  )
}

t.test(
  'rule 6: endpoints that move, hosts, stages and staged policies, in any order: as a fresh graph has it, and nothing dangles',
  async () => {
    const addresses = fc.constantFrom(new Map([['eth0', new Set(['192.0.2.1'])]]), new Map([['eth1', new Set(['192.0.2.1', '192.0.2.2'])]]))
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), addresses, fc.nat(40), (steps, own, when) => {
        const graph = new PolicyGraph(options)
        const follower = new ProgramFollower(graph.program())
        const wanted = new Map<string, Resource>()
        for (const [i, one] of steps.entries()) {
          if (i === when) graph.setAddresses(own)
          one(graph, wanted, follower)
        }
        const direct = new PolicyGraph(options)
        for (const one of [...wanted.values()].toReversed()) direct.put(one)
        for (const one of [graph, direct]) one.setAddresses(own)
        follow(graph, follower)
        const fresh = direct.compile()
        return plain(graph.compile()) === plain(fresh) && plain(follower.copy()) === plain(fresh) && dangling(fresh).length === 0
      }),
      { numRuns: 300 },
    )
  },
)
