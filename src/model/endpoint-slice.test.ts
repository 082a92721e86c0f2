import t from 'tap'
import { planCommit, ResourceState } from '../datastore/state.ts'
import { isEndpointSlice } from './endpoint-slice.ts'
import { problemsOf, stored } from './sample-resources.ts'

const head = { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice' }
const metadata = { name: 'db-x7k2p', namespace: 'shop', labels: { 'kubernetes.io/service-name': 'db' } }
const slice = (content: object) => ({ ...head, metadata, ...content })

t.test('a slice is taken as Kubernetes writes it, and again as it is stored', async (t) => {
  const content = {
    addressType: 'IPv6',
    endpoints: [
      {
        addresses: ['fd00:0::1'],
        conditions: { ready: true, serving: true, terminating: false },
        nodeName: 'n1',
        zone: 'a',
        hints: { forZones: [{ name: 'a' }] },
        targetRef: { kind: 'Pod', name: 'db-0', namespace: 'shop', uid: 'x' },
      },
      { addresses: ['fd00::2'], conditions: {} },
    ],
    ports: [{ name: '', protocol: 'TCP', port: 5432, appProtocol: 'kubernetes.io/h2c' }, { protocol: 'UDP' }],
  }
  const serverSet = { generateName: 'db-', ownerReferences: [{ kind: 'Service' }], managedFields: [], generation: 3 }
  const first = stored({ ...slice(content), metadata: { ...metadata, ...serverSet } })
  const endpoints = [{ ...content.endpoints[0], addresses: ['fd00::1'] }, content.endpoints[1]]
  t.strictSame(first, { ...head, metadata, spec: undefined, ...content, endpoints })
  t.strictSame(stored(first), first)
  t.ok(isEndpointSlice(first))
})

t.test('what is shown of it is what was written: there is no spec', async (t) => {
  const written = slice({ addressType: 'IPv4', ports: [{ port: 1 }] })
  t.strictSame(JSON.parse(JSON.stringify(stored(written))), written)
  t.strictSame(stored({ ...written, spec: {} }), stored(written), 'an empty one is taken')
})

t.test('lists without items are null in Kubernetes', async (t) => {
  t.strictSame(stored(slice({ addressType: 'IPv4', endpoints: null, ports: null })), slice({ spec: undefined, addressType: 'IPv4' }))
})

t.test('a slice of names', async (t) => {
  const content = { addressType: 'FQDN', endpoints: [{ addresses: ['db.example.com'] }], ports: [] }
  t.strictSame(stored(slice(content)), { ...slice(content), spec: undefined })
})

const oneOf = (addressType: string, ...addresses: string[]) => slice({ addressType, endpoints: [{ addresses }] })
const many = (count: number) => Array.from({ length: count }, (_, i) => ({ addresses: [`10.0.${i >> 8}.${i & 255}`] }))
const refused: [title: string, document: object, problems: readonly (readonly [path: string, reason: string])[]][] = [
  ['without a type of addresses', slice({ endpoints: [] }), [['addressType', 'is required']]],
  ['another type of addresses', slice({ addressType: 'ipv4' }), [['addressType', 'must be IPv4 or IPv6 or FQDN, did you mean "IPv4"?']]],
  [
    'addresses of the other family',
    oneOf('IPv4', '10.0.0.1', 'fd00::1'),
    [['endpoints[0].addresses[1]', 'must be an IPv4 address, as addressType says']],
  ],
  ['a name among addresses', oneOf('IPv6', 'db'), [['endpoints[0].addresses[0]', 'must be an IPv6 address, as addressType says']]],
  ['an address among names', oneOf('FQDN', '10.0.0.1'), [['endpoints[0].addresses[0]', 'must be a name, as addressType says']]],
  [
    'what is neither',
    oneOf('IPv4', '10.0.0.0/8'),
    [['endpoints[0].addresses[0]', 'must be an IPv4 or IPv6 address, or with addressType FQDN a name']],
  ],
  [
    "addresses that are nobody else's",
    oneOf('IPv4', '0.0.0.0', '127.0.0.1', '169.254.1.1', '224.0.0.1', '224.0.1.1'),
    [
      ['endpoints[0].addresses[0]', "is nobody's address"],
      ['endpoints[0].addresses[1]', 'is a loopback address'],
      ['endpoints[0].addresses[2]', 'is a link-local address'],
      ['endpoints[0].addresses[3]', 'is a link-local multicast address'],
    ],
  ],
  ['an endpoint without an address', oneOf('IPv4'), [['endpoints[0].addresses', 'must not have fewer than 1 items']]],
  [
    'more endpoints than Kubernetes takes',
    slice({ addressType: 'IPv4', endpoints: many(1_001) }),
    [['endpoints', 'must not have more than 1000 items']],
  ],
  [
    'more pairs of address and port than Kubernetes makes',
    slice({
      addressType: 'IPv4',
      endpoints: many(1_000).map((endpoint, i) => (i === 0 ? { addresses: ['10.1.0.1', '10.1.0.2'] } : endpoint)),
      ports: Array.from({ length: 100 }, (_, i) => ({ port: i + 1 })),
    }),
    [['ports', '100 ports of 1001 addresses are 100100 pairs, at most 100000 are allowed']],
  ],
  [
    'ports that are none',
    slice({ addressType: 'IPv4', ports: [{ port: 0 }, { port: 'http' }, { protocol: 'ICMP' }] }),
    [
      ['ports[0].port', 'must be >= 1'],
      ['ports[1].port', 'must be a whole number'],
      ['ports[2].protocol', 'must be TCP, UDP or SCTP'],
    ],
  ],
  [
    'the fields below spec',
    slice({ spec: { addressType: 'IPv4' } }),
    [
      ['addressType', 'is required'],
      ['spec', 'unknown field'],
    ],
  ],
  ['a mistyped field', slice({ addressType: 'IPv4', endpoint: [] }), [['endpoint', 'unknown field, did you mean "endpoints"?']]],
]
for (const [title, document, problems] of refused) t.test(`refused: ${title}`, async (t) => t.strictSame(problemsOf(document), problems))

t.test('the generation counts changes of what it holds', async (t) => {
  const state = new ResourceState()
  const put = (content: object, revision: number) => {
    const plan = planCommit(state, [{ type: 'put', resource: stored(slice(content)) }], { revision, now: 'now', newUid: () => 'u' })
    if (plan.type === 'plan') state.apply(plan.events)
    return plan.type === 'plan' ? plan.stored[0]?.resource.metadata.generation : undefined
  }
  t.equal(put({ addressType: 'IPv4' }, 1), 1)
  t.equal(put({ addressType: 'IPv4' }, 2), 1)
  t.equal(put({ addressType: 'IPv4', ports: [{ port: 1 }] }, 3), 2)
})
