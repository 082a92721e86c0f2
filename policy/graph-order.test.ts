/** DESIGN rule 6: what a graph answers depends on what is put now, never on how it came there. */
import fc from 'fast-check'
import t from 'tap'
import { type Resource, refOf } from '../src/model/resource.ts'
import { setText } from './chain-text.ts'
import { type CompiledPolicy, PolicyGraph } from './graph.ts'
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

t.test('objects are shared with the last answer exactly where the content is equal', async () => {
  fc.assert(
    fc.property(cluster, cluster, (first, second) => {
      const graph = new PolicyGraph(options)
      for (const one of first) graph.put(one)
      const before = graph.compile()
      for (const one of second) graph.put(one)
      const after = graph.compile()
      const old = new Map(before.chains.map((one) => [JSON.stringify(one), one]))
      const oldSets = new Map(before.ipSets.map((one) => [setText(one), one]))
      return (
        after.chains.every((one) => (old.get(JSON.stringify(one)) ?? one) === one) &&
        after.ipSets.every((one) => (oldSets.get(setText(one)) ?? one) === one)
      )
    }),
    { numRuns: 150 },
  )
})

t.test('thousands of endpoints and policies elsewhere leave what is rendered here alone', async (t) => {
  const graph = new PolicyGraph(options)
  graph.put(endpoint('here', { interfaceName: 'tort1', ipNetworks: ['10.0.0.1/32'] }, { app: 'web' }))
  graph.put(globalPolicy('web', { selector: "app == 'web'", ingress: [{ action: 'Allow', source: { selector: "role == 'client'" } }] }))
  const before = graph.compile()
  for (let i = 0; i < 2000; i++) {
    graph.put(endpoint(`far-${i}`, { node: 'n2', ipNetworks: [`10.1.${i >> 8}.${i & 255}/32`] }, { app: `a${i}` }))
    graph.put(globalPolicy(`far-${i}`, { selector: `app == 'a${i}'`, ingress: [{ action: 'Allow', source: { selector: `x == '${i}'` } }] }))
  }
  const after = graph.compile()
  t.equal(after.chains, before.chains)
  t.equal(after.ipSets, before.ipSets)
})

t.test('a member that comes makes one new set object; the member set handed out before never changes', async (t) => {
  const graph = new PolicyGraph(options)
  graph.put(endpoint('here', { interfaceName: 'tort1', ipNetworks: ['10.0.0.1/32'] }))
  const rules = ['a', 'b'].map((role) => ({ action: 'Allow' as const, source: { selector: `role == '${role}'` } }))
  graph.put(globalPolicy('two', { ingress: rules }))
  const before = graph.compile()
  graph.put(endpoint('far', { node: 'n2', ipNetworks: ['10.1.0.1/32'] }, { role: 'a' }))
  const after = graph.compile()
  const changed = after.ipSets.filter((set) => !before.ipSets.includes(set))
  t.strictSame(
    changed.map(({ family, members }) => [family, [...members]]),
    [[4, ['10.1.0.1']]],
  )
  t.ok(before.ipSets.every(({ members }) => members.size === 0))
  t.equal(after.chains, before.chains)
})
