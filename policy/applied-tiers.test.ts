import t from 'tap'
import { appliedTiers } from './applied-tiers.ts'
import { policyOf } from './read-policy.ts'
import { globalPolicy, tier } from './test-resources.ts'
import { tierOf } from './tiers.ts'

const tiers = new Map(
  [tier('late', { order: 20 }), tier('early', { order: 10, defaultAction: 'Pass' })].map((one) => [one.metadata.name, one]),
)
const rules = [{ action: 'Allow' as const }]
const policies = [
  globalPolicy('a', { tier: 'late', types: ['Ingress'], ingress: rules }),
  globalPolicy('b', { tier: 'early', types: ['Ingress', 'Egress'], ingress: rules, egress: rules }),
  globalPolicy('c', { tier: 'unknown', types: ['Egress'], egress: [] }),
  globalPolicy('d', { tier: 'early', types: ['Ingress'], ingress: rules }),
  { ...globalPolicy('e', { tier: 'late', types: ['Ingress'], ingress: rules }), kind: 'StagedGlobalNetworkPolicy' },
].flatMap((resource) => policyOf(resource) ?? [])
const tierNamed = (name: string) => tierOf(name, tiers.get(name))

t.test('§6.2.1: tiers in their order, each with its policies in theirs; staged policies are not asked (§6.7)', async (t) => {
  t.equal(policies.length, 5)
  t.strictSame(appliedTiers(policies, 'ingress', tierNamed), [
    { name: 'early', defaultAction: 'Pass', policies: ['gnp/b', 'gnp/d'] },
    { name: 'late', defaultAction: 'Deny', policies: ['gnp/a'] },
  ])
})

t.test('a policy without the direction is not asked; a tier nobody defined comes last and denies', async (t) => {
  t.strictSame(appliedTiers(policies, 'egress', tierNamed), [
    { name: 'early', defaultAction: 'Pass', policies: ['gnp/b'] },
    { name: 'unknown', defaultAction: 'Deny', policies: ['gnp/c'] },
  ])
})
