import t from 'tap'
import type { Resource } from '../src/model/resource.ts'
import type { Policy } from './policy.ts'
import { policyOf } from './read-policy.ts'
import { calico, globalPolicy, networkPolicy, tier } from './test-resources.ts'
import { forwarded, pod, rulesetOf } from './walked.fixture.ts'

const drop = { tier: 'first', types: ['Ingress'], selector: 'all()', ingress: [{ action: 'Deny' }] }

function staged(kind: string, spec: object, namespace?: string): Resource {
  const metadata = { name: 'p', ...(namespace !== undefined && { namespace }) }
  return { apiVersion: calico, kind, metadata, spec: { stagedAction: 'Set', ...spec } }
}

const summary = (policy: Policy | undefined) => policy && [policy.id, policy.tier, policy.staged, policy.replaces, policy.ingress?.length]

const read: [title: string, resource: Resource, expected: unknown][] = [
  [
    'a NetworkPolicy',
    staged('StagedNetworkPolicy', drop, 'shop'),
    ['snp/shop/p', 'first', true, 'projectcalico.org NetworkPolicy shop p', 1],
  ],
  [
    'a GlobalNetworkPolicy',
    staged('StagedGlobalNetworkPolicy', drop),
    ['sgnp/p', 'first', true, 'projectcalico.org GlobalNetworkPolicy  p', 1],
  ],
  [
    'a Kubernetes policy',
    staged('StagedKubernetesNetworkPolicy', { podSelector: {}, policyTypes: ['Ingress'], ingress: [{}, {}] }, 'shop'),
    ['sknp/shop/p', 'default', true, 'networking.k8s.io NetworkPolicy shop p', 2],
  ],
  [
    'Learn is tried as it stands',
    staged('StagedGlobalNetworkPolicy', { ...drop, stagedAction: 'Learn' }),
    ['sgnp/p', 'first', true, 'projectcalico.org GlobalNetworkPolicy  p', 1],
  ],
  [
    'Delete: nothing in the place of the enforced one',
    staged('StagedGlobalNetworkPolicy', { tier: 'first', stagedAction: 'Delete' }),
    ['sgnp/p', 'first', true, 'projectcalico.org GlobalNetworkPolicy  p', undefined],
  ],
  [
    'Delete of a Kubernetes policy',
    staged('StagedKubernetesNetworkPolicy', { stagedAction: 'Delete' }, 'shop'),
    ['sknp/shop/p', 'default', true, 'networking.k8s.io NetworkPolicy shop p', undefined],
  ],
  ['Ignore: no policy', staged('StagedGlobalNetworkPolicy', { ...drop, stagedAction: 'Ignore' }), undefined],
]
for (const [title, resource, expected] of read) t.test(`§6.7: ${title}`, async (t) => t.strictSame(summary(policyOf(resource)), expected))

t.test('§6.7: what a staged policy replaces is the key of the policy of its name', async (t) => {
  t.equal(policyOf(staged('StagedNetworkPolicy', drop, 'shop'))?.replaces, policyOf(networkPolicy('p', {}))?.key)
  t.equal(policyOf(staged('StagedGlobalNetworkPolicy', drop))?.replaces, policyOf(globalPolicy('p', {}))?.key)
})

t.test('§6.7: a staged policy has no chain and no set, and a tier of only staged ones no default drop', async (t) => {
  const world = [pod(1), pod(2), tier('first', { order: 1 })]
  const rule = { action: 'Deny', source: { selector: 'has(a)' } }
  const open = rulesetOf([...world, staged('StagedGlobalNetworkPolicy', { ...drop, ingress: [rule] })])
  t.strictSame(open, rulesetOf(world))
  t.equal(forwarded(open, '1 > 2 tcp 80').verdict, 'accept')
})

t.test('§6.7: beside an enforced policy of the tier its default counts, and the staged one still does not', async (t) => {
  const enforced = globalPolicy('udp', { tier: 'first', selector: 'all()', ingress: [{ action: 'Allow', protocol: 'UDP' }] })
  const ruleset = rulesetOf([pod(1), pod(2), tier('first', { order: 1 }), enforced, staged('StagedGlobalNetworkPolicy', drop)])
  t.equal(forwarded(ruleset, '1 > 2 udp 53').verdict, 'accept')
  t.equal(forwarded(ruleset, '1 > 2 tcp 80').verdict, 'drop')
})
