import t from 'tap'
import { apiVersionOf } from '../model/kind.ts'
import { kinds } from '../model/kinds.ts'
import { CliFailure } from './failure.ts'
import { findKind, kindNames, resourcePath } from './kind-names.ts'

t.test('the command line knows exactly the kinds the agent takes', async (t) => {
  const line = (parts: readonly unknown[]) => parts.join(' ')
  const model = kinds.map((kind) => line([apiVersionOf(kind), kind.kind, kind.plural, kind.namespaced]))
  const cli = kindNames.map(({ apiVersion, kind, plural, namespaced }) => line([apiVersion, kind, plural, namespaced]))
  t.strictSame(cli.toSorted(), model.toSorted())
})

t.test('a short name means one kind', async (t) => {
  const short = kindNames.flatMap(({ short }) => short)
  t.equal(new Set(short).size, short.length)
})

const table: [text: string, path: string][] = [
  ['GlobalNetworkPolicy', '/apis/projectcalico.org/v3/globalnetworkpolicies'],
  ['gnp', '/apis/projectcalico.org/v3/globalnetworkpolicies'],
  ['networkpolicies', '/apis/projectcalico.org/v3/networkpolicies'],
  ['networkpolicies.networking.k8s.io', '/apis/networking.k8s.io/v1/networkpolicies'],
  ['netpol', '/apis/networking.k8s.io/v1/networkpolicies'],
  ['NODE', '/apis/projectcalico.org/v3/nodes'],
  ['ns', '/api/v1/namespaces'],
]
for (const [text, path] of table) t.test(`${text} is at ${path}`, async (t) => t.equal(resourcePath(findKind(text)), path))

t.test('namespace and name go into the path encoded', async (t) => {
  t.equal(resourcePath(findKind('wep'), 'shop', 'a/b'), '/apis/projectcalico.org/v3/namespaces/shop/workloadendpoints/a%2Fb')
  t.equal(resourcePath(findKind('sa'), 'shop'), '/api/v1/namespaces/shop/serviceaccounts')
})

t.test('an unknown kind is a usage mistake that lists the known ones', async (t) => {
  t.throws(
    () => findKind('pod'),
    new CliFailure(2, `unknown kind pod: use one of ${[...new Set(kindNames.map(({ kind }) => kind.toLowerCase()))].join(', ')}`),
  )
})
