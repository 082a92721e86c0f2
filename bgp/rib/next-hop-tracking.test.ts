/** RFC 4271 §5.1.3, §9.1.2.1: next hops that are on no subnet of this node are reached over learned routes. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import type { Cidr } from '../../src/net/prefix.ts'
import type { LearnedNextHop } from '../peer.ts'
import { address, families, octets, type Peer, RibLab, ribOptions, type Sent } from './fixture.ts'

/** This node is on 10.0.0.0/24 and fd00::/64; what begins with 172. a tunnel leads to. Two internal peers, r1 and r2, at .11 and .12. */
class Lab extends RibLab {
  readonly reached = new Map<string, string>()
  readonly r1: Peer
  readonly r2: Peer
  connected = ['10.0.0.', 'fd00::']

  constructor() {
    const isConnected = (nextHop: string) => this.connected.some((start) => nextHop.startsWith(start))
    super(ribOptions, {
      nextHopMetric: (nextHop) => (isConnected(nextHop) || nextHop.startsWith('172.') ? 0 : undefined),
      isConnected,
      onBest: (batch) => {
        for (const id of [...batch.ids].slice(0, batch.count)) this.note(batch.table.format(id), batch.nextHopsOf(id))
      },
    })
    this.r1 = this.peer('r1', { asNumber: 65000, address: address('10.0.0.11') }, { remoteRouterId: 11 })
    this.r2 = this.peer('r2', { asNumber: 65000, address: address('10.0.0.12') }, { remoteRouterId: 12 })
  }

  note(prefix: string, nextHops: readonly LearnedNextHop[]): void {
    if (nextHops.length === 0) this.reached.delete(prefix)
    else
      this.reached.set(
        prefix,
        nextHops
          .map((hop) => `${hop.address}>${hop.gateways.join('+')}`)
          .toSorted()
          .join(' '),
      )
  }

  /** How a prefix is reached: "next hop>gateways", or undefined: not at all. */
  way(prefix: string): string | undefined {
    this.settle()
    return this.reached.get(prefix)
  }

  why(prefix: string): string | undefined {
    this.settle()
    return this.rib.query({ table: 'best', limit: 100 }).routes.find((route) => route.prefix === prefix)?.decidedBy
  }
}

const via = (nextHop: string, sent: Sent = {}): Sent => ({ nextHop: octets(nextHop), ...sent })

t.test('a next hop behind a router is reached over the route that covers it, whichever comes first', async (t) => {
  for (const order of [0, 1]) {
    const lab = new Lab()
    const says = [() => lab.r1.announce(['10.9.0.0/16'], via('10.0.0.11')), () => lab.r1.announce(['10.1.0.0/24'], via('10.9.0.7'))]
    if (order === 1) says.reverse()
    for (const say of says) {
      say()
      lab.settle()
    }
    t.equal(lab.way('10.1.0.0/24'), '10.9.0.7>10.0.0.11')
  }
})

t.test('IPv6 likewise', async (t) => {
  const lab = new Lab()
  lab.r1.announce(['fd09::/32'], via('fd00::11'))
  lab.r1.announce(['fd01::/64'], via('fd09::7'))
  t.equal(lab.way('fd01::/64'), 'fd09::7>fd00::11')
})

t.test('the longest covering prefix counts; when it goes the next one, when none is left the route is out', async (t) => {
  const lab = new Lab()
  lab.r1.announce(['10.1.0.0/24'], via('10.9.0.7'))
  t.equal(lab.way('10.1.0.0/24'), undefined)
  lab.r1.announce(['10.8.0.0/13'], via('10.0.0.11'))
  t.equal(lab.way('10.1.0.0/24'), '10.9.0.7>10.0.0.11')
  lab.r2.announce(['10.9.0.0/24'], via('10.0.0.12'))
  t.equal(lab.way('10.1.0.0/24'), '10.9.0.7>10.0.0.12')
  lab.r2.announce(['10.9.0.0/24'], via('10.0.0.99'))
  t.equal(lab.way('10.1.0.0/24'), '10.9.0.7>10.0.0.99')
  lab.r2.withdraw(['10.9.0.0/24'])
  t.equal(lab.way('10.1.0.0/24'), '10.9.0.7>10.0.0.11')
  lab.rib.sessionDown(lab.r1.id, [])
  t.equal(lab.way('10.1.0.0/24'), undefined)
})

