/** DESIGN rule 6: what a graph answers depends on what is put now, never on how it came there. */
import fc from 'fast-check'
import t from 'tap'
import { type Resource, refOf } from '../src/model/resource.ts'
import { type CompiledPolicy, compiledPolicy } from './compiled-policy.ts'
import { PolicyGraph } from './graph.ts'
import { ProgramFollower } from './program-follower.ts'
import { cluster, endpoint, globalPolicy } from './test-resources.ts'

const options = { nodeName: 'n1', interfacePrefix: 'tort', ipv6: true }

/** Members in text order: a set has no order, and neither has what it is compared with. */
function plain({ chains, hooks, ipSets }: CompiledPolicy): string {
  return JSON.stringify({ chains, hooks, ipSets: ipSets.map((set) => ({ ...set, members: [...set.members].toSorted() })) })
}

t.test('rule 6: any order of puts, replaced versions and deletes ends in the same kernel', async () => {
  const history = fc.tuple(cluster, cluster, fc.infiniteStream(fc.nat(1_000_000)), fc.infiniteStream(fc.boolean()))
  fc.assert(
    fc.property(history, ([wanted, former, order, compileNow]) => {
      const direct = new PolicyGraph(options)
      for (const one of wanted) direct.put(one)
      const graph = new PolicyGraph(options)
      const shuffled = (list: readonly Resource[]) => list.map((one) => ({ one, at: order.next().value })).toSorted((a, b) => a.at - b.at)
      for (const { one } of shuffled(former)) {
        graph.put(one)
        if (compileNow.next().value) graph.compile()
      }
      const kept = new Set(wanted.map((one) => JSON.stringify(refOf(one))))
      const gone = former.filter((one) => !kept.has(JSON.stringify(refOf(one))))
      for (const { one } of shuffled([...wanted, ...gone])) {
        if (gone.includes(one)) graph.delete(refOf(one))
        else graph.put(one)
        if (compileNow.next().value) graph.compile()
      }
      return plain(graph.compile()) === plain(direct.compile())
    }),
    { numRuns: 150 },
  )
})

t.test('rule 6: whatever was put, deleting all of it ends where an empty graph begins', async () => {
  const empty = plain(new PolicyGraph(options).compile())
  fc.assert(
    fc.property(cluster, fc.boolean(), (resources, compileBetween) => {
      const graph = new PolicyGraph(options)
      for (const one of resources) graph.put(one)
      if (compileBetween) graph.compile()
      for (const one of resources) graph.delete(refOf(one))
      return plain(graph.compile()) === empty
    }),
    { numRuns: 150 },
  )
})

t.test('rule 6: who follows the changes has what a fresh graph has, whatever happened and however often he looked', async () => {
  const history = fc.tuple(cluster, cluster, fc.infiniteStream(fc.nat(1_000_000)), fc.infiniteStream(fc.boolean()))
  fc.assert(
    fc.property(history, ([first, second, order, chance]) => {
      const graph = new PolicyGraph(options)
      const follower = new ProgramFollower(graph.program())
      const wanted = new Map<string, Resource>()
      const shuffled = (list: readonly Resource[]) => list.map((one) => ({ one, at: order.next().value })).toSorted((a, b) => a.at - b.at)
      for (const { one } of [...shuffled(first), ...shuffled([...first, ...second])]) {
        const ref = refOf(one)
        if (wanted.has(JSON.stringify(ref)) && chance.next().value) {
          graph.delete(ref)
          wanted.delete(JSON.stringify(ref))
        } else {
          graph.put(one)
          wanted.set(JSON.stringify(ref), one)
        }
        if (chance.next().value) graph.program()
        if (chance.next().value) follower.follow()
      }
      const direct = new PolicyGraph(options)
      for (const one of wanted.values()) direct.put(one)
      graph.program()
      follower.follow()
      return plain(follower.copy()) === plain(direct.compile())
    }),
    { numRuns: 150 },
  )
})

t.test('only what differs is told: every chain named as changed has another text than before', async () => {
  fc.assert(
    fc.property(cluster, cluster, (first, second) => {
      const graph = new PolicyGraph(options)
      for (const one of first) graph.put(one)
      const { chains } = graph.program()
      const tables = Object.values(chains).flatMap((families) => [families[4], families[6]])
      const before = tables.map((table) => ({ table, version: table.version, texts: new Map([...table.entries()].map(asText)) }))
      for (const one of second) graph.put(one)
      graph.program()
      return before.every(({ table, version, texts }) => {
        const changed = new Set(table.changedSince(version))
        const now = new Map([...table.entries()].map(asText))
        const names = new Set([...texts.keys(), ...now.keys()])
        return [...names].every((name) => changed.has(name) === (texts.get(name) !== now.get(name)))
      })
    }),
    { numRuns: 150 },
  )
  function asText([name, chain]: readonly [string, unknown]): [string, string] {
    return [name, JSON.stringify(chain)]
  }
})

t.test('thousands of endpoints and policies elsewhere leave what is rendered here alone', async (t) => {
  const graph = new PolicyGraph(options)
  graph.put(endpoint('here', { interfaceName: 'tort1', ipNetworks: ['10.0.0.1/32'] }, { app: 'web' }))
  graph.put(globalPolicy('web', { selector: "app == 'web'", ingress: [{ action: 'Allow', source: { selector: "role == 'client'" } }] }))
  const { chains, ipSets } = graph.program()
  const versions = () => [chains.filter[4].version, chains.filter[6].version, ipSets.version]
  const before = versions()
  for (let i = 0; i < 2000; i++) {
    graph.put(endpoint(`far-${i}`, { node: 'n2', ipNetworks: [`10.1.${i >> 8}.${i & 255}/32`] }, { app: `a${i}` }))
    graph.put(globalPolicy(`far-${i}`, { selector: `app == 'a${i}'`, ingress: [{ action: 'Allow', source: { selector: `x == '${i}'` } }] }))
  }
  graph.program()
  t.strictSame(versions(), before)
})

t.test('a member that comes is told by the one set it belongs to, and shows there at `program`, not before', async (t) => {
  const graph = new PolicyGraph(options)
  graph.put(endpoint('here', { interfaceName: 'tort1', ipNetworks: ['10.0.0.1/32'] }))
  const rules = ['a', 'b'].map((role) => ({ action: 'Allow' as const, source: { selector: `role == '${role}'` } }))
  graph.put(globalPolicy('two', { ingress: rules }))
  const { ipSets } = graph.program()
  const { version } = ipSets
  const members = () => compiledPolicy({ ...graph.program(), ipSets }).ipSets.map((set) => [...set.members])
  graph.put(endpoint('far', { node: 'n2', ipNetworks: ['10.1.0.1/32'] }, { role: 'a' }))
  t.ok([...ipSets.entries()].every(([, set]) => set.members.size === 0))
  t.equal(ipSets.version, version)
  t.strictSame(
    members().filter((texts) => texts.length > 0),
    [['10.1.0.1']],
  )
  t.equal(ipSets.changedSince(version)?.length, 1)
})
