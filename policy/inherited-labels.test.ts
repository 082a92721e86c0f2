import t from 'tap'
import type { Resource } from '../src/model/resource.ts'
import { InheritedLabels, inheritanceOf } from './inherited-labels.ts'
import { endpoint, hostEndpoint, namespace, networkSet, profile, serviceAccount } from './test-resources.ts'

const virtual = {
  'projectcalico.org/namespace': 'shop',
  'pcns.projectcalico.org/name': 'shop',
  'pcns.kubernetes.io/metadata.name': 'shop',
}
const pod = { ...virtual, 'projectcalico.org/orchestrator': 'k8s' }

function labelsWith(bearer: Resource, ...parents: readonly Resource[]): unknown {
  const labels = new InheritedLabels()
  for (const parent of parents) put(labels, parent)
  labels.putBearer('x', bearer)
  return Object.fromEntries(labels.labelsOf('x'))
}

function put(labels: InheritedLabels, parent: Resource): readonly string[] {
  const inheritance = inheritanceOf(parent)
  return inheritance === undefined ? [] : [...labels.putParent(inheritance.parent, inheritance.labels)]
}

const table: [title: string, actual: unknown, expected: unknown][] = [
  ['an endpoint alone: the virtual ones, its namespace by name only', labelsWith(endpoint('e', {}, { a: '1' })), { a: '1', ...pod }],
  [
    'orchestrator and service account from the spec',
    labelsWith(endpoint('e', { orchestrator: 'cni', serviceAccountName: 'r' })),
    { ...virtual, 'projectcalico.org/orchestrator': 'cni', 'projectcalico.org/serviceaccount': 'r', 'pcsa.projectcalico.org/name': 'r' },
  ],
  ['labels of another namespace do not reach it', labelsWith(endpoint('e', {}), namespace('bank', { t: '1' })), pod],
  ['labels of the namespace', labelsWith(endpoint('e', {}), namespace('shop', { team: 'a' })), { ...pod, 'pcns.team': 'a' }],
  [
    'labels of the service account',
    labelsWith(endpoint('e', { serviceAccountName: 'r' }), serviceAccount('r', { l: '1' }), serviceAccount('r', { l: '2' }, 'bank')),
    { ...pod, 'projectcalico.org/serviceaccount': 'r', 'pcsa.projectcalico.org/name': 'r', 'pcsa.l': '1' },
  ],
  [
    'own labels win over inherited ones',
    labelsWith(
      endpoint('e', { profiles: ['p'] }, { 'pcns.team': 'own', b: 'own' }),
      namespace('shop', { team: 'a' }),
      profile('p', { labelsToApply: { b: 'p', c: 'p' } }),
    ),
    { ...pod, 'pcns.team': 'own', b: 'own', c: 'p' },
  ],
  [
    'of two profiles the first wins',
    labelsWith(
      endpoint('e', { profiles: ['p', 'q'] }),
      profile('q', { labelsToApply: { c: 'q' } }),
      profile('p', { labelsToApply: { c: 'p' } }),
    ),
    { ...pod, c: 'p' },
  ],
  ['nobody can claim another namespace', labelsWith(endpoint('e', {}, { 'projectcalico.org/namespace': 'bank' })), pod],
  ['nor another name for it', labelsWith(endpoint('e', {}), namespace('shop', { 'kubernetes.io/metadata.name': 'bank' })), pod],
  [
    'nor by the names that it inherits',
    labelsWith(endpoint('e', {}, { 'pcns.projectcalico.org/name': 'bank', 'pcns.kubernetes.io/metadata.name': 'bank' })),
    pod,
  ],
  [
    'nobody can claim a service account',
    labelsWith(endpoint('e', {}, { 'projectcalico.org/serviceaccount': 'admin', 'pcsa.projectcalico.org/name': 'admin' })),
    pod,
  ],
  [
    'nor another one than its own, by a profile neither',
    labelsWith(
      endpoint('e', { serviceAccountName: 'r', profiles: ['p'] }, { 'pcsa.projectcalico.org/name': 'admin' }),
      profile('p', { labelsToApply: { 'projectcalico.org/serviceaccount': 'admin', 'projectcalico.org/namespace': 'bank' } }),
    ),
    { ...pod, 'projectcalico.org/serviceaccount': 'r', 'pcsa.projectcalico.org/name': 'r' },
  ],
  ['a host is in no namespace', labelsWith(hostEndpoint('h', {}, { 'projectcalico.org/namespace': 'shop', a: '1' })), { a: '1' }],
  ['a network set has its namespace', labelsWith(networkSet('s', [], { a: '1' }, 'shop')), { a: '1', ...virtual }],
  ['a global network set has only its own', labelsWith(networkSet('s', [], { a: '1' }), namespace('shop', { t: '1' })), { a: '1' }],
]
for (const [title, actual, expected] of table) t.test(`§6.1.2: ${title}`, async (t) => t.strictSame(actual, expected))

t.test('a parent that changes names those whose labels changed, and no others', async (t) => {
  const labels = new InheritedLabels()
  labels.putBearer('one', endpoint('one', {}))
  labels.putBearer('two', endpoint('two', {}))
  labels.putBearer('far', endpoint('far', {}, {}, 'bank'))
  t.strictSame(put(labels, namespace('shop', {})), ['one', 'two'])
  labels.deleteBearer('one')
  t.strictSame([...labels.deleteParent('namespace shop')], ['two'])
  t.strictSame(put(labels, namespace('empty', {})), [])
  t.equal(labels.labelsOf('one').size, 0)
})

t.test('a bearer that changes its parents is named by the new ones only', async (t) => {
  const labels = new InheritedLabels()
  labels.putBearer('one', endpoint('one', { serviceAccountName: 'r', profiles: ['p'] }))
  labels.putBearer('one', endpoint('one', { serviceAccountName: 's' }))
  t.strictSame(put(labels, serviceAccount('r', {})), [])
  t.strictSame(put(labels, profile('p', {})), [])
  t.strictSame(put(labels, serviceAccount('s', { l: '1' })), ['one'])
  t.equal(labels.labelsOf('one').get('pcsa.l'), '1')
})

t.test('kinds that hand nothing down', async (t) => t.equal(inheritanceOf(endpoint('e', {})), undefined))