t.test('not over the default route: it covers whatever is gone too', async (t) => {
  const lab = new Lab()
  lab.r1.announce(['0.0.0.0/0'], via('10.0.0.11'))
  lab.r1.announce(['10.1.0.0/24'], via('10.9.0.7'))
  t.equal(lab.way('10.1.0.0/24'), undefined)
  lab.rib.setPolicy({ resolveViaDefault: true })
  t.equal(lab.way('10.1.0.0/24'), '10.9.0.7>10.0.0.11')
  lab.rib.setPolicy({})
  t.equal(lab.way('10.1.0.0/24'), undefined)
})

const loops: [title: string, routes: readonly (readonly [prefix: string, nextHop: string])[]][] = [
  ['a route around its own next hop', [['10.9.0.0/16', '10.9.0.7']]],
  ['its own next hop as a host route', [['10.9.0.7/32', '10.9.0.7']]],
  [
    'two routes around each other’s next hops',
    [
      ['10.8.0.0/16', '10.9.0.7'],
      ['10.9.0.0/16', '10.8.0.7'],
    ],
  ],
  [
    'three of them',
    [
      ['10.7.0.0/16', '10.8.0.7'],
      ['10.8.0.0/16', '10.9.0.7'],
      ['10.9.0.0/16', '10.7.0.7'],
    ],
  ],
  ['a next hop covered by what this node originates', [['10.1.0.0/24', '10.99.0.7']]],
]
for (const [title, routes] of loops)
  t.test(`#75 ${title}: unreachable, no loop`, async (t) => {
    const lab = new Lab()
    lab.originate(['10.99.0.0/24'])
    for (const [prefix, nextHop] of routes) lab.r1.announce([prefix], via(nextHop))
    for (const [prefix] of routes) t.equal(lab.way(prefix), undefined)
    t.equal(lab.rib.flush(0), false)
  })

t.test('#75 a preferred path around its own next hop, and another one: the other leads there, and nothing swings', async (t) => {
  const lab = new Lab()
  lab.r1.announce(['10.9.0.0/16'], via('10.9.0.7', { localPref: 200 }))
  lab.r2.announce(['10.9.0.0/16'], via('10.0.0.12'))
  t.equal(lab.way('10.9.0.0/16'), '10.9.0.7>10.0.0.12')
  t.equal(lab.rib.flush(0), false)
  lab.r2.withdraw(['10.9.0.0/16'])
  t.equal(lab.way('10.9.0.0/16'), undefined)
})

t.test('a route that is itself reached over another does not count: nothing depends on what depends', async (t) => {
  const lab = new Lab()
  lab.r1.announce(['10.9.0.0/16'], via('10.0.0.11'))
  lab.r1.announce(['10.8.0.0/16'], via('10.9.0.7'))
  lab.r1.announce(['10.1.0.0/24'], via('10.8.0.7'))
  t.equal(lab.way('10.8.0.0/16'), '10.9.0.7>10.0.0.11')
  t.equal(lab.way('10.1.0.0/24'), undefined)
})

t.test('RFC 4271 §9.1.2.2 e: what is connected is nearer; else the MED of the covering route counts', async (t) => {
  const lab = new Lab()
  lab.r2.announce(['10.9.0.0/16'], via('10.0.0.12'))
  lab.r2.announce(['10.8.0.0/16'], via('10.0.0.12', { med: 10 }))
  lab.r1.announce(['10.1.0.0/24', '10.2.0.0/24'], via('10.9.0.7'))
  lab.r2.announce(['10.1.0.0/24'], via('10.0.0.12'))
  lab.r2.announce(['10.2.0.0/24'], via('10.8.0.7'))
  t.strictSame([lab.way('10.1.0.0/24'), lab.why('10.1.0.0/24')], ['10.0.0.12>10.0.0.12', 'igp-metric'])
  t.strictSame([lab.way('10.2.0.0/24'), lab.why('10.2.0.0/24')], ['10.9.0.7>10.0.0.12', 'igp-metric'])
})

t.test('a covering route over several routers leads over all of them (ECMP)', async (t) => {
  const lab = new Lab()
  lab.r1.announce(['10.9.0.0/16'], via('10.0.0.11'))
  lab.r2.announce(['10.9.0.0/16'], via('10.0.0.12'))
  lab.r1.announce(['10.1.0.0/24'], via('10.9.0.7'))
  t.equal(lab.way('10.1.0.0/24'), '10.9.0.7>10.0.0.11+10.0.0.12')
  lab.r1.withdraw(['10.9.0.0/16'])
  t.equal(lab.way('10.1.0.0/24'), '10.9.0.7>10.0.0.12')
})

