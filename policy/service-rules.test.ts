import t from 'tap'
import type { Resource } from '../src/model/resource.ts'
import type { PolicyRule } from '../src/model/rule-shape.ts'
import type { IpAddress } from '../src/net/address.ts'
import { chainText, setText } from './chain-text.ts'
import { stepsOf } from './explain/explanation.ts'
import { PolicyGraph } from './graph.ts'
import { globalPolicy, networkPolicy } from './test-resources.ts'
import { endpointSlice } from './test-slices.ts'
import { pod } from './walked.fixture.ts'

const services = { name: 'db' }
const dbSlice = (...numbers: number[]) =>
  endpointSlice('db-a', 'db', {
    endpoints: numbers.map((i) => ({ addresses: [`10.0.0.${i}`] })),
    ports: [{ port: 5432 }, { protocol: 'UDP', port: 53 }],
  })
const egress = (rule: Partial<PolicyRule> = {}) =>
  networkPolicy('out', { selector: "app == 'web'", egress: [{ action: 'Allow', ...rule, destination: { services } }] })
const ingress = networkPolicy('in', {
  selector: "app == 'db'",
  ingress: [{ action: 'Allow', protocol: 'TCP', source: { services }, destination: { ports: [80] } }],
})

function graphOf(...resources: readonly Resource[]): PolicyGraph {
  const graph = new PolicyGraph({ nodeName: 'n1', interfacePrefix: 'tort', ipv6: true })
  for (const one of [pod(1, { app: 'web' }), pod(2, { app: 'db' }), ...resources]) graph.put(one)
  return graph
}

t.test('a service renders as one match of a set: with ports as a destination, by address alone as a source', async (t) => {
  const { chains, ipSets } = graphOf(egress(), ingress, dbSlice(2)).compile()
  const four = ipSets.filter(({ family }) => family === 4)
  const letters = new Map(four.map(({ name, type }) => [name, type]))
  const text = chains
    .filter(({ family, name }) => family === 4 && /tort-p[io]-np/.test(name))
    .map(chainText)
    .join('\n')
    .split('\n')
    .filter((line) => line.includes('match-set'))
    .map((line) => line.replace(/tort4\S+/, (name) => `SET(${letters.get(name)})`))
  t.strictSame(text.toSorted(), [
    '-A tort-pi-np/shop/in -p tcp --match-set SET(hash:ip) src --dports 80 -j MARK --set-xmark 0x10000/0x10000 # rule 0',
    '-A tort-po-np/shop/out --match-set SET(hash:ip,port) dst,dst -j MARK --set-xmark 0x10000/0x10000 # rule 0',
  ])
  t.strictSame(four.map((set) => setText(set).replace(/^\S+ /, '')).toSorted(), [
    'hash:ip,port: 10.0.0.2,tcp:5432 10.0.0.2,udp:53',
    'hash:ip: 10.0.0.2',
  ])
})

t.test('every distinct service is one set, however many rules name it', async (t) => {
  const named = { services: { name: 'db', namespace: 'shop' } }
  const other = { services: { name: 'db', namespace: 'bank' } }
  const graph = graphOf(
    egress(),
    globalPolicy('g', { egress: [named, named, other].map((destination) => ({ action: 'Deny', destination })) }),
  )
  t.equal(graph.compile().ipSets.length, 4, 'two services, each in two families')
})

t.test('a change of a slice writes no chain and keeps the set', async (t) => {
  const graph = graphOf(egress(), dbSlice(2))
  const before = graph.compile()
  graph.put(dbSlice(2, 3))
  const after = graph.compile()
  t.ok(after.chains.every((chain, i) => chain === before.chains[i]))
  t.ok(after.ipSets.every((set, i) => set === before.ipSets[i]))
  t.match(after.ipSets.map(setText).join('\n'), /10\.0\.0\.3,udp:53/)
})

const flow = { source: '10.0.0.1' as IpAddress, destination: '10.0.0.2' as IpAddress, protocol: 6, sourcePort: 9, destinationPort: 5432 }
const explained: [title: string, resources: readonly Resource[], change: Partial<typeof flow>, expected: readonly string[]][] = [
  ['a port of the service', [egress(), dbSlice(2)], {}, ['egress rule 0: Allow']],
  ['another port', [egress(), dbSlice(2)], { destinationPort: 80 }, ['egress rule 0: destination.services']],
  ['the port of another protocol', [egress(), dbSlice(2)], { protocol: 17 }, ['egress rule 0: destination.services']],
  ['another address', [egress(), dbSlice(3)], {}, ['egress rule 0: destination.services']],
  ['a service that nobody knows', [egress()], {}, ['egress rule 0: destination.services']],
  ['another protocol than the rule is about', [egress({ protocol: 'UDP' }), dbSlice(2)], {}, ['egress rule 0: protocol']],
  ['a source of the service', [ingress, dbSlice(1)], { destinationPort: 80 }, ['ingress rule 0: Allow']],
  ['a source that is not', [ingress, dbSlice(2)], { destinationPort: 80 }, ['ingress rule 0: source.services']],
  ['the service at a port that the rule does not open', [ingress, dbSlice(1)], {}, ['ingress rule 0: destination.ports']],
]
for (const [title, resources, change, expected] of explained)
  t.test(`explain: ${title}`, async (t) => {
    const steps = stepsOf(graphOf(...resources).explain({ ...flow, ...change }))
    const ofPolicies = steps.filter(({ subject, rule }) => subject.startsWith('NetworkPolicy') && rule !== undefined)
    t.strictSame(
      ofPolicies.map(({ direction, rule, outcome, mismatch }) => `${direction} rule ${rule}: ${mismatch ?? outcome}`),
      expected,
    )
  })

t.test('a slice that is deleted, or becomes that of another service, is out of the service', async (t) => {
  const graph = graphOf(egress(), dbSlice(2))
  const verdict = () => graph.explain(flow).verdict
  t.equal(verdict(), 'Allow')
  graph.put({ ...dbSlice(2), metadata: { name: 'db-a', namespace: 'shop', labels: { 'kubernetes.io/service-name': 'other' } } })
  t.equal(verdict(), 'Deny')
  graph.put(dbSlice(2))
  t.equal(verdict(), 'Allow')
  graph.delete({ group: 'discovery.k8s.io', kind: 'EndpointSlice', namespace: 'shop', name: 'db-a' })
  t.equal(verdict(), 'Deny')
})
