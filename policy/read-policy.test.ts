import fc from 'fast-check'
import t from 'tap'
import type { GlobalPolicySpec } from '../src/model/policy-rule.ts'
import type { Resource } from '../src/model/resource.ts'
import { comparePolicies, type Policy } from './policy.ts'
import { policyOf } from './read-policy.ts'
import { endpoint, globalPolicy, k8sPolicy, networkPolicy } from './test-resources.ts'

const allow = { index: 0, action: 'Allow' as const, source: {}, destination: {} }

const table: [title: string, resource: Resource, expected: Partial<Policy>][] = [
  [
    'a NetworkPolicy selects within its namespace; without order it comes last',
    networkPolicy('p', { tier: 'first', types: ['Ingress'], ingress: [{ action: 'Allow' }] }),
    {
      id: 'np/shop/p',
      kind: 'NetworkPolicy',
      namespace: 'shop',
      name: 'p',
      tier: 'first',
      order: Number.POSITIVE_INFINITY,
      ingress: [allow],
    },
  ],
  [
    'a GlobalNetworkPolicy has no namespace, whatever its metadata say',
    { ...globalPolicy('p', { order: 0, types: ['Egress'] }), metadata: { name: 'p', namespace: 'default' } },
    { id: 'gnp/p', kind: 'GlobalNetworkPolicy', namespace: '', name: 'p', tier: 'default', order: 0, egress: [] },
  ],
  [
    'a Kubernetes policy: tier default, order 1000, a kind of its own',
    k8sPolicy('p', { podSelector: {}, ingress: [{}] }),
    { id: 'knp/shop/p', kind: 'NetworkPolicy', namespace: 'shop', name: 'p', tier: 'default', order: 1000, ingress: [allow] },
  ],
]
for (const [title, resource, expected] of table) {
  t.test(title, async (t) => {
    const { key: _key, subject: _subject, ...rest } = policyOf(resource) ?? { key: '', subject: '' }
    t.strictSame(rest, expected)
  })
}

t.test('a direction that is not among `types` is undefined, one without rules is empty', async (t) => {
  const policy = policyOf(networkPolicy('p', { types: ['Ingress'], egress: [{ action: 'Allow' }] }))
  t.strictSame([policy?.ingress, policy?.egress], [[], undefined])
})

t.test('policies of three kinds with one name are three policies', async (t) => {
  const policies = [networkPolicy('p', {}), globalPolicy('p', {}), k8sPolicy('p', { podSelector: {} })].map(policyOf)
  t.equal(new Set(policies.map((policy) => policy?.key)).size, 3)
  t.equal(new Set(policies.map((policy) => policy?.id)).size, 3)
})

const none: [title: string, resource: Resource][] = [
  ['other kinds', endpoint('e', {})],
  ['kinds of the same name in other groups', { ...networkPolicy('p', {}), apiVersion: 'example.org/v1' }],
]
for (const [title, resource] of none) t.test(`no policy for workloads: ${title}`, async (t) => t.equal(policyOf(resource), undefined))

const flagged: [title: string, flags: Partial<GlobalPolicySpec>, expected: unknown][] = [
  ['none', {}, [undefined, undefined]],
  ['applyOnForward', { applyOnForward: true }, [undefined, true]],
  ['preDNAT', { preDNAT: true, applyOnForward: true }, ['preDNAT', true]],
  ['doNotTrack', { doNotTrack: true, applyOnForward: true }, ['doNotTrack', true]],
  ['all of them false', { doNotTrack: false, preDNAT: false, applyOnForward: false }, [undefined, undefined]],
]
for (const [title, flags, expected] of flagged)
  t.test(`§6.3 what the flags say of host endpoints: ${title}`, async (t) => {
    const policy = policyOf(globalPolicy('p', flags))
    t.strictSame([policy?.stage, policy?.applyOnForward], expected)
  })

t.test('a rule keeps its conditions; its empty lists and empty selectors demand nothing', async (t) => {
  const icmp = { type: 8 }
  const source = { nets: [], notNets: [], ports: [], notPorts: [], selector: '', notSelector: '' }
  const policy = policyOf(networkPolicy('p', { ingress: [{ action: 'Deny', ipVersion: 4, protocol: 'ICMP', icmp, source }] }))
  t.strictSame(policy?.ingress, [{ index: 0, action: 'Deny', ipVersion: 4, protocol: 'ICMP', icmp, source: {}, destination: {} }])
})

t.test('§6.2.1: order, then name, then namespace, then kind', async () => {
  const sorted = [
    networkPolicy('b', { order: 1 }),
    networkPolicy('a', { order: 2 }, 'bank'),
    globalPolicy('z', { order: 999 }),
    globalPolicy('k', { order: 1000 }),
    networkPolicy('k', { order: 1000 }, 'bank'),
    k8sPolicy('k', { podSelector: {} }),
    networkPolicy('k', { order: 1000 }),
    networkPolicy('m', { order: 1000 }),
    globalPolicy('a', {}),
    globalPolicy('b', {}),
  ].flatMap((resource) => policyOf(resource) ?? [])
  fc.assert(
    fc.property(fc.shuffledSubarray(sorted, { minLength: sorted.length }), (shuffled) => {
      const ids = (list: readonly Policy[]) => list.map(({ id }) => id).join()
      return ids(shuffled.toSorted(comparePolicies)) === ids(sorted)
    }),
  )
})

t.test('what cannot be compiled names the policy and keeps the reason', async (t) => {
  const bad = networkPolicy('bad', { ingress: [{ action: 'Allow', source: { selector: 'a &&' } }] })
  t.throws(() => policyOf(bad), { message: 'NetworkPolicy shop/bad cannot be compiled', cause: { message: /^selector "a &&": / } })
})
