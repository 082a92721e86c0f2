import t from 'tap'
import { allowed, denied, judgement, sighting, tcp } from './flow.fixture.ts'
import type { Judgement, Sighting } from './flow.ts'
import type { Flow } from './flow-ring.ts'
import { type FlowFilter, isAskedFor, readFlowSubject, shownFlow } from './flow-shown.ts'

function flow(seen: Sighting, judged?: Judgement, differs = false): Flow {
  const times = { firstMs: Date.UTC(2026, 0, 1), lastMs: Date.UTC(2026, 0, 1, 0, 0, 2) }
  return { key: '', sequence: 2, firstSequence: 1, sighting: seen, count: 3, ...times, differs, ...(judged && { judgement: judged }) }
}

t.test('a flow with all there is to say', async (t) => {
  const pending = [{ direction: 'ingress', subject: 'StagedNetworkPolicy shop/next', rule: 0, outcome: 'Deny' }] as const
  t.strictSame(shownFlow(flow(sighting({ verdict: 'denied', answered: true }), { ...judgement, pending }, true)), {
    verdict: 'denied',
    answered: true,
    from: { address: '10.0.0.1', namespace: 'shop', name: 'web' },
    to: { address: '10.0.0.2', namespace: 'shop', name: 'db' },
    protocol: 'tcp',
    port: 80,
    policy: 'NetworkPolicy shop/db',
    rule: 2,
    decisions: judgement.decisions,
    pending,
    differs: true,
    count: 3,
    firstSeen: '2026-01-01T00:00:00.000Z',
    lastSeen: '2026-01-01T00:00:02.000Z',
    inInterface: 'tortweb',
    outInterface: 'tortdb',
  })
})

t.test('one that nobody has judged yet, of a protocol without ports', async (t) => {
  const { source, destination } = tcp()
  t.strictSame(shownFlow(flow({ ruling: allowed, packet: { source, destination, protocol: 1, icmpType: 8, icmpCode: 0 } })), {
    verdict: 'allowed',
    from: { address: '10.0.0.1' },
    to: { address: '10.0.0.2' },
    protocol: 'icmp',
    icmpType: 8,
    icmpCode: 0,
    decisions: [],
    count: 3,
    firstSeen: '2026-01-01T00:00:00.000Z',
    lastSeen: '2026-01-01T00:00:02.000Z',
  })
})

const subject = (text: string) => ({ from: readFlowSubject(text) ?? [] }) as FlowFilter
const asked: [what: string, filter: FlowFilter, expected: boolean][] = [
  ['anything', {}, true],
  ['its verdict', { verdict: 'allowed' }, true],
  ['the other verdict', { verdict: 'denied' }, false],
  ['its sender by name', subject('shop/web'), true],
  ['another by name', subject('shop/db'), false],
  ['its sender by address', subject('10.0.0.1'), true],
  ['its sender by network', subject('10.0.0.0/24'), true],
  ['another network', subject('10.1.0.0/24'), false],
  ['a network of the other family', subject('fd00::/8'), false],
  ['its receiver', { to: { type: 'endpoint', endpoint: { namespace: 'shop', name: 'db' } } }, true],
  ['a namespace of an end', { namespace: 'shop' }, true],
  ['another namespace', { namespace: 'lab' }, false],
  ['a policy by kind and name', { policy: 'NetworkPolicy shop/db' }, true],
  ['by namespace and name', { policy: 'shop/db' }, true],
  ['by name', { policy: 'db' }, true],
  ['by the end of a name', { policy: 'b' }, false],
  ['a staged one', { policy: 'next' }, true],
  ['all at once', { ...subject('shop/web'), verdict: 'allowed', namespace: 'shop', policy: 'db' }, true],
  ['one thing of several', { ...subject('shop/web'), verdict: 'denied' }, false],
]
const pending = [{ direction: 'ingress', subject: 'StagedNetworkPolicy shop/next', outcome: 'Deny' }] as const
for (const [what, filter, expected] of asked)
  t.test(`who asks for ${what} ${expected ? 'gets it' : 'does not'}`, async (t) =>
    t.equal(isAskedFor(flow(sighting(allowed), { ...judgement, pending }), filter), expected),
  )

t.test('before it is judged only addresses and the verdict are known', async (t) => {
  const filters: FlowFilter[] = [
    {},
    { verdict: 'denied' },
    subject('10.0.0.1'),
    subject('shop/web'),
    { namespace: 'shop' },
    { policy: 'db' },
  ]
  t.strictSame(
    filters.map((filter) => isAskedFor(flow(sighting(denied)), filter)),
    [true, true, true, false, false, false],
  )
})

t.test('a subject is a name with its namespace, an address or a CIDR', async (t) => {
  t.strictSame(
    ['shop/web', '10.0.0.1', '10.0.0.0/8', 'fd00::1', 'web', 'a/b/c', '/web', 'shop/', '10.0.0.0/33', 'fd00::/129'].map(
      (text) => readFlowSubject(text)?.type,
    ),
    ['endpoint', 'net', 'net', 'net', ...Array<undefined>(6).fill(undefined)],
  )
})
