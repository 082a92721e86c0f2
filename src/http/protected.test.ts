import t from 'tap'
import { protectedResources } from './protected.ts'

const calico = (kind: string, name: string) => ({ group: 'projectcalico.org', kind, namespace: '', name })
const builtIn = 'is built in and cannot be deleted'
const follows = 'follows its namespace or service account and cannot be deleted'

const table: [ref: Parameters<typeof protectedResources>[0][number], reason: string | undefined][] = [
  [calico('Tier', 'default'), `Tier default ${builtIn}`],
  [calico('Tier', 'kube-admin'), `Tier kube-admin ${builtIn}`],
  [calico('Tier', 'kube-baseline'), `Tier kube-baseline ${builtIn}`],
  [calico('Tier', 'mine'), undefined],
  [calico('Profile', 'projectcalico-default-allow'), `Profile projectcalico-default-allow ${builtIn}`],
  [calico('Profile', 'kns.shop'), `Profile kns.shop ${follows}`],
  [calico('Profile', 'ksa.shop.robot'), `Profile ksa.shop.robot ${follows}`],
  [calico('Profile', 'knsshop'), undefined],
  [calico('GlobalNetworkPolicy', 'default'), undefined],
  [{ group: '', kind: 'Namespace', namespace: '', name: 'default' }, undefined],
  [{ group: 'example.org', kind: 'Tier', namespace: '', name: 'default' }, undefined],
]
for (const [ref, reason] of table)
  t.test(reason ?? `${ref.group} ${ref.kind} ${ref.name} may be deleted`, async (t) => {
    const expected = reason === undefined ? [] : [{ path: 'metadata.name', value: ref.name, reason, document: 0 }]
    t.strictSame(protectedResources([ref]), expected)
  })

t.test('all protected ones at once, each with its place in the request', async (t) => {
  const refs = [calico('Tier', 'mine'), calico('Tier', 'default'), calico('Profile', 'kns.a')]
  t.strictSame(
    protectedResources(refs).map(({ document, value }) => [document, value]),
    [
      [1, 'default'],
      [2, 'kns.a'],
    ],
  )
})
