/** RFC 4271 §9.1.2.2 and RFC 4456 §9: one case for each step of the decision. */
import t from 'tap'
import type { PeerConfig, RoutePath } from '../peer.ts'
import { address, families, octets, path, RibLab, ribOptions, type Sent, sessionTerms } from './fixture.ts'

const prefix = '10.1.0.0/24'

/** One path: what is unusual about its peer, its session and its attributes. */
type Offer = {
  readonly asNumber?: number
  readonly import?: PeerConfig['import']
  readonly address?: string
  readonly remoteRouterId?: number
  readonly via?: string
  readonly path?: string
  readonly sent?: Sent
}

const metrics: Record<string, number> = { '10.9.0.1': 0, '10.9.0.2': 20, 'fd00:9::1': 0 }

/** @returns the name of the best path's peer (a, b, c as offered), and the step */
function decide(offers: readonly Offer[], order: readonly number[]): [peer: string | undefined, step: string | undefined] {
  const lab = new RibLab(ribOptions, { nextHopMetric: (nextHop) => metrics[nextHop] })
  for (const i of order) {
    const { asNumber = 65001, remoteRouterId = 7, sent, ...offer } = offers[i] ?? {}
    const config = { asNumber, import: offer.import ?? 'all', address: address(offer.address ?? `10.0.0.${10 + i}`) }
    const peer = lab.peer('abc'.charAt(i), config, { remoteRouterId })
    const first = asNumber === ribOptions.asNumber ? '' : `${asNumber} `
    peer.announce([prefix], { asPath: path(`${first}${offer.path ?? ''}`.trim()), nextHop: octets(offer.via ?? '10.9.0.1'), ...sent })
  }
  lab.settle()
  const [route] = lab.rib.query({ table: 'best', limit: 10 }).routes
  return [route?.paths.find(({ best }) => best)?.peer, route?.decidedBy]
}

const inside = { asNumber: 65000 }
const near = { ...inside, path: '65001' }

const table: [title: string, offers: readonly Offer[], expected: ReturnType<typeof decide>][] = [
  ['a single path', [{}], ['a', 'only-path']],
  [
    'RFC 4271 §9.1.1: the higher LOCAL_PREF, however long its path',
    [{ ...inside, sent: { localPref: 200 }, path: '7 8 9' }, inside],
    ['a', 'local-pref'],
  ],
  ['RFC 4271 §9.1.1: from outside it is 100', [{}, { ...inside, sent: { localPref: 99 } }], ['a', 'local-pref']],
  ['RFC 4271 §9.1.1: LOCAL_PREF over 2^31', [{ ...inside, sent: { localPref: 4294967295 } }, inside], ['a', 'local-pref']],
  ['RFC 4271 §9.1.2.2 a: fewer ASes', [{ path: '7' }, { path: '7 8', sent: { med: 0 } }], ['a', 'as-path-length']],
  [
    'RFC 4271 §9.1.2.2 b: IGP before EGP before INCOMPLETE',
    [{ sent: { origin: 1 } }, { sent: { origin: 2 } }, { sent: { origin: 0 } }],
    ['c', 'origin'],
  ],
  ['RFC 4271 §9.1.2.2 c: the lower MED of one neighbour AS', [{ sent: { med: 20 } }, { sent: { med: 10 } }], ['b', 'med']],
  ['RFC 4271 §9.1.2.2 c: no MED is the lowest MED', [{ sent: { med: 1 } }, {}], ['b', 'med']],
  ['RFC 4271 §9.1.2.2 c: MED over 2^31', [{ sent: { med: 4294967295 } }, { sent: { med: 1 } }], ['b', 'med']],
  [
    'RFC 4271 §9.1.2.2 c: MEDs of different neighbour ASes are not compared',
    [
      { sent: { med: 20 }, remoteRouterId: 1 },
      { asNumber: 65002, sent: { med: 10 } },
    ],
    ['a', 'router-id'],
  ],
  [
    'RFC 4271 §9.1.2.2 c: the neighbour AS is the first of the path also from inside',
    [
      { ...near, sent: { med: 20 } },
      { ...near, sent: { med: 10 } },
    ],
    ['b', 'med'],
  ],
  [
    'RFC 4271 §9.1.2.2 c: MED is compared in groups: the best of 65001 is found before 65002 is looked at',
    [
      { sent: { med: 20 }, remoteRouterId: 1 },
      { sent: { med: 10 }, remoteRouterId: 3 },
      { asNumber: 65002, sent: { med: 5 }, remoteRouterId: 2 },
    ],
    ['c', 'router-id'],
  ],
  ['RFC 4271 §9.1.2.2 d: from outside before from inside', [near, { remoteRouterId: 9 }], ['b', 'ebgp-over-ibgp']],
  ['RFC 4271 §9.1.2.2 e: the nearer next hop', [{ via: '10.9.0.2', remoteRouterId: 1 }, {}], ['b', 'igp-metric']],
  ['RFC 4271 §9.1.2.2 f: the lower BGP Identifier', [{ remoteRouterId: 4294967295 }, { remoteRouterId: 2147483647 }], ['b', 'router-id']],
  [
    'RFC 4456 §9: ORIGINATOR_ID stands for the BGP Identifier',
    [
      { ...inside, remoteRouterId: 3 },
      { ...inside, remoteRouterId: 9, sent: { originatorId: 2 } },
    ],
    ['b', 'router-id'],
  ],
  [
    'RFC 4456 §9: the shorter CLUSTER_LIST',
    [
      { ...inside, sent: { originatorId: 2, clusterList: [5, 6] } },
      { ...inside, sent: { originatorId: 2, clusterList: [9] } },
    ],
    ['b', 'cluster-list-length'],
  ],
  [
    'RFC 4456 §9: no CLUSTER_LIST is the shortest',
    [{ ...inside, sent: { originatorId: 7, clusterList: [5] } }, inside],
    ['b', 'cluster-list-length'],
  ],
  [
    'RFC 4271 §9.1.2.2 g: the lower peer address, as a number',
    [{ address: '10.0.0.100' }, { address: '10.0.0.20' }, { address: '9.255.0.200' }],
    ['c', 'peer-address'],
  ],
  ['RFC 4271 §9.1.2.2 g: IPv4 addresses are lower than IPv6 ones', [{ address: '::2' }, { address: '192.0.2.1' }], ['b', 'peer-address']],
  ['RFC 4271 §9.1.2.1: a next hop that cannot be reached is out', [{ path: '7 8' }, { via: '10.9.0.77' }], ['a', 'only-path']],
  ['RFC 4271 §9.1.2.1: no next hop can be reached, no route', [{ via: '10.9.0.77' }], [undefined, undefined]],
  ['RFC 4271 §9.1.2: our AS in the path is out', [{ path: '7 8' }, { path: '65000' }], ['a', 'only-path']],
  ['RFC 4456 §8: our CLUSTER_ID in the list is out', [{ ...inside, sent: { clusterList: [0x0a00_0001] } }], [undefined, undefined]],
  ['RFC 4456 §8: our own route back is out', [{ ...inside, sent: { originatorId: 0x0a00_0001 } }], [undefined, undefined]],
  ['RFC 4271 §5.1.3: our own address as next hop is out', [{ via: '10.0.0.1' }], [undefined, undefined]],
  ['import none: known, never used', [{ import: 'none' }, { path: '7 8' }], ['b', 'only-path']],
]