t.test('what a tunnel leads to is reached, and has gateways only if a route covers it', async (t) => {
  const lab = new Lab()
  lab.r1.announce(['10.1.0.0/24'], via('172.16.0.7'))
  t.equal(lab.way('10.1.0.0/24'), '172.16.0.7>')
  lab.r1.announce(['172.16.0.0/16'], via('10.0.0.11'))
  t.equal(lab.way('10.1.0.0/24'), '172.16.0.7>10.0.0.11')
})

t.test('when the subnets of the node change, connected next hops become others and back', async (t) => {
  const lab = new Lab()
  lab.r1.announce(['10.9.0.0/16'], via('10.0.0.11'))
  lab.r1.announce(['10.1.0.0/24'], via('10.9.0.7'))
  lab.settle()
  for (const [connected, way] of [
    [['10.0.0.', '10.9.0.'], '10.9.0.7>10.9.0.7'],
    [['10.0.0.'], '10.9.0.7>10.0.0.11'],
    [['10.9.0.'], '10.9.0.7>10.9.0.7'],
    [[], undefined],
  ] as const) {
    lab.connected = [...connected]
    lab.rib.nextHopsChanged()
    t.equal(lab.way('10.1.0.0/24'), way)
  }
})

t.test('a change of the covering route costs as much as depends on it: the others are not handed over again', async (t) => {
  const lab = new Lab()
  lab.r1.announce(['10.9.0.0/16'], via('10.0.0.11'))
  lab.r1.announce(['10.1.0.0/24', '10.2.0.0/24'], via('10.9.0.7'))
  lab.r1.announce(
    Array.from({ length: 200 }, (_, i) => `20.${i}.0.0/16`),
    via('10.0.0.11'),
  )
  lab.settle()
  const told: string[] = []
  lab.note = (prefix) => void told.push(prefix)
  lab.r1.announce(['10.9.0.0/16'], via('10.0.0.12'))
  lab.settle()
  t.strictSame([...new Set(told)].toSorted(), ['10.1.0.0/24', '10.2.0.0/24', '10.9.0.0/16'])
})

const prefixes = ['10.8.0.0/14', '10.8.0.0/16', '10.9.0.0/16', '10.9.0.7/32', '0.0.0.0/0', '10.1.0.0/24']
const anySaying = fc.record({
  peer: fc.nat(1),
  prefix: fc.constantFrom(...prefixes),
  via: fc.constantFrom(undefined, '10.0.0.11', '10.0.0.12', '10.8.0.7', '10.9.0.7', '10.1.0.7'),
  localPref: fc.constantFrom(100, 200),
})

t.test('the outcome depends on the routes alone, not on the order they came in nor on what was before', async () => {
  fc.assert(
    fc.property(fc.array(anySaying, { maxLength: 30, size: 'max' }), (sayings) => {
      const last = new Map(sayings.map((saying) => [`${saying.peer} ${saying.prefix}`, saying]))
      const ways = [sayings, [...last.values()].toReversed()].map((order, i) => {
        const lab = new Lab()
        for (const [at, { peer, prefix, via: nextHop, localPref }] of order.entries()) {
          const from = peer === 0 ? lab.r1 : lab.r2
          if (nextHop === undefined) from.withdraw([prefix])
          else from.announce([prefix], via(nextHop, { localPref }))
          if (at % 3 === i) lab.settle()
        }
        lab.settle()
        return [[...lab.reached].toSorted(([a], [b]) => (a < b ? -1 : 1)), lab.rib.query({ table: 'best', limit: 100 }).routes]
      })
      assert.deepEqual(ways[1], ways[0])
    }),
    { numRuns: 300 },
  )
})

t.test(
  'a path that loses its next hop while what peers are told is looked at anew is withdrawn, also where several are told (RFC 7911)',
  async (t) => {
    const lab = new Lab()
    const to = lab.peer(
      'to',
      { asNumber: 65003, address: address('10.0.0.13'), addPath: { receive: false, send: 8 } },
      { addPathSend: families },
    )
    lab.r1.announce(['10.9.0.0/16'], via('10.0.0.11'))
    lab.r1.announce(['10.1.0.0/24'], via('10.9.0.7'))
    lab.settle()
    t.strictSame(Object.keys(to.known).toSorted(), ['1>10.9.0.0/16', '2>10.1.0.0/24'])
    lab.r1.withdraw(['10.9.0.0/16'])
    const advertisements = [{ cidr: '10.1.0.0/24' as Cidr, communities: [0x0001_0002] }]
    lab.rib.setPolicy({ filters: [], advertisements, multipath: { ebgp: 2, ibgp: 2, relaxAsPath: false } })
    lab.settle()
    t.strictSame(to.known, {})
  },
)
