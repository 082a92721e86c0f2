import t from 'tap'
import { checkDeletes, checkPuts } from './cross-check.ts'
import { type Resource, refOf } from './resource.ts'
import { calico, kubernetesPolicy, stored } from './sample-resources.ts'
import type { StoredResources } from './stored-resources.ts'

/** The face of a datastore over a list. */
function holding(...documents: readonly unknown[]): StoredResources {
  const resources = documents.map(stored)
  const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b)
  return {
    get: (ref) => resources.filter((resource) => same(refOf(resource), ref)).map((resource) => ({ resource }))[0],
    list: (group, kind) =>
      resources.filter((resource) => refOf(resource).group === group && resource.kind === kind).map((resource) => ({ resource })),
  }
}

const policy = (tier: string, name = 'web') => calico('GlobalNetworkPolicy', { tier }, { name })
const namespaced = (tier: string) => calico('NetworkPolicy', { tier }, { name: 'web', namespace: 'shop' })
const tier = (name: string) => calico('Tier', {}, { name })
const item = (resource: Resource, document = 0) => ({
  resource,
  ref: refOf(resource),
  apiVersion: resource.apiVersion,
  document,
  lineOf: () => 7,
})

const puts: [title: string, documents: readonly unknown[], existing: StoredResources, problems: readonly object[]][] = [
  ['a policy in a built-in tier', [policy('default'), policy('kube-admin', 'b')], holding(), []],
  ['a policy in a stored tier', [policy('security')], holding(tier('security')), []],
  ['a policy that comes with its tier, before it', [policy('security'), tier('security')], holding(), []],
  [
    'a tier mistyped: of those that are there, come, or are built in',
    [tier('platform'), policy('securty', 'a'), policy('platfrom', 'b'), policy('defualt', 'c')],
    holding(tier('security')),
    [
      { path: 'spec.tier', reason: 'there is no tier of this name, did you mean "security"?', value: 'securty', document: 1, line: 7 },
      { path: 'spec.tier', reason: 'there is no tier of this name, did you mean "platform"?', value: 'platfrom', document: 2, line: 7 },
      { path: 'spec.tier', reason: 'there is no tier of this name, did you mean "default"?', value: 'defualt', document: 3, line: 7 },
    ],
  ],
  ['resources without tier', [kubernetesPolicy({ podSelector: {} }), calico('NetworkSet', {})], holding(), []],
  [
    'policies whose tier is not there',
    [tier('other'), policy('security'), namespaced('securitee')],
    holding(tier('third')),
    [
      { path: 'spec.tier', reason: 'there is no tier of this name', value: 'security', document: 1, line: 7 },
      { path: 'spec.tier', reason: 'there is no tier of this name', value: 'securitee', document: 2, line: 7 },
    ],
  ],
]
for (const [title, documents, existing, problems] of puts) {
  t.test(`§6.17.1 put: ${title}`, async (t) =>
    t.strictSame(
      checkPuts(
        documents.map((document, i) => item(stored(document), i)),
        existing,
      ),
      problems,
    ),
  )
}

const deletes: [title: string, documents: readonly unknown[], existing: StoredResources, problems: readonly object[]][] = [
  ['a tier without policies', [tier('a')], holding(tier('a'), policy('b')), []],
  ['a tier that is not there', [tier('a')], holding(), []],
  [
    'a tier together with all its policies',
    [tier('a'), policy('a'), namespaced('a')],
    holding(tier('a'), policy('a'), namespaced('a')),
    [],
  ],
  ['a policy', [policy('a')], holding(tier('a'), policy('a')), []],
  [
    'a tier with one policy left',
    [policy('a'), tier('a')],
    holding(tier('a'), policy('a'), namespaced('a')),
    [{ path: 'metadata.name', reason: 'Tier a has policies: NetworkPolicy shop/web', value: 'a', document: 1, line: 7 }],
  ],
  [
    'a tier with several',
    [tier('a')],
    holding(policy('a'), policy('a', 'b'), namespaced('a')),
    [{ path: 'metadata.name', reason: 'Tier a has policies: NetworkPolicy shop/web and 2 more', value: 'a', document: 0, line: 7 }],
  ],
]
for (const [title, documents, existing, problems] of deletes) {
  t.test(`§6.17.1 delete: ${title}`, async (t) =>
    t.strictSame(
      checkDeletes(
        documents.map((document, i) => item(stored(document), i)),
        existing,
      ),
      problems,
    ),
  )
}

const builtIn = 'is built in and cannot be deleted'
const follows = 'follows its namespace or service account and cannot be deleted'
const calicoGroup = 'projectcalico.org'
const names: [group: string, kind: string, name: string, reason: string | undefined][] = [
  [calicoGroup, 'Tier', 'default', builtIn],
  [calicoGroup, 'Tier', 'kube-admin', builtIn],
  [calicoGroup, 'Tier', 'kube-baseline', builtIn],
  [calicoGroup, 'Tier', 'mine', undefined],
  [calicoGroup, 'Profile', 'projectcalico-default-allow', builtIn],
  [calicoGroup, 'Profile', 'kns.shop', follows],
  [calicoGroup, 'Profile', 'ksa.shop.robot', follows],
  [calicoGroup, 'Profile', 'knsshop', undefined],
  [calicoGroup, 'GlobalNetworkPolicy', 'default', undefined],
  ['', 'Namespace', 'default', undefined],
]
for (const [group, kind, name, reason] of names)
  t.test(`delete: ${kind} ${name} ${reason ?? 'may be deleted'}`, async (t) => {
    const named = { ref: { group, kind, namespace: '', name }, apiVersion: 'v3', document: 3, lineOf: () => 7 }
    const expected =
      reason === undefined ? [] : [{ path: 'metadata.name', reason: `${kind} ${name} ${reason}`, value: name, document: 3, line: 7 }]
    t.strictSame(checkDeletes([named], holding()), expected)
  })
