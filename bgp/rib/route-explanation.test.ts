import fc from 'fast-check'
import t from 'tap'
import { parseCidr } from '../../src/net/prefix.ts'
import type { RouteExplanation } from '../peer.ts'
import { accept, filter, matching, reject } from '../policy/fixture.ts'
import type { SpeakerPolicy } from '../speaker-policy.ts'
import { address, path, RibLab, ribOptions, type Sent, sessionTerms } from './fixture.ts'

type Over = Parameters<RibLab['peer']>[1]
type Terms = Parameters<RibLab['peer']>[2]

function cidr(text: string) {
  const parsed = parseCidr(text)
  if (parsed === undefined) throw new Error(`"${text}" is no prefix`)
  return parsed
}

const learned = '10.1.0.0/24'
const own = '10.9.0.0/24'

/** Why a peer is not told; undefined: it is. */
function reason({ peers }: RouteExplanation, peer: string): string | undefined {
  return peers.find((each) => each.peer === peer)?.reason
}

type Case = {
  readonly to?: Over
  readonly terms?: Terms
  readonly from?: Over
  readonly sent?: Sent
  readonly policy?: SpeakerPolicy
  readonly prefix?: string
}

function told({ to = {}, terms = {}, from = {}, sent = {}, policy = {}, prefix = learned }: Case): RouteExplanation {
  const lab = new RibLab(ribOptions)
  lab.rib.setPolicy(policy)
  const a = lab.peer('a', from)
  const b = lab.peer('b', { asNumber: 65002, address: address('10.0.0.3'), ...to }, terms)
  lab.originate([own])
  a.announce([learned], sent)
  lab.settle()
  b.reader.readAll()
  return lab.rib.explain(cidr(prefix))
}

const inside = { asNumber: 65000 }
const tor = filter('tor', [
  { ...matching('in 192.0.2.0/24'), ...accept },
  { ...matching('in 10.0.0.0/8'), ...reject },
])
const otc = { flags: 0xc0, type: 35, data: Uint8Array.of(0, 0, 0, 7) }

const reasons: [title: string, given: Case, reason: string | undefined][] = [
  ['nothing speaks against it', {}, undefined],
  ['RFC 1997 NO_EXPORT', { sent: { communities: [0xffff_ff01] } }, 'NO_EXPORT (RFC 1997)'],
  ['RFC 1997 NO_EXPORT to inside', { to: inside, sent: { communities: [0xffff_ff01] } }, undefined],
  ['RFC 1997 NO_ADVERTISE', { to: inside, sent: { communities: [0xffff_ff02] } }, 'NO_ADVERTISE (RFC 1997)'],
  ['RFC 4271 §9.2.1 iBGP to iBGP', { to: inside, from: inside }, 'from an iBGP peer, and this node reflects nothing (RFC 4271 §9.2.1)'],
  [
    'RFC 4456 §6 iBGP to a client',
    { to: { ...inside, routeReflectorClient: true }, from: inside },
    'from an iBGP peer, and this node reflects nothing (RFC 4271 §9.2.1)',
  ],
  ['export: none', { to: { export: 'none' } }, 'export: none'],
  ['export: local, of what was learned', { to: { export: 'local' } }, 'export: local, and it was learned'],
  ['export: local, of our own', { to: { export: 'local' }, prefix: own }, undefined],
  ['export: none, of our own', { to: { export: 'none' }, prefix: own }, 'export: none'],
  ['a rule of a filter', { to: { exportFilters: ['tor'] }, policy: { filters: [tor] } }, 'filter tor, rule 2'],
  [
    'a filter without a rule for it',
    { to: { exportFilters: ['tor'], export: 'local' }, policy: { filters: [filter('tor', [])] } },
    'export: local, and it was learned',
  ],
  ['a filter that there is none of', { to: { exportFilters: ['lost'] } }, 'filter lost does not exist: nothing passes'],
  ['a pool that is not exported', { policy: { notExported: [cidr('10.1.0.0/16')] } }, 'it lies in an IPPool with disableBGPExport'],
  ['RFC 9234 §5', { to: { role: { local: 'customer', strict: false } }, sent: { unknown: [otc] } }, 'ONLY_TO_CUSTOMER (RFC 9234 §5)'],
  ['RFC 8654 §5 too long', { terms: { maxMessageLength: 50 } }, 'its attributes do not fit a message to this peer (RFC 8654 §5)'],
  ['RFC 4760 another family', { terms: { families: ['ipv6-unicast'] } }, 'ipv4-unicast was not agreed on'],
  ['a route that there is none of', { prefix: '192.0.2.0/24' }, 'there is no such route'],
]
for (const [title, given, expected] of reasons) t.test(`why not: ${title}`, async (t) => t.equal(reason(told(given), 'b'), expected))

