import fc from 'fast-check'
import t from 'tap'
import { PolicyGraph } from './graph.ts'
import { cluster, endpoint, globalPolicy, k8sPolicy } from './test-resources.ts'

const newGraph = () => new PolicyGraph({ nodeName: 'n1', interfacePrefix: 'tort', ipv6: true })

t.test('a chain leads back to its policy, the direction, and what its rules do', async (t) => {
  const graph = newGraph()
  graph.put(endpoint('a', { interfaceName: 'torta', ipNetworks: ['10.0.0.1/32'] }, { app: 'web' }, 'shop'))
  graph.put(
    globalPolicy('web', { selector: 'all()', types: ['Ingress'], ingress: [{ action: 'Deny', protocol: 'TCP' }, { action: 'Allow' }] }),
  )
  graph.put(k8sPolicy('web', { podSelector: {}, policyTypes: ['Egress'], egress: [{}] }, 'shop'))
  graph.program()
  t.strictSame(graph.originsOf('tort-pi-gnp/web'), {
    kind: 'GlobalNetworkPolicy',
    namespace: '',
    name: 'web',
    direction: 'ingress',
    actions: new Map([
      [0, 'Deny'],
      [1, 'Allow'],
    ]),
  })
  t.match(graph.originsOf('tort-po-knp/shop/web'), {
    kind: 'Kubernetes NetworkPolicy',
    namespace: 'shop',
    name: 'web',
    direction: 'egress',
  })
  t.match(graph.originsOf('tort-pri-kns.shop'), {
    kind: 'Profile',
    name: 'kns.shop',
    direction: 'ingress',
    actions: new Map([[0, 'Allow']]),
  })
  for (const none of ['tort-tw-torta', 'tort-FORWARD', 'tort-pi-gnp/other', 'torta']) t.equal(graph.originsOf(none), undefined, none)
  graph.delete({ group: 'projectcalico.org', kind: 'GlobalNetworkPolicy', namespace: '', name: 'web' })
  graph.program()
  t.equal(graph.originsOf('tort-pi-gnp/web'), undefined, 'it is gone')
})

t.test('every rule with a place in a list is in a chain that leads back to it', async (t) => {
  fc.assert(
    fc.property(cluster, (resources) => {
      const graph = newGraph()
      for (const resource of resources) graph.put(resource)
      for (const { name, rules } of graph.compile().chains)
        for (const { comment = '' } of rules) {
          const index = /^rule (\d+)/.exec(comment)?.[1]
          if (index !== undefined) t.ok(graph.originsOf(name)?.actions.has(Number(index)), `${name} ${comment}`)
        }
    }),
    { numRuns: 50 },
  )
})