const orders: Record<number, readonly string[]> = { 1: ['0'], 2: ['01', '10'], 3: ['012', '210', '120', '021', '201', '102'] }

for (const [title, offers, expected] of table)
  t.test(`${title}; in any order`, async (t) => {
    for (const order of orders[offers.length] ?? []) t.strictSame(decide(offers, order.split('').map(Number)), expected, order)
  })

/** The paths of a prefix as the API gives them: the best first. */
function best(lab: RibLab): [step: string | undefined, paths: readonly (RoutePath | string)[]] {
  const [route] = lab.rib.query({ table: 'best', limit: 1 }).routes
  return [route?.decidedBy, route?.paths.map(({ peer, stale }) => (stale ? `${peer} stale` : peer)) ?? []]
}

t.test('what this node originates wins, whatever peers prefer', async (t) => {
  const lab = new RibLab()
  lab.peer('a', inside).announce([prefix], { localPref: 1000 })
  lab.originate([prefix])
  lab.settle()
  t.strictSame(best(lab), ['local', ['local', 'a']])
  t.strictSame([...lab.best], [], 'nothing for the kernel')
  lab.originate([])
  lab.settle()
  t.strictSame(best(lab), ['only-path', ['a']])
  t.strictSame([...lab.best], [[prefix, '10.0.0.2']])
})

t.test('RFC 4724 §4.2: a stale path takes part in the decision as before', async (t) => {
  const lab = new RibLab()
  const a = lab.peer('a', { address: address('10.0.0.11') })
  const b = lab.peer('b', { address: address('10.0.0.12') })
  a.announce([prefix])
  b.announce([prefix], { asPath: path('65001 7') })
  lab.rib.sessionDown(a.id, families)
  lab.settle()
  t.strictSame(best(lab), ['as-path-length', ['a stale', 'b']])
  lab.rib.sweepStale(a.id, 'ipv6-unicast')
  lab.settle()
  t.strictSame(best(lab), ['as-path-length', ['a stale', 'b']])
  lab.rib.sweepStale(a.id, 'ipv4-unicast')
  lab.settle()
  t.strictSame(best(lab), ['only-path', ['b']])
})