t.test('RFC 4456 §6: a reflector tells clients, and nobody else of a non-client', async (t) => {
  const lab = new RibLab({ ...ribOptions, clusterId: 1 })
  lab.peer('a', { asNumber: 65000 }).announce([learned])
  const client = lab.peer('client', { asNumber: 65000, routeReflectorClient: true, address: address('10.0.0.3') })
  lab.peer('other', { asNumber: 65000, address: address('10.0.0.4') })
  lab.settle()
  client.reader.readAll()
  const explanation = lab.rib.explain(cidr(learned))
  t.strictSame(
    ['a', 'client', 'other'].map((peer) => reason(explanation, peer)),
    ['the best path came from this peer', undefined, 'neither the peer nor the source is a client of this route reflector (RFC 4456 §6)'],
  )
})

t.test('a session that is down, decisions that are held back, one peer alone', async (t) => {
  const lab = new RibLab()
  const a = lab.peer('a')
  const b = lab.peer('b', { asNumber: 65002 })
  lab.originate([own])
  lab.settle()
  lab.rib.sessionDown(a.id, [])
  t.strictSame(lab.rib.explain(cidr(own), 'a').peers, [{ peer: 'a', advertised: false, reason: 'the session is down' }])
  lab.rib.holdDecisions()
  t.match(lab.rib.explain(cidr(own)).peers, [{ peer: 'a' }, { peer: 'b', reason: /^decisions are held back .*RFC 4724 §4\.1/ }])
  lab.rib.releaseDecisions('ipv4-unicast')
  lab.settle()
  lab.rib.sessionUp(b.id, sessionTerms())
  lab.settle()
  t.equal(reason(lab.rib.explain(cidr(own)), 'b'), 'not sent yet: the peer catches up')
})

const unused: [title: string, from: Over, sent: Sent, policy: SpeakerPolicy, expected: string | undefined][] = [
  ['used', {}, {}, {}, undefined],
  ['RFC 4271 §9.1.2', {}, { asPath: path('65001 65000') }, {}, 'loop: our AS is in the path (RFC 4271 §9.1.2)'],
  ['RFC 4456 §8', inside, { originatorId: 0x0a00_0001 }, {}, 'loop: we are its originator (RFC 4456 §8)'],
  ['RFC 4456 §8', inside, { clusterList: [0x0a00_0001] }, {}, 'loop: our cluster is in its list (RFC 4456 §8)'],
  ['our own address', {}, { nextHop: Uint8Array.of(10, 0, 0, 1) }, {}, 'the next hop is this node'],
  ['import: none', { import: 'none' }, {}, {}, 'import: none'],
  ['a filter', { importFilters: ['tor'] }, {}, { filters: [tor] }, 'filter tor, rule 2'],
  ['a filter that there is none of', { importFilters: ['lost'] }, {}, {}, 'filter lost does not exist: nothing passes'],
  ['an unreachable next hop', {}, { nextHop: Uint8Array.of(192, 0, 2, 1) }, {}, 'the next hop cannot be reached'],
]
for (const [title, from, sent, policy, expected] of unused)
  t.test(`why a path is not used: ${title}: ${expected}`, async (t) => {
    const lab = new RibLab(ribOptions, { nextHopMetric: (nextHop) => (nextHop.startsWith('192.') ? undefined : 0) })
    lab.rib.setPolicy(policy)
    const a = lab.peer('a', from)
    a.announce([learned], sent)
    lab.settle()
    const { paths, decidedBy } = lab.rib.explain(cidr(learned))
    t.strictSame([paths[0]?.unused, decidedBy], [expected, expected === undefined ? 'only-path' : undefined])
    t.equal(lab.rib.query({ table: 'in', limit: 1 }).routes[0]?.paths[0]?.unused, expected, 'also where the table is listed')
    const isAccepted = expected === undefined || expected.includes('reached')
    t.equal(lab.rib.query({ table: 'accepted', limit: 1 }).total, isAccepted ? 1 : 0)
  })

