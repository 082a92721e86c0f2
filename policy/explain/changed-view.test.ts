import fc from 'fast-check'
import t from 'tap'
import { type Resource, refOf } from '../../src/model/resource.ts'
import { PolicyGraph } from '../graph.ts'
import { resourceKey } from '../resource-key.ts'
import { cluster, flow } from '../test-resources.ts'
import type { PolicyChange } from './changed-view.ts'
import { explainFlow } from './explain.ts'

function graphOf(resources: readonly Resource[]): PolicyGraph {
  const graph = new PolicyGraph({ nodeName: 'n1', interfacePrefix: 'tort', ipv6: true })
  for (const resource of resources) graph.put(resource)
  return graph
}

/** What makes one cluster of the other: as many deletions as changes and additions. */
function changesBetween(before: readonly Resource[], after: readonly Resource[]): readonly PolicyChange[] {
  const kept = new Set(after.map((resource) => resourceKey(refOf(resource))))
  const gone = before.map(refOf).filter((ref) => !kept.has(resourceKey(ref)))
  return [...gone.map((ref) => ({ type: 'delete' as const, ref })), ...after.map((resource) => ({ type: 'put' as const, resource }))]
}

t.test('a graph seen as it would be explains every flow as the graph does once it is so, and is not changed by it', async () => {
  let verdictsChanged = 0
  fc.assert(
    fc.property(cluster, cluster, fc.boolean(), fc.array(flow, { minLength: 10, maxLength: 10 }), (before, after, compiled, flows) => {
      const graph = graphOf(before)
      if (compiled) graph.compile()
      const untouched = flows.map((one) => graph.explain(one))
      const view = graph.changed(changesBetween(before, after))
      const later = graphOf(after)
      for (const [i, one] of flows.entries()) {
        const [expected, actual] = [later.explain(one), explainFlow(view, one)].map((explanation) => withoutPending(explanation))
        if (actual !== expected) throw new Error(`${JSON.stringify(one)}:\n${actual}\nnot\n${expected}`)
        if (JSON.stringify(graph.explain(one)) !== JSON.stringify(untouched[i])) throw new Error('the graph itself changed')
        if (untouched[i]?.verdict !== later.explain(one).verdict) verdictsChanged++
      }
    }),
    { numRuns: 150 },
  )
  t.ok(verdictsChanged > 100, `${verdictsChanged} verdicts changed`)
})

function withoutPending({ verdict, ends }: ReturnType<PolicyGraph['explain']>): string {
  return JSON.stringify({ verdict, ends: ends.map(({ pending: _pending, ...end }) => end) })
}