t.test('RFC 4724 §4.2: what is said again is not stale and stays when the rest goes', async (t) => {
  const lab = new RibLab()
  const a = lab.peer('a')
  a.announce([prefix, '10.2.0.0/24'])
  lab.rib.sessionDown(a.id, families)
  a.up(sessionTerms())
  t.strictSame(lab.rib.counts(a.id, 'ipv4-unicast'), { received: 2, accepted: 2, advertised: 0, stale: 2 })
  a.announce([prefix])
  t.strictSame(lab.rib.counts(a.id, 'ipv4-unicast'), { received: 2, accepted: 2, advertised: 0, stale: 1 })
  lab.rib.sweepStale(a.id, 'ipv4-unicast')
  lab.settle()
  t.strictSame([...lab.best.keys()], [prefix])
})

t.test('RFC 8538 §4.1: stale once more stays, until it is swept', async (t) => {
  const lab = new RibLab()
  const a = lab.peer('a')
  a.announce([prefix, '10.2.0.0/24'])
  lab.rib.sessionDown(a.id, families)
  a.up(sessionTerms())
  a.announce([prefix])
  lab.rib.sessionDown(a.id, families)
  lab.settle()
  t.strictSame([[...lab.best.keys()], lab.rib.counts(a.id, 'ipv4-unicast').stale], [[prefix, '10.2.0.0/24'], 2])
  lab.rib.sweepStale(a.id, 'ipv4-unicast')
  lab.settle()
  t.strictSame([lab.best.size, lab.rib.counts(a.id, 'ipv4-unicast').stale], [0, 0])
})

t.test('RFC 4271 §9.1.2.1: metrics are asked once for each next hop, and again when they change', async (t) => {
  const asked: string[] = []
  let metric: number | undefined = 5
  const lab = new RibLab(ribOptions, {
    nextHopMetric: (nextHop) => {
      asked.push(nextHop)
      return metric
    },
  })
  const a = lab.peer('a')
  a.announce([prefix])
  a.announce(['10.2.0.0/24'], { med: 1 })
  lab.settle()
  t.strictSame(asked, ['10.0.0.2'])
  metric = undefined
  lab.rib.nextHopsChanged()
  lab.settle()
  t.strictSame([asked.length, [...lab.best]], [2, []])
  metric = 5
  lab.rib.nextHopsChanged()
  lab.settle()
  t.strictSame([...lab.best.keys()].toSorted(), [prefix, '10.2.0.0/24'])
})

t.test('when next hops may lead elsewhere, each best learned route is handed over again, once, and peers hear nothing', async (t) => {
  const told: string[][] = []
  const lab = new RibLab(ribOptions, {
    onBest: ({ table, ids, count }) => told.push([...ids].slice(0, count).map((id) => table.format(id))),
  })
  const [a, b] = [lab.peer('a'), lab.peer('b', { asNumber: 65002 })]
  a.announce([prefix, '10.2.0.0/24'])
  lab.originate(['10.3.0.0/24'])
  lab.settle()
  b.announce(['10.4.0.0/24'])
  lab.rib.nextHopsChanged()
  lab.rib.nextHopsChanged()
  lab.settle()
  t.strictSame(told[1]?.toSorted(), [prefix, '10.2.0.0/24', '10.4.0.0/24'])
  const heard = b.reader.readAll().events.length
  lab.rib.nextHopsChanged()
  lab.settle()
  t.strictSame([told.length, b.reader.readAll().events.length - heard], [3, 0])
  lab.settle()
  t.equal(told.length, 3)
})

t.test('a large table is handed over again piece by piece, while it changes', async (t) => {
  const told: number[] = []
  const best = new Set<string>()
  const lab = new RibLab(ribOptions, {
    onBest: (batch) => {
      told.push(batch.count)
      for (const id of [...batch.ids].slice(0, batch.count)) if (batch.nextHopsOf(id).length > 0) best.add(batch.table.format(id))
    },
  })
  const a = lab.peer('a')
  const prefixes = Array.from({ length: 40_000 }, (_, i) => `10.${i >> 8}.${i & 255}.0/24`)
  a.announce(prefixes)
  lab.settle()
  best.clear()
  told.length = 0
  lab.rib.nextHopsChanged()
  t.equal(lab.rib.flush(0), true)
  a.withdraw(prefixes.slice(0, 100))
  lab.settle()
  a.announce(['11.0.0.0/24'])
  lab.settle()
  t.equal(best.size, 40_001, 'those withdrawn were told before')
  t.ok(told.every((count) => count <= 16_484) && told.length > 3)
})

t.test('RFC 4724 §4.1: while decisions are held nothing is handed over; released, all at once', async (t) => {
  const lab = new RibLab()
  lab.rib.holdDecisions()
  lab.peer('a').announce([prefix])
  t.equal(lab.rib.flush(0), false)
  t.strictSame([...lab.best], [])
  lab.rib.releaseDecisions('ipv4-unicast')
  lab.settle()
  t.strictSame([...lab.best.keys()], [prefix])
})