t.test('all candidates, the step at which each lost, and what is sent', async (t) => {
  const lab = new RibLab()
  const a = lab.peer('a')
  a.announce([learned], { asPath: path('65001 7') })
  lab.peer('b', { asNumber: 65002, address: address('10.0.0.3') }).announce([learned])
  lab.peer('c', { asNumber: 65003, address: address('10.0.0.4') }).announce([learned], { origin: 2 })
  lab.settle()
  a.reader.readAll()
  const { paths, decidedBy, peers } = lab.rib.explain(cidr(learned))
  t.equal(decidedBy, 'origin')
  t.strictSame(
    paths.map(({ peer, best, lostAt }) => [peer, best ?? false, lostAt]),
    [
      ['b', true, undefined],
      ['a', false, 'as-path-length'],
      ['c', false, 'origin'],
    ],
  )
  t.strictSame(
    peers.map(({ peer, advertised, reason, paths: sent }) => [peer, advertised, reason ?? sent?.[0]?.asPath]),
    [
      ['a', true, '65000 65002'],
      ['b', false, 'the best path came from this peer'],
      ['c', false, 'not sent yet: the peer catches up'],
    ],
  )
})

t.test('what lies around a prefix that is not there', async (t) => {
  const lab = new RibLab()
  lab.originate(['10.0.0.0/8', '10.9.0.0/16', '0.0.0.0/0'])
  lab.settle()
  t.equal(lab.rib.explain(cidr('10.9.1.1')).coveredBy, '10.9.0.0/16')
  t.equal(lab.rib.explain(cidr('192.0.2.0/24')).coveredBy, '0.0.0.0/0')
  t.equal(lab.rib.explain(cidr('fd00::/64')).coveredBy, undefined)
  t.equal(lab.rib.explain(cidr('10.9.0.0/16')).coveredBy, undefined)
})

t.test('one decision gives both: a peer is told exactly where there is no reason against it', async () => {
  const anyOver = fc.record({
    asNumber: fc.constantFrom(65000, 65001, 65002),
    export: fc.constantFrom('all' as const, 'local' as const, 'none' as const),
    routeReflectorClient: fc.boolean(),
    exportFilters: fc.constantFrom([], ['tor'], ['lost']),
  })
  const anySent = fc.record({
    communities: fc.constantFrom([], [0xffff_ff01], [0xffff_ff02], [7]),
    asPath: fc.constantFrom('65001', '65001 65000').map(path),
  })
  fc.assert(
    fc.property(anyOver, anyOver, anySent, fc.boolean(), (from, to, sent, reflects) => {
      const lab = new RibLab({ ...ribOptions, ...(reflects && { clusterId: 1 }) })
      lab.rib.setPolicy({ filters: [tor] })
      const a = lab.peer('a', from)
      const b = lab.peer('b', { ...to, address: address('10.0.0.3') })
      lab.originate([own])
      a.announce([learned], sent)
      lab.settle()
      const { known } = b
      return [learned, own].every((prefix) => (known[prefix] !== undefined) === (reason(lab.rib.explain(cidr(prefix)), 'b') === undefined))
    }),
  )
})
