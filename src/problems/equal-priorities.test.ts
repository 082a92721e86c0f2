import t from 'tap'
import type { Resource } from '../model/resource.ts'
import { EqualPriorities } from './equal-priorities.ts'

function policy(name: string, tier: string, priority: number): Resource {
  return { apiVersion: 'policy.networking.k8s.io/v1alpha2', kind: 'ClusterNetworkPolicy', metadata: { name }, spec: { tier, priority } }
}

const warning = (name: string, place: string, others: string) => ({
  severity: 'warning',
  subject: `clusternetworkpolicy/${name}`,
  message: `has ${place} like ${others}: they are asked in the order of their names; give each its own priority`,
})

t.test('§6.16: equal priorities are told once a tier and priority, in the order of names whatever came first', async (t) => {
  const equal = new EqualPriorities()
  for (const one of [policy('c', 'Admin', 5), policy('b', 'Admin', 5), policy('a', 'Baseline', 5), policy('d', 'Admin', 6)]) equal.put(one)
  equal.put({ apiVersion: 'projectcalico.org/v3', kind: 'Tier', metadata: { name: 'a' }, spec: { tier: 'Admin', priority: 5 } })
  t.strictSame(equal.problems, [warning('b', 'tier Admin and priority 5', 'c')])
  equal.take([{ type: 'ADDED', resource: policy('e', 'Admin', 5), revision: 1 }])
  t.strictSame(equal.problems, [warning('b', 'tier Admin and priority 5', 'c and 1 more')])
  equal.take([
    { type: 'DELETED', resource: policy('c', 'Admin', 5), revision: 2 },
    { type: 'MODIFIED', resource: policy('e', 'Baseline', 5), revision: 2 },
  ])
  t.strictSame(equal.problems, [warning('a', 'tier Baseline and priority 5', 'e')])
})
